//! The kiosk's page on a stage: the page as the program ships it, behind the program's own server shell and event feed,
//! with [`House`] instead of camera, robot and clock.
//!
//! What the page sends comes to [`Stage::listen`]; what the house shows goes to the page with [`Stage::show`]. Photos are
//! a sample sitter's. `PORTRAITIST_PAGE=src/booth/page` serves the page's files as they lie there, without a build.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use portraitist::booth::page;
use portraitist::kiosk::Event;
use portraitist::kiosk::Language;
use portraitist::kiosk::Press;
use portraitist::kiosk::SessionEvent;
use portraitist::kiosk::SessionId;
use portraitist::kiosk::VisitorView;
use portraitist::photo::sitters;
use portraitist::server::Access;
use portraitist::server::App;
use portraitist::server::Body;
use portraitist::server::Feed;
use portraitist::server::Hosts;
use portraitist::server::Limits;
use portraitist::server::Listening;
use portraitist::server::Problem;
use portraitist::server::Role;
use portraitist::server::Route;
use portraitist::server::Shell;
use portraitist::server::Verb;
use portraitist::server::secret::Secrets;
use portraitist::server::serve;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::house::House;

/// How long a page may take to send what was touched, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The page's server.
pub struct Stage {
    pub house: House,
    feed: Feed,
    told: Receiver<Event>,
    end: Option<oneshot::Sender<()>>,
    serves: Option<JoinHandle<()>>,
    url: String,
    plans: Arc<Mutex<HashMap<String, Value>>>,
}

#[derive(Clone)]
struct Doors {
    feed: Feed,
    tell: Sender<Event>,
    plan: Arc<Value>,
    /// Drawings that are not `plan`, by their style.
    plans: Arc<Mutex<HashMap<String, Value>>>,
}

#[derive(Deserialize)]
struct Touch {
    language: Option<Language>,
}

#[derive(Deserialize)]
struct Pressed {
    session: SessionId,
    press: Press,
}

impl Stage {
    /// Shows `house`; its drawings are all the attract screen's.
    pub fn of(house: House) -> Self {
        let plan = page::assets().find(|asset| asset.path == "attract.json").expect("a plan");
        Self::with_plan(house, serde_json::from_slice(plan.bytes).expect("JSON"))
    }

    /// Shows `house`; its drawings are all `plan`.
    pub fn with_plan(house: House, plan: Value) -> Self {
        let limits = Limits::default();
        let feed = Feed::new(&house.view(), &limits).expect("random numbers");
        let (tell, told) = mpsc::channel();
        let closes = feed.clone();
        let plans = Arc::default();
        let app = App {
            state: Doors { feed: feed.clone(), tell, plan: Arc::new(plan), plans: Arc::clone(&plans) },
            routes: routes(),
            ready: Arc::new(Vec::new),
            farewell: Arc::new(move || closes.close()),
        };
        let access = Arc::new(Access::new(Secrets::default(), None));
        let shell = Shell::new(app, &access, Hosts::new(&[]), &limits);
        let listening = Listening::bind("127.0.0.1:0", false).expect("a port");
        let url = listening.url();
        let (end, ends) = oneshot::channel();
        let serves = std::thread::spawn(move || {
            let server = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let stop = async {
                // Ended or dropped: both mean the end.
                let _ = ends.await;
            };
            server.block_on(serve(listening, shell, stop)).expect("it serves");
        });
        Self { house, feed, told, end: Some(end), serves: Some(serves), url, plans }
    }

    /// From now on `style` is drawn so.
    pub fn draws(&self, style: &str, plan: Value) {
        self.plans.lock().expect("no panic").insert(style.to_owned(), plan);
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Tells the page what the house shows now.
    pub fn show(&self) {
        self.publish(&self.house.view());
    }

    /// Tells the page to show `view`.
    pub fn publish(&self, view: &VisitorView) {
        self.feed.publish("view", view, view);
    }

    /// Tells the page what `news` says of the pen.
    pub fn progress(&self, news: &Value) {
        self.feed.publish("progress", news, &self.house.view());
    }

    /// The next thing that the page has sent; the house hears it and the page is shown what comes of it.
    pub fn listen(&mut self) -> Event {
        let event = self.told.recv_timeout(PATIENCE).expect("the page sends what is touched");
        self.house.hear(event.clone());
        self.show();
        event
    }

    /// All that the page sends within `time`; the house hears it.
    pub fn listen_for(&mut self, time: Duration) -> Vec<Event> {
        let until = Instant::now() + time;
        let mut events = Vec::new();
        while let Ok(event) = self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.house.hear(event.clone());
            self.show();
            events.push(event);
        }
        events
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.end.take());
        // A server that panicked has said so already.
        let _ = self.serves.take().map(JoinHandle::join);
    }
}

fn routes() -> Vec<Route<Doors>> {
    let picture = async || ([(header::CONTENT_TYPE, "image/jpeg")], sitters::sitter(page::SITTER).expect("known").jpeg);
    vec![
        Route::reads("/", Role::Visitor, "The page", async || file("index.html")),
        Route::reads("/{file}", Role::Visitor, "Its files", async |Path(path): Path<String>| file(&path)),
        Route::reads(
            "/api/v1/events",
            Role::Visitor,
            "What it shows",
            async |State(doors): State<Doors>, headers: HeaderMap| doors.feed.follow(&headers),
        ),
        Route::reads("/api/v1/sessions/{session}/live", Role::Visitor, "The live view", picture),
        Route::reads("/api/v1/sessions/{session}/photo", Role::Visitor, "The photo", picture),
        Route::reads("/api/v1/sessions/{session}/plan", Role::Visitor, "The drawing", plan),
        Route::reads("/api/v1/sessions/{session}/plans/{style}", Role::Visitor, "A drawing", plan_in_style),
        Route::changes(
            Verb::Post,
            "/api/v1/session/touch",
            Role::Visitor,
            "A touch",
            async |State(doors): State<Doors>, Body(Touch { language }): Body<Touch>| {
                doors.hear(Event::Touch { language })
            },
        ),
        Route::changes(
            Verb::Post,
            "/api/v1/session/press",
            Role::Visitor,
            "A press",
            async |State(doors): State<Doors>, Body(Pressed { session, press }): Body<Pressed>| {
                doors.hear(Event::Session(SessionEvent::Press { session, press }))
            },
        ),
        Route::changes(
            Verb::Post,
            "/api/v1/session/sheet-taken",
            Role::Visitor,
            "The sheet is taken",
            async |State(doors): State<Doors>| doors.hear(Event::SheetTaken),
        ),
        Route::changes(
            Verb::Post,
            "/api/v1/session/stop",
            Role::Visitor,
            "Stop",
            async |State(doors): State<Doors>| doors.hear(Event::Stop),
        ),
    ]
}

impl Doors {
    fn hear(&self, event: Event) -> StatusCode {
        self.tell.send(event).map_or(StatusCode::SERVICE_UNAVAILABLE, |()| StatusCode::ACCEPTED)
    }
}

async fn plan(State(doors): State<Doors>) -> Json<Value> {
    Json(Value::clone(&doors.plan))
}

async fn plan_in_style(State(doors): State<Doors>, Path((_, style)): Path<(String, String)>) -> Json<Value> {
    let plans = doors.plans.lock().expect("no panic");
    Json(plans.get(&style).unwrap_or(&doors.plan).clone())
}

fn file(path: &str) -> Result<Response, Problem> {
    let asset = page::assets().find(|asset| asset.path == path).ok_or_else(Problem::not_found)?;
    let lies_there = std::env::var_os("PORTRAITIST_PAGE")
        .and_then(|folder| std::fs::read(std::path::Path::new(&folder).join(path)).ok());
    let bytes = lies_there.unwrap_or_else(|| asset.bytes.to_vec());
    Ok(([(header::CONTENT_TYPE, asset.media_type)], bytes).into_response())
}
