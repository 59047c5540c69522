//! The shell itself: a use's table of routes and the shell's own, with the guard before all of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

use super::access::Access;
use super::access::Role;
use super::guard;
use super::guard::Guard;
use super::guard::Pictures;
use super::guard::RouteGuard;
use super::hosts::Hosts;
use super::limits::Limits;
use super::metrics;
use super::metrics::Metrics;
use super::openapi;
use super::operator;
use super::problem::Problem;
use super::route::BodyBounds;
use super::route::Route;
use super::route::Verb;
use super::secret::Secrets;

/// Why nobody should begin now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reason {
    /// For programs; it never changes its meaning.
    pub code: &'static str,
    /// For a person.
    pub detail: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Readiness {
    /// Whether there is no reason against it.
    ready: bool,
    /// The reasons against it.
    reasons: Vec<Reason>,
}

type Ready = Arc<dyn Fn() -> Vec<Reason> + Send + Sync>;

/// One use of the shell.
pub struct App<S> {
    /// What its handlers share.
    pub state: S,
    /// Its routes.
    pub routes: Vec<Route<S>>,
    /// Why it is not ready; asked often, so it must be quick.
    pub ready: Ready,
    /// What to do when the program is about to end: close feeds, stop workers.
    pub farewell: Arc<dyn Fn() + Send + Sync>,
}

/// A use behind its guard, ready to answer.
#[derive(Clone)]
pub struct Shell {
    router: Router,
    table: Arc<[(Verb, &'static str, Role)]>,
    metrics: Arc<Metrics>,
    limits: Limits,
    farewell: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Shell {
    /// Puts `app` behind the guard of `access`, for callers that address it by `hosts`, within `limits`.
    pub fn new<S: Clone + Send + Sync + 'static>(
        app: App<S>,
        access: &Arc<Access>,
        hosts: Hosts,
        limits: &Limits,
    ) -> Self {
        Self::with_pictures(app, access, hosts, limits, &Pictures::default())
    }

    /// The same, whose pictures or pages stand in relation to another process's.
    pub fn with_pictures<S: Clone + Send + Sync + 'static>(
        app: App<S>,
        access: &Arc<Access>,
        hosts: Hosts,
        limits: &Limits,
        pictures: &Pictures,
    ) -> Self {
        let metrics = Arc::new(Metrics::new(access.failures()));
        let mut routes = own(access, &metrics, &app.ready);
        routes.extend(app.routes);
        let App { state, farewell, .. } = app;
        let api: Arc<str> = openapi::describe(&routes).into();
        // The description describes itself: the entry that was described is replaced by one that holds the text.
        routes.retain(|route| route.path() != OPENAPI);
        routes.push(description(api));
        let guard = Guard::new(hosts, Arc::clone(&metrics), pictures);
        Self::around(App { state, routes, ready: Arc::new(Vec::new), farewell }, access, guard, limits)
    }

    /// Puts `app` behind a guard and serves nothing else at all: no health, no description, no operator's door. Whatever is
    /// not found, or not done so, is answered with `nothing`, always the same.
    pub fn bare<S: Clone + Send + Sync + 'static>(
        app: App<S>,
        hosts: Hosts,
        limits: &Limits,
        nothing: fn() -> Response,
    ) -> Self {
        let access = Arc::new(Access::new(Secrets::default(), None));
        let metrics = Arc::new(Metrics::new(access.failures()));
        let guard = Guard::new(hosts, metrics, &Pictures::default()).answering(nothing);
        Self::around(app, &access, guard, limits)
    }

    fn around<S: Clone + Send + Sync + 'static>(
        app: App<S>,
        access: &Arc<Access>,
        guard: Guard,
        limits: &Limits,
    ) -> Self {
        let App { state, routes, farewell, .. } = app;
        let metrics = Arc::clone(&guard.metrics);
        let table = routes.iter().map(|route| (route.verb(), route.path(), route.needs())).collect();
        let mut router = Router::new();
        for route in routes {
            let body = BodyBounds { bytes: route.body_bytes(limits), time: limits.body };
            let knows = RouteGuard {
                access: Arc::clone(access),
                needs: route.needs(),
                verb: route.verb(),
                body,
                media: route.media,
            };
            let guarded = route.handler.clone().layer(from_fn_with_state(knows, guard::inner));
            router = router.route(route.path(), guarded);
        }
        let router = router
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || {
                let detail = "this is not done so; the API's description says how";
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail)
            })
            .with_state(state)
            .layer(from_fn_with_state(Arc::new(guard), guard::outer));
        Self { router, table, metrics, limits: limits.clone(), farewell }
    }

    /// The service that answers requests. They need a [`Peer`](super::Peer) among their extensions to hold any role.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Every route there is: how it is called, where it is, who may.
    pub fn table(&self) -> &[(Verb, &'static str, Role)] {
        &self.table
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Its bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Tells the use that the program is about to end.
    pub(super) fn say_farewell(&self) {
        (self.farewell)();
    }
}

/// The API of `routes` and of the shell, OpenAPI 3.1, as JSON text.
pub fn describe<S: Clone + Send + Sync + 'static>(routes: Vec<Route<S>>) -> String {
    let access = Arc::new(Access::new(Secrets::default(), None));
    let ready: Ready = Arc::new(Vec::new);
    let mut all = own(&access, &Arc::new(Metrics::new(access.failures())), &ready);
    all.extend(routes);
    openapi::describe(&all)
}

const ICON: &str = include_str!("assets/icon.svg");
const OPENAPI: &str = "/api/v1/openapi.json";

/// The shell's own routes.
fn own<S: Clone + Send + Sync + 'static>(access: &Arc<Access>, metrics: &Arc<Metrics>, ready: &Ready) -> Vec<Route<S>> {
    let metrics = Arc::clone(metrics);
    let ready = Arc::clone(ready);
    let mut routes = vec![
        Route::reads("/healthz", Role::Anyone, "Whether the program answers", async || "alive\n")
            .gives_media("text/plain"),
        Route::reads("/icon.svg", Role::Anyone, "The pages' icon", async || {
            ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
        })
        .gives_media("image/svg+xml"),
        Route::reads("/readyz", Role::Anyone, "Whether somebody may begin; 503 and the reasons if not", move || {
            let reasons = ready();
            async move { readiness(reasons) }
        })
        .gives::<Readiness>(),
        Route::reads("/metrics", Role::Metrics, "What the program counts of itself", move || {
            let text = metrics.text();
            async move { ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text) }
        })
        .gives_media(metrics::MEDIA_TYPE),
        description(Arc::from("")),
    ];
    routes.extend(operator::routes(access));
    routes
}

fn description<S: Clone + Send + Sync + 'static>(api: Arc<str>) -> Route<S> {
    Route::reads(OPENAPI, Role::Anyone, "This description", move || async move {
        ([(header::CONTENT_TYPE, "application/json")], api.to_string())
    })
    .gives_media("application/json")
}

fn readiness(reasons: Vec<Reason>) -> Response {
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Readiness { ready, reasons })).into_response()
}
