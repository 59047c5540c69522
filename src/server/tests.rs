//! The shell from outside: requests in, answers out, without a socket; [`sockets`] has those with one.
//!
//! The matrix of roles, the test of GETs and the description are made from the table of routes itself, so that a route
//! that is added is tested at once.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use axum::body::Body as HttpBody;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::Response;
use axum::http::header;
use serde_json::Value;
use serde_json::json;
use tower::ServiceExt;

use super::*;
use crate::server::guard::CONTENT_SECURITY_POLICY;
use crate::server::secret::PinHash;
use crate::server::secret::Secrets;
use crate::server::secret::Token;

mod sockets;

const PIN: &str = "271828";
const HERE: &str = "127.0.0.1";
const ELSEWHERE: &str = "192.0.2.7";

/// What the sample use keeps: how often it was changed, and a feed.
#[derive(Clone)]
struct World {
    changes: Arc<AtomicUsize>,
    feed: Feed,
}

fn routes() -> Vec<Route<World>> {
    vec![
        Route::reads("/", Role::Visitor, "The page", async || "<!doctype html>").gives_media("text/html"),
        Route::reads("/api/v1/things/{id}", Role::Visitor, "A thing", async |Path(id): Path<u32>| id.to_string())
            .gives_media("text/plain"),
        Route::reads(
            "/api/v1/events",
            Role::Visitor,
            "News",
            async |State(world): State<World>, headers: HeaderMap| world.feed.follow(&headers),
        )
        .gives_media(events::MEDIA_TYPE),
        Route::changes(Verb::Post, "/api/v1/things", Role::Visitor, "Make one", make).takes::<Thing>().gives::<Thing>(),
        Route::changes(Verb::Put, "/api/v1/settings", Role::Operator, "Settle", make).takes::<Thing>().gives::<Thing>(),
    ]
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
struct Thing {
    /// How many.
    n: u32,
}

async fn make(State(world): State<World>, Body(thing): Body<Thing>) -> axum::Json<Thing> {
    world.changes.fetch_add(1, Ordering::SeqCst);
    world.feed.publish("made", &thing, &thing);
    axum::Json(thing)
}

struct Stand {
    shell: Shell,
    world: World,
    token: String,
    metrics_token: String,
}

fn stand_with(limits: Limits, file: Option<std::path::PathBuf>) -> Stand {
    let (token, text) = Token::create().expect("random numbers");
    let (metrics, metrics_text) = Token::create().expect("random numbers");
    let pin = Some(PinHash::of(PIN).expect("a good PIN"));
    let access = Arc::new(Access::new(Secrets { pin, token: Some(token), metrics: Some(metrics), run: None }, file));
    let feed = Feed::new(&json!({}), &limits).expect("random numbers");
    let world = World { changes: Arc::default(), feed };
    let closes = world.feed.clone();
    let app = App {
        state: world.clone(),
        routes: routes(),
        ready: Arc::new(|| vec![Reason { code: "PAPER_NONE", detail: "there is no paper".into() }]),
        farewell: Arc::new(move || closes.close()),
    };
    let shell = Shell::new(app, &access, Hosts::new(&["robot.example".to_owned()]), &limits);
    Stand { shell, world, token: text, metrics_token: metrics_text }
}

fn stand() -> Stand {
    stand_with(Limits::default(), None)
}

/// A request as our own page would make it.
fn request(verb: Verb, path: &str, from: &str) -> axum::http::request::Builder {
    let address: IpAddr = from.parse().expect("an address");
    let request =
        Request::builder().method(verb.name()).uri(path).header("host", "localhost:7483").extension(Peer(address));
    match verb.effect() {
        Effect::Reads => request,
        Effect::Changes => request
            .header("origin", "http://localhost:7483")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json"),
    }
}

fn body(verb: Verb) -> HttpBody {
    if matches!(verb, Verb::Post | Verb::Put) { HttpBody::from("{\"n\":1}") } else { HttpBody::empty() }
}

/// The status, headers and first bytes of the answer; a feed's is not read to its end.
async fn ask(shell: &Shell, request: Request<HttpBody>) -> (u16, HeaderMap, String) {
    let response: Response<HttpBody> = shell.router().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let endless = parts.headers.get(header::CONTENT_TYPE).is_some_and(|media| media == events::MEDIA_TYPE);
    let bytes = if endless { Vec::new() } else { axum::body::to_bytes(body, 1 << 20).await.expect("a body").to_vec() };
    (parts.status.as_u16(), parts.headers, String::from_utf8(bytes).expect("text"))
}

/// A path of the table with something in place of each name.
fn concrete(path: &str) -> String {
    path.split('/').map(|piece| if piece.starts_with('{') { "7" } else { piece }).collect::<Vec<_>>().join("/")
}

async fn cookie(stand: &Stand) -> String {
    let log_in = request(Verb::Post, "/api/v1/operator/session", HERE);
    let (status, headers, _) =
        ask(&stand.shell, log_in.body(json!({ "pin": PIN }).to_string().into()).expect("sound")).await;
    assert_eq!(status, 204);
    let set = headers.get("set-cookie").and_then(|value| value.to_str().ok()).expect("a cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn every_route_answers_those_who_may_and_nobody_else() {
    let stand = stand();
    let cookie = cookie(&stand).await;
    let bearer = |token: &str| Some(("authorization", format!("Bearer {token}")));
    // Who calls, from where, by what proof, and the roles that this gives.
    type Case<'a> = (&'a str, &'a str, Option<(&'a str, String)>, &'a [Role]);
    let callers: [Case; 6] = [
        ("a visitor", HERE, None, &[Role::Anyone, Role::Visitor]),
        ("a stranger", ELSEWHERE, None, &[Role::Anyone]),
        ("an operator", HERE, Some(("cookie", cookie.clone())), &Role::ALL),
        ("an operator elsewhere", ELSEWHERE, Some(("cookie", format!("a=b; {cookie}"))), &Role::ALL),
        ("an operator's program", ELSEWHERE, bearer(&stand.token), &Role::ALL),
        ("a collector", ELSEWHERE, bearer(&stand.metrics_token), &[Role::Anyone, Role::Metrics]),
    ];
    let mut cells = 0;
    for (verb, path, needs) in stand.shell.table() {
        for (who, from, proof, roles) in &callers {
            // Logging out would end the session that the next cells stand on.
            if *verb == Verb::Delete && who.starts_with("an operator") {
                continue;
            }
            let mut request = request(*verb, &concrete(path), from);
            if let Some((name, value)) = proof {
                request = request.header(*name, value);
            }
            let (status, _, text) = ask(&stand.shell, request.body(body(*verb)).expect("sound")).await;
            let may = roles.contains(needs);
            assert_eq!(status != 401, may, "{who} at {} {path} (for {}): {status} {text}", verb.name(), needs.name());
            cells += 1;
        }
    }
    assert!(cells >= 60, "{cells}");
    let wrong = request(Verb::Get, "/", HERE).header("authorization", "Bearer 0000");
    assert_eq!(
        ask(&stand.shell, wrong.body(HttpBody::empty()).expect("sound")).await.0,
        401,
        "a wrong token is refused"
    );
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let stand = stand();
    for (verb, path, _) in stand.shell.table().iter().filter(|(verb, ..)| verb.effect() == Effect::Reads) {
        let state = || (stand.world.changes.load(Ordering::SeqCst), stand.world.feed.followers());
        let before = state();
        for method in [verb.name(), verb.name(), "HEAD"] {
            let mut asked = request(*verb, &concrete(path), HERE);
            asked = asked.method(method).header("authorization", format!("Bearer {}", stand.token));
            let (status, ..) = ask(&stand.shell, asked.body(HttpBody::empty()).expect("sound")).await;
            assert!(status < 400 || status == 503, "{method} {path}: {status}");
        }
        assert_eq!(state(), before, "GET {path} changed something");
    }
}

#[tokio::test]
async fn only_our_own_hosts_are_answered_on_any_path() {
    let stand = stand();
    let paths = stand.shell.table().iter().map(|(verb, path, _)| (*verb, concrete(path)));
    for (verb, path) in paths.chain([(Verb::Get, "/nothing/here".to_owned())]) {
        for host in ["evil.test:7483", "localhost.evil.test", "", "user@localhost", "192.0.2.9:7483"] {
            let mut asked = request(verb, &path, HERE).body(body(verb)).expect("sound");
            asked.headers_mut().insert("host", host.parse().expect("a header"));
            // A rebound request carries a matching pair: comparing the two would not be enough.
            asked.headers_mut().insert("origin", format!("http://{host}").parse().expect("a header"));
            let (status, headers, text) = ask(&stand.shell, asked).await;
            assert_eq!(status, 421, "{host} at {} {path}: {text}", verb.name());
            assert_eq!(headers["content-type"], "application/problem+json");
        }
    }
    for host in ["robot.example", "ROBOT.example:80", "[::1]:7483", "127.0.0.1"] {
        let mut asked = request(Verb::Get, "/", HERE).body(HttpBody::empty()).expect("sound");
        asked.headers_mut().insert("host", host.parse().expect("a header"));
        assert_eq!(ask(&stand.shell, asked).await.0, 200, "{host}");
    }
    let mut none = request(Verb::Get, "/", HERE).body(HttpBody::empty()).expect("sound");
    none.headers_mut().remove("host");
    assert_eq!(ask(&stand.shell, none).await.0, 421);
    let mut two = request(Verb::Get, "/", HERE).body(HttpBody::empty()).expect("sound");
    two.headers_mut().append("host", "evil.test".parse().expect("a header"));
    assert_eq!(ask(&stand.shell, two).await.0, 421);
    let other = request(Verb::Get, "http://evil.test/", HERE).body(HttpBody::empty()).expect("sound");
    assert_eq!(ask(&stand.shell, other).await.0, 421, "the first line names another host");
}

#[tokio::test]
async fn pages_of_other_sites_can_change_nothing() {
    let stand = stand();
    let changing: Vec<_> = stand.shell.table().iter().filter(|(verb, ..)| verb.effect() == Effect::Changes).collect();
    assert!(changing.len() >= 4);
    for (verb, path, _) in changing {
        type Attempt<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);
        let attempts: [Attempt; 8] = [
            ("another origin", &[("origin", "http://evil.test")], 403),
            ("another port of this machine", &[("origin", "http://localhost:8080")], 403),
            ("a sandboxed page", &[("origin", "null")], 403),
            ("another site", &[("sec-fetch-site", "cross-site")], 403),
            ("a sister site", &[("sec-fetch-site", "same-site")], 403),
            ("a form", &[("content-type", "application/x-www-form-urlencoded")], 415),
            ("a form in disguise", &[("content-type", "text/plain; application/json")], 415),
            (
                "a link",
                &[
                    ("origin", ""),
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-mode", "navigate"),
                    ("sec-fetch-dest", "document"),
                ],
                403,
            ),
        ];
        for (who, headers, expected) in attempts {
            if expected == 415 && *verb == Verb::Delete {
                continue;
            }
            let mut asked = request(*verb, path, HERE).body(body(*verb)).expect("sound");
            for (name, value) in headers {
                let name: header::HeaderName = name.parse().expect("a name");
                asked.headers_mut().insert(name, value.parse().expect("a value"));
            }
            assert_eq!(ask(&stand.shell, asked).await.0, expected, "{who} at {} {path}", verb.name());
        }
        let mut silent = request(*verb, path, HERE).body(body(*verb)).expect("sound");
        silent.headers_mut().remove("origin");
        let (status, _, text) = ask(&stand.shell, silent).await;
        assert_eq!((status, text.contains("ORIGIN_MISSING")), (403, true), "neither origin nor token");
    }
    assert_eq!(stand.world.changes.load(Ordering::SeqCst), 0);
    let mut program = request(Verb::Post, "/api/v1/things", ELSEWHERE)
        .header("authorization", format!("Bearer {}", stand.token))
        .body(body(Verb::Post))
        .expect("sound");
    program.headers_mut().remove("origin");
    program.headers_mut().remove("sec-fetch-site");
    assert_eq!(ask(&stand.shell, program).await.0, 200, "a program with a token needs no origin");
    for (headers, expected) in [
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], 403),
        (vec![("origin", "http://evil.test")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], 200),
        (vec![("sec-fetch-site", "none")], 200),
    ] {
        let mut asked = request(Verb::Get, "/", HERE);
        for (name, value) in &headers {
            asked = asked.header(*name, *value);
        }
        let status = ask(&stand.shell, asked.body(HttpBody::empty()).expect("sound")).await.0;
        assert_eq!(status, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn every_answer_is_sealed_and_every_refusal_is_a_problem() {
    let stand = stand();
    let thing =
        |text: &'static str| request(Verb::Post, "/api/v1/things", HERE).body(HttpBody::from(text)).expect("sound");
    let get = |path: &str| request(Verb::Get, path, HERE).body(HttpBody::empty()).expect("sound");
    let huge = request(Verb::Post, "/api/v1/things", HERE).body(HttpBody::from(vec![b' '; 70_000])).expect("sound");
    let asked = [
        (get("/"), 200, ""),
        (get("/readyz"), 503, ""),
        (get("/metrics"), 401, "AUTH_REQUIRED"),
        (get("/nothing"), 404, "NOT_FOUND"),
        (get("/api/v1/things/../../etc/passwd"), 404, "NOT_FOUND"),
        (get("/api/v1/things/%2e%2e%2fetc"), 404, "NOT_FOUND"),
        (get("/assets/../Cargo.toml"), 404, "NOT_FOUND"),
        (get("/%00"), 404, "NOT_FOUND"),
        (
            request(Verb::Delete, "/api/v1/things", HERE).body(HttpBody::empty()).expect("sound"),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (thing("{"), 422, "BAD_JSON"),
        (thing("{\"n\":-1}"), 422, "BAD_JSON"),
        (thing(""), 422, "BAD_JSON"),
        (huge, 413, "BODY_TOO_LARGE"),
    ];
    for (request, expected, code) in asked {
        let what = format!("{} {}", request.method(), request.uri());
        let (status, headers, text) = ask(&stand.shell, request).await;
        assert_eq!(status, expected, "{what}: {text}");
        assert_eq!(headers["content-security-policy"], CONTENT_SECURITY_POLICY, "{what}");
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("x-frame-options", "DENY")]
        {
            assert_eq!(headers[name], value, "{what}");
        }
        if !code.is_empty() {
            assert_eq!(headers["content-type"], "application/problem+json", "{what}");
            let problem: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(
                (problem["code"].as_str(), problem["status"].as_u64()),
                (Some(code), Some(expected.into())),
                "{what}"
            );
            assert!(problem["type"].is_string() && problem["title"].is_string() && problem["detail"].is_string());
        }
    }
    assert_eq!(
        ask(&stand.shell, get("/nothing")).await.2,
        ask(&stand.shell, get("/else/where")).await.2,
        "one answer for all"
    );
    let ready: Value = serde_json::from_str(&ask(&stand.shell, get("/readyz")).await.2).expect("JSON");
    assert_eq!((ready["ready"].as_bool(), ready["reasons"][0]["code"].as_str()), (Some(false), Some("PAPER_NONE")));
}

#[tokio::test]
async fn wrong_pins_cost_time_and_a_restart_gives_none_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lock-out.json");
    let stand = stand_with(Limits::default(), Some(file.clone()));
    let try_pin = async |stand: &Stand, pin: &str| {
        let asked = request(Verb::Post, "/api/v1/operator/session", ELSEWHERE);
        ask(&stand.shell, asked.body(json!({ "pin": pin }).to_string().into()).expect("sound")).await
    };
    for _ in 0..3 {
        assert_eq!(try_pin(&stand, "000001").await.0, 401);
    }
    let (status, headers, text) = try_pin(&stand, PIN).await;
    assert_eq!(status, 429, "even the right one must wait: {text}");
    assert!(headers["retry-after"].to_str().is_ok_and(|secs| (1..=5).contains(&secs.parse().unwrap_or(0))));
    let restarted = stand_with(Limits::default(), Some(file));
    assert_eq!(try_pin(&restarted, PIN).await.0, 429);
    let metrics =
        request(Verb::Get, "/metrics", HERE).header("authorization", format!("Bearer {}", stand.metrics_token));
    let text = ask(&stand.shell, metrics.body(HttpBody::empty()).expect("sound")).await.2;
    assert!(text.contains("\nportraitist_auth_failures_total 4\n"), "{text}");
    assert!(
        text.contains("portraitist_http_requests_total{route=\"/api/v1/operator/session\",code=\"401\"} 3"),
        "{text}"
    );
    assert!(text.contains(concat!("portraitist_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")), "{text}");
    assert!(!text.contains(PIN) && !text.contains(ELSEWHERE));
}

#[tokio::test]
async fn a_session_ends_when_it_is_closed() {
    let stand = stand();
    let cookie = cookie(&stand).await;
    let settle = |cookie: &str| {
        request(Verb::Put, "/api/v1/settings", HERE).header("cookie", cookie).body(body(Verb::Put)).expect("sound")
    };
    assert_eq!(ask(&stand.shell, settle(&cookie)).await.0, 200);
    let out = request(Verb::Delete, "/api/v1/operator/session", HERE).header("cookie", &cookie);
    assert_eq!(ask(&stand.shell, out.body(HttpBody::empty()).expect("sound")).await.0, 204);
    assert_eq!(ask(&stand.shell, settle(&cookie)).await.0, 401);
    let door = request(Verb::Get, "/", ELSEWHERE).header("sec-fetch-mode", "navigate");
    let (status, headers, _) = ask(&stand.shell, door.body(HttpBody::empty()).expect("sound")).await;
    assert_eq!((status, &headers["location"]), (303, &"/operator/door#/".parse().expect("a header")));
}

#[test]
fn the_description_has_every_route_and_every_type() {
    let api: Value = serde_json::from_str(&shell::describe(routes())).expect("JSON");
    assert!(api["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", api["openapi"]);
    let stand = stand();
    for (verb, path, _) in stand.shell.table() {
        let operation = &api["paths"][path][verb.name().to_ascii_lowercase()];
        assert!(operation["summary"].is_string(), "{} {path} is not described", verb.name());
        assert!(operation["responses"]["default"]["content"]["application/problem+json"].is_object());
    }
    assert_eq!(api["paths"]["/api/v1/things/{id}"]["get"]["parameters"][0]["name"], "id");
    let body = &api["paths"]["/api/v1/things"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/Thing");
    for name in ["Thing", "Problem", "Readiness", "Reason", "LogIn"] {
        assert!(api["components"]["schemas"][name].is_object(), "{name}");
    }
}
