//! The booth's table of routes, and what its handlers share: they pass on what is pressed, and show what is shown.
//!
//! No handler decides anything. A stop goes to the robot's switch first and to the loop afterwards. Pictures are not
//! served here: whoever may see them is sent on to the sitter's own process. What belongs to a session is found under its
//! name only, and while it lasts.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::attendant::Letter;
use super::code;
use super::drawing::Drawing;
use super::drive::Handle;
use super::orders::Book;
use super::page;
use super::shown::Now;
use super::shown::Shown;
use crate::kiosk::Event;
use crate::kiosk::Language;
use crate::kiosk::Operator;
use crate::kiosk::Press;
use crate::kiosk::SessionEvent;
use crate::kiosk::SessionId;
use crate::kiosk::StaffPress;
use crate::plan;
use crate::preview;
use crate::preview::InkConfig;
use crate::server::Body;
use crate::server::Feed;
use crate::server::Problem;
use crate::server::Role;
use crate::server::Route;
use crate::server::Verb;
use crate::server::events;
use crate::strokes::svg;
use crate::strokes::svg::Layers;

/// What the handlers share.
#[derive(Debug)]
pub struct Site {
    pub(super) letters: SyncSender<Letter>,
    pub(super) drive: Handle,
    pub(super) feed: Feed,
    pub(super) house: Feed,
    pub(super) orders: Arc<Book>,
    /// Whether a camera takes orders.
    pub(super) triggers: bool,
    pub(super) shown: Arc<Shown>,
    pub(super) ink: InkConfig,
    /// What the self-test should look like.
    pub(super) self_test: Arc<Drawing>,
    pub(super) pen_mm: f64,
}

type Shared = State<Arc<Site>>;

/// Somebody touched the attract screen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Touch {
    /// The language of the button, if it was one: en, de, fr, es, zh-Hans, ja, ar.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
}

/// A button of a session's screen was pressed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pressed {
    /// Whose screen it was on.
    #[schema(value_type = String)]
    session: SessionId,
    /// What it does, as the view gave it.
    #[schema(value_type = Object)]
    press: Press,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Plain {}

impl Site {
    /// Tells the loop `event`.
    pub(super) fn tell(&self, event: Event) -> Result<StatusCode, Problem> {
        match self.letters.try_send(Letter::Happens(event)) {
            Ok(()) => Ok(StatusCode::ACCEPTED),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                let detail = "the booth is too busy to hear; try again";
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", detail).retry_after(1))
            }
        }
    }

    /// What `look` finds of the session called `name`; nothing of any other.
    fn of<T>(&self, name: &str, look: impl FnOnce(&Now) -> Option<T>) -> Result<T, Problem> {
        let session: SessionId = name.parse().map_err(|_| Problem::not_found())?;
        self.shown
            .read(|now| if now.session == Some(session) { look(now) } else { None })
            .ok_or_else(Problem::not_found)
    }

    fn playable(&self, drawing: &Drawing) -> Response {
        Json(preview::playable(drawing.plan(), &self.ink)).into_response()
    }
}

const SESSION: &str = "A press on the screen; 202 once it is heard";

/// The routes that the kiosk's page needs, with the page itself.
pub fn kiosk() -> Vec<Route<Arc<Site>>> {
    vec![
        Route::reads("/", Role::Visitor, "The visitors' page", async || file("index.html")).gives_media("text/html"),
        Route::reads("/{file}", Role::Visitor, "The files of the visitors' page", asset).gives_media("*/*"),
        Route::reads("/api/v1/events", Role::Visitor, "What the screen shows, now and whenever that changes", news)
            .gives_media(events::MEDIA_TYPE),
        Route::changes(Verb::Post, "/api/v1/session/touch", Role::Visitor, SESSION, touch).takes::<Touch>(),
        Route::changes(Verb::Post, "/api/v1/session/press", Role::Visitor, SESSION, press).takes::<Pressed>(),
        Route::changes(Verb::Post, "/api/v1/session/sheet-taken", Role::Visitor, SESSION, taken).takes::<Plain>(),
        Route::reads("/api/v1/sessions/{session}/live", Role::Visitor, "Where the live view is", live),
        Route::reads("/api/v1/sessions/{session}/photo", Role::Visitor, "Where the photo is", photo),
        Route::reads("/api/v1/sessions/{session}/code", Role::Visitor, "A code for a phone's camera", linked)
            .gives_media("image/svg+xml"),
        Route::reads("/api/v1/sessions/{session}/plan", Role::Visitor, "The drawing that was chosen", plan)
            .gives_media("application/json"),
        Route::reads("/api/v1/sessions/{session}/plans/{style}", Role::Visitor, "A drawing to choose", offered)
            .gives_media("application/json"),
    ]
}

/// The routes of every use: the stop, and what the staff sees and presses.
pub fn house() -> Vec<Route<Arc<Site>>> {
    let text = |media: &'static str, text: &'static str| async move || ([(header::CONTENT_TYPE, media)], text);
    vec![
        Route::changes(Verb::Post, "/api/v1/session/stop", Role::Visitor, "Hold the robot, now", stop).takes::<Plain>(),
        Route::reads("/api/v1/house", Role::Operator, "The house, as the staff sees it", house_now)
            .gives_media("application/json"),
        Route::reads("/api/v1/house/events", Role::Operator, "The same, now and whenever it changes", house_news)
            .gives_media(events::MEDIA_TYPE),
        Route::changes(Verb::Post, "/api/v1/house/press", Role::Operator, "What the staff presses", staff)
            .takes::<StaffPress>(),
        Route::reads("/api/v1/house/self-test.svg", Role::Operator, "What the self-test should look like", reference)
            .gives_media("image/svg+xml"),
        Route::reads("/operator", Role::Operator, "The staff's page", text("text/html; charset=utf-8", OPERATOR))
            .gives_media("text/html"),
        Route::reads("/operator/house.css", Role::Anyone, "Its style", text("text/css; charset=utf-8", OPERATOR_STYLE))
            .gives_media("text/css"),
        Route::reads(
            "/operator/house.js",
            Role::Anyone,
            "Its script",
            text("text/javascript; charset=utf-8", OPERATOR_SCRIPT),
        )
        .gives_media("text/javascript"),
    ]
}

const OPERATOR: &str = include_str!("operator/house.html");
const OPERATOR_STYLE: &str = include_str!("operator/house.css");
const OPERATOR_SCRIPT: &str = include_str!("operator/house.js");

fn file(path: &str) -> Result<Response, Problem> {
    let asset = page::assets().find(|asset| asset.path == path).ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, asset.media_type)], asset.bytes).into_response())
}

async fn asset(Path(path): Path<String>) -> Result<Response, Problem> {
    file(&path)
}

async fn news(State(at): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    at.feed.follow(&headers)
}

async fn touch(State(at): Shared, Body(Touch { language }): Body<Touch>) -> Result<StatusCode, Problem> {
    at.tell(Event::Touch { language })
}

async fn press(State(at): Shared, Body(Pressed { session, press }): Body<Pressed>) -> Result<StatusCode, Problem> {
    at.tell(Event::Session(SessionEvent::Press { session, press }))
}

async fn taken(State(at): Shared, Body(Plain {}): Body<Plain>) -> Result<StatusCode, Problem> {
    at.tell(Event::SheetTaken)
}

async fn stop(State(at): Shared, Body(Plain {}): Body<Plain>) -> Result<StatusCode, Problem> {
    at.drive.hold();
    at.tell(Event::Stop)
}

async fn live(State(at): Shared, Path(session): Path<String>) -> Result<Redirect, Problem> {
    let pictures = at.of(&session, |now| now.pictures.clone())?;
    Ok(Redirect::temporary(&format!("{pictures}/live")))
}

async fn photo(State(at): Shared, Path(session): Path<String>) -> Result<Redirect, Problem> {
    let pictures = at.of(&session, |now| now.pictures.clone())?;
    Ok(Redirect::temporary(&format!("{pictures}/photo")))
}

async fn linked(State(at): Shared, Path(session): Path<String>) -> Result<Response, Problem> {
    let address = at.of(&session, |now| now.link.clone())?;
    let code = code::svg(&address).ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], code).into_response())
}

async fn plan(State(at): Shared, Path(session): Path<String>) -> Result<Response, Problem> {
    let drawing = at.of(&session, |now| now.own.clone())?;
    Ok(at.playable(&drawing))
}

async fn offered(State(at): Shared, Path((session, style)): Path<(String, String)>) -> Result<Response, Problem> {
    let named = |now: &Now| now.offers.iter().find(|(name, _)| *name == style).map(|(_, drawing)| Arc::clone(drawing));
    let drawing = at.of(&session, named)?;
    Ok(at.playable(&drawing))
}

async fn house_now(State(at): Shared) -> Json<Value> {
    Json(at.shown.read(|now| now.house.clone()))
}

async fn reference(State(at): Shared) -> Result<Response, Problem> {
    let strokes = plan::strokes_of(at.self_test.plan()).map_err(|_| Problem::not_found())?;
    let svg = svg::write(&strokes, at.pen_mm, Layers::InOrder);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

async fn house_news(State(at): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    at.house.follow(&headers)
}

async fn staff(State(at): Shared, Body(press): Body<StaffPress>) -> Result<StatusCode, Problem> {
    // The guard has let in only who has just proved to be one.
    at.tell(Event::Staff { by: Operator::vouched(), press })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Effect;

    #[test]
    fn a_visitor_may_press_and_look_and_the_staff_alone_may_see_the_house() {
        for route in kiosk() {
            assert_eq!(route.needs(), Role::Visitor, "{}", route.path());
        }
        for route in house() {
            let open = ["/api/v1/session/stop", "/operator/house.css", "/operator/house.js"].contains(&route.path());
            assert_eq!(route.needs() == Role::Operator, !open, "{}", route.path());
        }
        let changes = kiosk().into_iter().chain(house()).filter(|route| route.effect() == Effect::Changes);
        assert!(
            changes.count() == 5,
            "touch, press, sheet taken, stop, the staff's press: nothing else changes anything"
        );
    }
}
