//! The operator's door: a page that asks for the PIN, and the routes that open and close a session.

use std::sync::Arc;

use axum::Extension;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;

use super::access::Access;
use super::access::Caller;
use super::access::Role;
use super::problem::Problem;
use super::route::Body;
use super::route::Route;
use super::route::Verb;

/// Where the door is.
pub(super) const DOOR: &str = "/operator/door";
const SESSION: &str = "/api/v1/operator/session";

/// What opens it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LogIn {
    /// The operator's PIN.
    pin: String,
}

/// Who the caller is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WhoAmI {
    /// The roles it holds.
    roles: Vec<&'static str>,
}

/// The routes.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(access: &Arc<Access>) -> Vec<Route<S>> {
    let (opens, closes) = (Arc::clone(access), Arc::clone(access));
    let log_in = move |Extension(caller): Extension<Caller>, Body(LogIn { pin }): Body<LogIn>| async move {
        let address = caller.address().ok_or_else(Problem::not_found)?;
        let cookie = opens.log_in(address, pin).await?;
        Ok::<Response, Problem>((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
    };
    let log_out = move |headers: HeaderMap| async move {
        (StatusCode::NO_CONTENT, [(header::SET_COOKIE, closes.log_out(&headers))]).into_response()
    };
    let who = async |Extension(caller): Extension<Caller>| {
        let roles = Role::ALL.into_iter().filter(|role| caller.holds(*role)).map(Role::name).collect();
        axum::Json(WhoAmI { roles })
    };
    let asset = |media: &'static str, text: &'static str| async move || ([(header::CONTENT_TYPE, media)], text);
    vec![
        Route::reads(SESSION, Role::Anyone, "Which roles the caller holds", who).gives::<WhoAmI>(),
        Route::changes(Verb::Post, SESSION, Role::Anyone, "Log in as the operator", log_in).takes::<LogIn>(),
        Route::changes(Verb::Delete, SESSION, Role::Anyone, "Log out", log_out),
        Route::reads(DOOR, Role::Anyone, "The page that asks for the PIN", asset("text/html; charset=utf-8", PAGE))
            .gives_media("text/html"),
        Route::reads("/operator/door.css", Role::Anyone, "Its style", asset("text/css; charset=utf-8", STYLE))
            .gives_media("text/css"),
        Route::reads("/operator/door.js", Role::Anyone, "Its script", asset("text/javascript; charset=utf-8", SCRIPT))
            .gives_media("text/javascript"),
    ]
}

const PAGE: &str = include_str!("assets/door.html");
const STYLE: &str = include_str!("assets/door.css");
const SCRIPT: &str = include_str!("assets/door.js");
