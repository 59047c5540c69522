//! The page that a visitor's phone finds by a link: one photo in, the drawing out, and nothing else.
//!
//! A listener of its own, served by the sitter's process: a photo that is sent never comes near the process that drives
//! the robot, and is wiped with this one. What is there: under a link's token its page, its state, a photo to be sent
//! while the booth asks for one, and the drawing once it is chosen (SVG, PNG; never a photo). Everything else, a wrong
//! token, one that is over, a photo that nobody asks for, is answered with one and the same 404. Refused: photos of
//! more than [`MOST_BYTES`] or [`MOST_PIXELS`], what is none, and more than [`MOST_TRIES`] of those. Units: bytes, px, mm.

use std::io::Cursor;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use image::ImageFormat;
use image::ImageReader;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::held;
use super::words::Link;
use super::words::Says;
use crate::config::Config;
use crate::fault::Fault;
use crate::kiosk::Language;
use crate::kiosk::TextKey;
use crate::kiosk::Texts;
use crate::kiosk::minutes;
use crate::photo;
use crate::photo::Photo;
use crate::plan;
use crate::plan::MotionPlan;
use crate::preview;
use crate::preview::InkConfig;
use crate::server::App;
use crate::server::Hosts;
use crate::server::Limits;
use crate::server::Problem;
use crate::server::Role;
use crate::server::Route;
use crate::server::Shell;
use crate::server::Verb;
use crate::server::route;
use crate::server::secret::Token;
use crate::strokes::svg;
use crate::strokes::svg::Layers;

/// Most bytes of a photo's file.
const MOST_BYTES: usize = 10 << 20;
/// Most pixels of a photo.
const MOST_PIXELS: u64 = 40_000_000;
/// So often something may be sent, of each photo that is asked for, that is none.
const MOST_TRIES: u8 = 8;
/// A photo takes no longer to arrive.
const BODY: Duration = Duration::from_secs(60);

/// What phones may see and send.
pub struct Phone {
    known: Mutex<Vec<Known>>,
    /// The photo that was sent last, until the booth takes it up.
    sent: Mutex<Option<Photo>>,
    /// One photo is decoded, one drawing rendered, at a time.
    work: Semaphore,
    say: Box<dyn Fn(Says) + Send + Sync>,
    hosts: Vec<String>,
    ink: InkConfig,
    pen_mm: f64,
    kept_minutes: u32,
}

/// A link, and how often nonsense was sent by it.
struct Known {
    token: Token,
    link: Link,
    tries: u8,
}

/// The right to send one photo; given back unless it was used.
struct Turn<'a> {
    phone: &'a Phone,
    token: &'a str,
    take: Option<u8>,
}

/// How far a link is.
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// `send`, `sent` or `drawing`.
    state: &'static str,
    /// What is to be said of the photo before, in the visitor's language.
    notice: String,
}

impl Phone {
    /// No links yet, for the booth of `config`; `say` hears what phones do.
    pub fn new(config: &Config, say: impl Fn(Says) + Send + Sync + 'static) -> Self {
        let named = config.phone.url.parse::<Uri>().ok().and_then(|url| Some(url.host()?.to_owned()));
        Self {
            known: Mutex::default(),
            sent: Mutex::default(),
            work: Semaphore::new(1),
            say: Box::new(say),
            hosts: named.into_iter().collect(),
            ink: config.ink.clone(),
            pen_mm: config.pen.width_mm,
            kept_minutes: minutes(config.kiosk.phone_secs),
        }
    }

    /// From now on `link` is as it is told.
    pub fn link(&self, link: Link) {
        let Ok(token) = Token::parse(&link.token, "sitter") else { return };
        let mut known = held(&self.known);
        known.retain(|other| !other.token.matches(&link.token));
        known.push(Known { token, link, tries: 0 });
    }

    /// The link of `token` is over.
    pub fn unlink(&self, token: &str) {
        held(&self.known).retain(|known| !known.token.matches(token));
    }

    /// Takes the photo that was sent.
    pub fn take(&self) -> Option<Photo> {
        held(&self.sent).take()
    }

    /// Answers phones at `socket` for as long as this process lives.
    ///
    /// # Errors
    /// The socket or the runtime cannot be used.
    pub fn serve(self: Arc<Self>, socket: TcpListener) -> Result<(), Fault> {
        let limits =
            Limits { body: BODY, connections: 64, connections_per_address: 16, followers: 0, ..Limits::default() };
        let hosts = Hosts::new(&self.hosts);
        let app = App { state: self, routes: routes(), ready: Arc::new(Vec::new), farewell: Arc::new(|| {}) };
        super::serve_here(socket, Shell::bare(app, hosts, &limits, nothing))
    }

    /// What `look` finds of the link of `token`.
    fn of<T>(&self, token: &str, look: impl FnOnce(&mut Known) -> Option<T>) -> Result<T, Problem> {
        // All are compared, so that the time tells nothing.
        let mut known = held(&self.known);
        let found =
            known.iter_mut().fold(None, |found, known| if known.token.matches(token) { Some(known) } else { found });
        found.and_then(look).ok_or_else(Problem::not_found)
    }

    /// The drawing of a link, made into bytes by `make`, away from the server's loop.
    async fn drawing(
        &self,
        token: &str,
        media: &'static str,
        make: impl FnOnce(&MotionPlan) -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Response, Problem> {
        let plan = self.of(token, |known| known.link.drawing.clone())?;
        let _turn = self.work.acquire().await.map_err(|_| Problem::not_found())?;
        let made = tokio::task::spawn_blocking(move || make(&MotionPlan::from_json(plan.as_bytes()).ok()?)).await;
        let bytes = made.ok().flatten().ok_or_else(Problem::not_found)?;
        Ok(([(header::CONTENT_TYPE, media)], bytes).into_response())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(take) = self.take.take() else { return };
        // A link that is gone meanwhile needs nothing back.
        let _ = self.phone.of(self.token, |known| {
            known.tries += 1;
            known.link.take = known.link.take.or(Some(take)).filter(|_| known.tries < MOST_TRIES);
            Some(())
        });
    }
}

fn routes() -> Vec<Route<Arc<Phone>>> {
    let text = |media: &'static str, text: &'static str| async move || ([(header::CONTENT_TYPE, media)], text);
    vec![
        Route::reads("/phone.css", Role::Anyone, "The page's style", text("text/css; charset=utf-8", STYLE)),
        Route::reads("/phone.js", Role::Anyone, "The page's script", text("text/javascript; charset=utf-8", SCRIPT)),
        Route::reads("/{token}", Role::Anyone, "The page of a link", page),
        Route::reads("/{token}/state", Role::Anyone, "How far it is", state),
        Route::changes(Verb::Post, "/{token}/photo", Role::Anyone, "Send a photo", send)
            .takes_media("image/")
            .body_at_most(MOST_BYTES),
        Route::reads("/{token}/drawing.svg", Role::Anyone, "The drawing, as lines", lines),
        Route::reads("/{token}/drawing.png", Role::Anyone, "The drawing, as a picture", picture),
    ]
}

const PAGE: &str = include_str!("phone/page.html");
const STYLE: &str = include_str!("phone/phone.css");
const SCRIPT: &str = include_str!("phone/phone.js");

/// The answer to everything else.
fn nothing() -> Response {
    let told = Language::ALL.map(|language| {
        let (name, direction) = names(language);
        format!(
            "<li lang=\"{name}\" dir=\"{direction}\">{}</li>",
            escaped(&Texts::of(language).plain(TextKey::PhoneEnded))
        )
    });
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>404</title>\n<link rel=\"stylesheet\" \
         href=\"/phone.css\">\n<main><ul>{}</ul></main>\n</html>\n",
        told.concat()
    );
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}

fn standing(link: &Link) -> Standing {
    let state = match (&link.drawing, link.take) {
        (Some(_), _) => "drawing",
        (None, Some(_)) => "send",
        (None, None) => "sent",
    };
    let notice = if link.again { Texts::of(link.language).plain(TextKey::FaultModelFail) } else { String::new() };
    Standing { state, notice }
}

async fn page(State(at): State<Arc<Phone>>, Path(token): Path<String>) -> Result<Html<String>, Problem> {
    let (language, Standing { state, notice }) =
        at.of(&token, |known| Some((known.link.language, standing(&known.link))))?;
    (at.say)(Says::LinkOpened { token: token.clone() });
    let (texts, (name, direction)) = (Texts::of(language), names(language));
    let mut page = PAGE.replace("{kept}", &escaped(&texts.fill(TextKey::PhoneKept, &[("minutes", at.kept_minutes)])));
    for (word, text) in [("language", name.as_str()), ("direction", &direction), ("state", state), ("token", &token)] {
        page = page.replace(&format!("{{{word}}}"), &escaped(text));
    }
    for (word, key) in [
        ("title", TextKey::PhoneTitle),
        ("how", TextKey::PhoneHow),
        ("choose", TextKey::PhoneChoose),
        ("privacy", TextKey::PhonePrivacy),
        ("sending", TextKey::PhoneSending),
        ("sent", TextKey::PhoneSent),
        ("unreadable", TextKey::PhoneUnreadable),
        ("drawing", TextKey::PhoneDrawing),
        ("picture", TextKey::PhonePicture),
        ("lines", TextKey::PhoneLines),
        ("ended", TextKey::PhoneEnded),
    ] {
        page = page.replace(&format!("{{{word}}}"), &escaped(&texts.plain(key)));
    }
    Ok(Html(page.replace("{notice}", &escaped(&notice))))
}

async fn state(State(at): State<Arc<Phone>>, Path(token): Path<String>) -> Result<Json<Standing>, Problem> {
    at.of(&token, |known| Some(Json(standing(&known.link))))
}

async fn send(
    State(at): State<Arc<Phone>>,
    Path(token): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let take = at.of(&token, |known| known.link.take.take())?;
    let mut turn = Turn { phone: &at, token: &token, take: Some(take) };
    let bytes = route::read(request).await?;
    let _work = at.work.acquire().await.map_err(|_| Problem::not_found())?;
    let photo = tokio::task::spawn_blocking(move || decode(&bytes)).await.ok().flatten().ok_or_else(|| {
        let detail = "this is no JPEG, PNG or WebP photo of at most 40 megapixels; send another one";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "PHOTO_UNREADABLE", detail)
    })?;
    turn.take = None;
    *held(&at.sent) = Some(photo);
    (at.say)(Says::Sent { token: token.clone() });
    Ok(StatusCode::ACCEPTED)
}

async fn lines(State(at): State<Arc<Phone>>, Path(token): Path<String>) -> Result<Response, Problem> {
    let pen_mm = at.pen_mm;
    let make =
        move |plan: &MotionPlan| Some(svg::write(&plan::strokes_of(plan).ok()?, pen_mm, Layers::InOrder).into_bytes());
    at.drawing(&token, "image/svg+xml", make).await
}

async fn picture(State(at): State<Arc<Phone>>, Path(token): Path<String>) -> Result<Response, Problem> {
    let ink = at.ink.clone();
    let make = move |plan: &MotionPlan| {
        let mut png = Cursor::new(Vec::new());
        preview::paper(plan, &ink).write_to(&mut png, ImageFormat::Png).ok()?;
        Some(png.into_inner())
    };
    at.drawing(&token, "image/png", make).await
}

/// The photo in `bytes`, if it is one within the bounds.
fn decode(bytes: &[u8]) -> Option<Photo> {
    let size = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()?;
    if u64::from(size.0) * u64::from(size.1) > MOST_PIXELS {
        return None;
    }
    photo::decode(bytes).ok()
}

/// A language's name and direction, as a page writes them.
fn names(language: Language) -> (String, String) {
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    };
    (word(serde_json::to_value(language)), word(serde_json::to_value(language.direction())))
}

/// `text` as it may stand between tags and in quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
