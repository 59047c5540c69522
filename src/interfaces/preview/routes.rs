//! The preview's table of routes, and what its handlers share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;
use tokio::sync::Semaphore;

use super::answers::Ask;
use super::answers::Choices;
use super::answers::News;
use super::answers::Overview;
use super::answers::Planned;
use super::desk::Desk;
use super::desk::Finished;
use super::export::Export;
use super::planner::Planner;
use crate::fault::Fault;
use crate::preview;
use crate::server::App;
use crate::server::Body;
use crate::server::Feed;
use crate::server::Limits;
use crate::server::Problem;
use crate::server::Role;
use crate::server::Route;
use crate::server::Verb;
use crate::server::events;

/// Plans that lie on the shelf; older ones are forgotten.
const SHELF: usize = 8;
/// Files that are made at once.
const MAKERS: usize = 2;

/// What the handlers share.
#[derive(Debug)]
pub struct Preview {
    planner: Planner,
    shelf: Arc<Mutex<Shelf>>,
    feed: Feed,
    choices: Choices,
    page: String,
    makers: Semaphore,
}

#[derive(Debug)]
struct Shelf {
    newest: u64,
    plans: VecDeque<(u64, Arc<Finished>)>,
}

impl Preview {
    /// The preview of the drawing on `desk`, whose first plan is `first`.
    ///
    /// # Errors
    /// The machine gives no thread or no random numbers.
    pub fn open(desk: Desk, first: Finished, limits: &Limits) -> Result<Arc<Self>, Fault> {
        let choices = desk.choices().clone();
        let page = preview::served_page(desk.title());
        let feed = Feed::new(&News { doing: None, plan: 1 }, limits)?;
        let shelf = Arc::new(Mutex::new(Shelf { newest: 1, plans: VecDeque::from([(1, Arc::new(first))]) }));
        let (tells, knows) = (feed.clone(), Arc::clone(&shelf));
        let planner = Planner::start(desk, move |stage| {
            let doing = stage.map(|stage| stage.doing());
            let plan = knows.lock().unwrap_or_else(PoisonError::into_inner).newest;
            tells.publish("doing", &json!({ "doing": doing }), &News { doing, plan });
        })?;
        Ok(Arc::new(Self { planner, shelf, feed, choices, page, makers: Semaphore::new(MAKERS) }))
    }

    /// The use that the server's shell is put around.
    pub fn app(self: Arc<Self>) -> App<Arc<Self>> {
        let ends = Arc::clone(&self);
        let farewell = Arc::new(move || {
            ends.feed.close();
            ends.planner.stop();
        });
        App { state: self, routes: routes(), ready: Arc::new(Vec::new), farewell }
    }

    /// Lays `made` on the shelf and tells everyone: as the page shows it.
    fn shelve(&self, made: Finished) -> Planned {
        let made = Arc::new(made);
        let id = {
            let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.newest += 1;
            let id = shelf.newest;
            shelf.plans.push_back((id, Arc::clone(&made)));
            if shelf.plans.len() > SHELF {
                shelf.plans.pop_front();
            }
            id
        };
        self.feed.publish("planned", &json!({ "plan": id }), &News { doing: None, plan: id });
        made.on_page(id)
    }

    /// The plan of this number, as it stands in a path.
    fn plan(&self, id: &str) -> Result<(u64, Arc<Finished>), Problem> {
        let id: u64 = id.parse().map_err(|_| Problem::not_found())?;
        self.find(|(its, _)| *its == id).ok_or_else(Problem::not_found)
    }

    fn find(&self, wanted: impl Fn(&(u64, Arc<Finished>)) -> bool) -> Option<(u64, Arc<Finished>)> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.plans.iter().rev().find(|plan| wanted(plan)).cloned()
    }
}

/// Every route of the preview.
pub fn routes() -> Vec<Route<Arc<Preview>>> {
    let page = async |State(at): State<Arc<Preview>>| typed("text/html; charset=utf-8", at.page.clone());
    let text = |media: &'static str, text: &'static str| async move || typed(media, text);
    vec![
        Route::reads("/", Role::Visitor, "The page", page).gives_media("text/html"),
        Route::reads("/page.css", Role::Visitor, "Its style", text("text/css; charset=utf-8", preview::PAGE_STYLE))
            .gives_media("text/css"),
        Route::reads("/page.js", Role::Visitor, "What plays the plan", text(JS, preview::PAGE_SCRIPT)).gives_media(JS),
        Route::reads("/planner.js", Role::Visitor, "What plans anew", text(JS, preview::PLANNER_SCRIPT))
            .gives_media(JS),
        Route::reads("/api/v1/preview", Role::Visitor, "What there is to choose, and the newest plan", overview)
            .gives::<Overview>(),
        Route::changes(
            Verb::Post,
            "/api/v1/preview/plan",
            Role::Visitor,
            "Plan the drawing anew; the newest wins",
            plan,
        )
        .takes::<Ask>()
        .gives::<Planned>(),
        Route::reads("/api/v1/preview/plans/{id}", Role::Visitor, "A plan that was made lately", shown)
            .gives::<Planned>(),
        Route::reads("/api/v1/preview/plans/{id}/{file}", Role::Visitor, FILES, file).gives_media("*/*"),
        Route::reads("/api/v1/preview/events", Role::Visitor, "What is being planned, and each new plan", news)
            .gives_media(events::MEDIA_TYPE),
    ]
}

const JS: &str = "text/javascript; charset=utf-8";
const FILES: &str =
    "A plan as a file: plan.svg, plan.json, program.gcode, paper.png, animation.png (an APNG), preview.html";

async fn overview(State(at): State<Arc<Preview>>) -> Result<Json<Overview>, Problem> {
    let (id, made) = at.find(|_| true).ok_or_else(Problem::not_found)?;
    Ok(Json(Overview { choices: at.choices.clone(), plan: made.on_page(id) }))
}

async fn plan(State(at): State<Arc<Preview>>, Body(ask): Body<Ask>) -> Result<Json<Planned>, Problem> {
    let made = at.planner.plan(ask).await?;
    Ok(Json(at.shelve(made)))
}

async fn shown(State(at): State<Arc<Preview>>, Path(id): Path<String>) -> Result<Json<Planned>, Problem> {
    let (id, made) = at.plan(&id)?;
    Ok(Json(made.on_page(id)))
}

async fn file(State(at): State<Arc<Preview>>, Path((id, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let export = Export::named(&name).ok_or_else(Problem::not_found)?;
    let (_, made) = at.plan(&id)?;
    let closed = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "STOPPING", "the program is about to end");
    let _maker = at.makers.acquire().await.map_err(closed)?;
    let bytes = tokio::task::spawn_blocking(move || export.bytes(&made)).await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED", "the file could not be made; try another one")
    })?;
    let kept = format!("attachment; filename=\"{}\"", export.name());
    let headers = [(header::CONTENT_TYPE, export.media_type().to_owned()), (header::CONTENT_DISPOSITION, kept)];
    Ok((headers, bytes).into_response())
}

async fn news(State(at): State<Arc<Preview>>, headers: HeaderMap) -> Result<Response, Problem> {
    at.feed.follow(&headers)
}

fn typed(media: &'static str, text: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, media)], text).into_response()
}
