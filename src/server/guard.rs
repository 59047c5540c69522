//! What stands before every route: is the host ours, is the page ours, may this caller, and is the answer sealed?
//!
//! In this order: the `Host` is one of ours ([`Hosts`]), else 421, on every path there is or isn't; a page of another
//! site may do no more than link here (Fetch Metadata); what changes something comes from our own page or with a token,
//! and as JSON, which no form of another site can send; the caller holds the role. Every answer carries a content
//! security policy that permits nothing but ourselves, and is kept by no cache unless its route says otherwise.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use super::access::Access;
use super::access::Caller;
use super::access::Role;
use super::access::refused;
use super::hosts::Hosts;
use super::listen::Local;
use super::listen::Peer;
use super::metrics::Metrics;
use super::problem::Problem;
use super::route::BodyBounds;
use super::route::Effect;
use super::route::Verb;
use super::route::too_large;

/// The policy of every page: nothing but what we serve ourselves, and no page may frame ours.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// Whose pictures may be seen where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Our pages may show pictures of this origin too (`http://127.0.0.1:PORT`), another process of ours.
    pub shown_from: Option<String>,
    /// Our pictures may be shown by pages of other origins. Only for what no one can name who was not told its address.
    pub lent: bool,
}

impl Pictures {
    /// The policy of every page.
    fn policy(&self) -> String {
        match &self.shown_from {
            Some(origin) => format!("{CONTENT_SECURITY_POLICY}; img-src 'self' {origin}"),
            None => CONTENT_SECURITY_POLICY.to_owned(),
        }
    }
}

/// Headers of every answer.
const SEALS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// What the guard knows.
#[derive(Debug)]
pub(super) struct Guard {
    pub hosts: Hosts,
    pub metrics: Arc<Metrics>,
    policy: HeaderValue,
    lends: bool,
    nothing: Option<fn() -> Response>,
}

impl Guard {
    /// A guard for callers that address the program by `hosts`.
    pub(super) fn new(hosts: Hosts, metrics: Arc<Metrics>, pictures: &Pictures) -> Self {
        let policy = HeaderValue::from_str(&pictures.policy());
        let policy = policy.unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
        Self { hosts, metrics, policy, lends: pictures.lent, nothing: None }
    }

    /// The same, which answers whatever is not there, or not done so, with `nothing`.
    pub(super) fn answering(self, nothing: fn() -> Response) -> Self {
        Self { nothing: Some(nothing), ..self }
    }
}

/// What the guard knows of one route.
#[derive(Debug, Clone)]
pub(super) struct RouteGuard {
    pub access: Arc<Access>,
    pub needs: Role,
    pub verb: Verb,
    pub body: BodyBounds,
    /// What it takes instead of JSON: media types that begin so.
    pub media: Option<&'static str>,
}

/// Before everything: host, site; after it: seals and counts.
pub(super) async fn outer(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&guard, &mut parts) {
        Ok(()) => worded(next.run(Request::from_parts(parts, body)).await),
        Err(problem) => problem.into_response(),
    };
    if let (Some(nothing), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) = (guard.nothing, response.status())
    {
        response = nothing();
    }
    seal(&guard, response.headers_mut());
    guard.metrics.count(&route, response.status());
    response
}

/// Before one route: whether the page is ours if it changes something, and whether the caller may.
pub(super) async fn inner(State(route): State<RouteGuard>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let caller = match route.access.caller(peer, request.headers()) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if route.verb.effect() == Effect::Changes
        && let Err(problem) = check_change(&request, &route, &caller)
    {
        return problem.into_response();
    }
    if !caller.holds(route.needs) {
        return stranger(&route, &request);
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(route.body);
    next.run(request).await
}

/// Refusals that the framework makes itself are plain text: a path that does not fit its route is no path of ours.
fn worded(response: Response) -> Response {
    let status = response.status();
    let plain =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"text/"));
    match status {
        StatusCode::BAD_REQUEST if plain => Problem::not_found().into_response(),
        _ if plain && (status.is_client_error() || status.is_server_error()) => {
            Problem::new(status, "REFUSED", "the request does not fit; the API's description says how").into_response()
        }
        _ => response,
    }
}

fn admit(guard: &Guard, parts: &mut Parts) -> Result<(), Problem> {
    let local = parts.extensions.get::<Local>().map(|local| local.0);
    let host = check_host(&guard.hosts, &parts.uri, &parts.headers, local)?;
    check_site(&parts.method, &parts.headers, &host, guard.lends)?;
    parts.extensions.insert(host);
    Ok(())
}

/// The host that the request is for, if it is one of ours.
fn check_host(hosts: &Hosts, uri: &Uri, headers: &HeaderMap, local: Option<IpAddr>) -> Result<Authority, Problem> {
    let misdirected = || {
        let detail = "this program is not addressed by that name; use localhost, or add the name to server.hosts";
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "HOST_UNKNOWN", detail)
    };
    let mut stated = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (stated.next(), stated.next()) else { return Err(misdirected()) };
    let host = host.to_str().ok().and_then(|host| hosts.accept(host, local)).ok_or_else(misdirected)?;
    // A request may name its host in the first line as well, and then that one counts (RFC 9112 §3.2.2).
    match uri.authority() {
        Some(other) if other != &host => Err(misdirected()),
        _ => Ok(host),
    }
}

/// Whether a page of another site asks for more than to be shown ours.
fn check_site(method: &axum::http::Method, headers: &HeaderMap, host: &Authority, lends: bool) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let link = method == axum::http::Method::GET
        && text("sec-fetch-mode") == Some("navigate")
        && text("sec-fetch-dest") == Some("document");
    let link = link || (lends && method == axum::http::Method::GET && text("sec-fetch-dest") == Some("image"));
    let foreign_site = !matches!(text("sec-fetch-site"), None | Some("same-origin" | "none"));
    let foreign_origin = text("origin").is_some_and(|origin| !is_ours(origin, host));
    if (foreign_site && !link) || foreign_origin {
        return Err(Problem::new(StatusCode::FORBIDDEN, "ORIGIN_FOREIGN", "pages of other sites may not ask for this"));
    }
    Ok(())
}

/// Whether `origin` is the site that the request is for; by a tunnel or proxy it may be encrypted on the way.
fn is_ours(origin: &str, host: &Authority) -> bool {
    let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    site.is_some_and(|site| site.eq_ignore_ascii_case(host.as_str()))
}

/// Whether a request that changes something was made by our own page, or by a program with a token.
fn check_change(request: &Request, route: &RouteGuard, caller: &Caller) -> Result<(), Problem> {
    let (headers, most_bytes) = (request.headers(), route.body.bytes);
    // `check_site` has proved any origin that is stated.
    if !headers.contains_key(header::ORIGIN) && !caller.showed_token() {
        let detail = "state the Origin (http://HOST:PORT, as in Host), or show a token";
        return Err(Problem::new(StatusCode::FORBIDDEN, "ORIGIN_MISSING", detail));
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    // Another site's page cannot send DELETE without asking first, and it has no body that could have a type.
    let fits = match route.media {
        // No form of another site can send these either.
        Some(family) => essence.to_ascii_lowercase().starts_with(family),
        None => essence.eq_ignore_ascii_case("application/json"),
    };
    if route.verb != Verb::Delete && !fits {
        let detail = format!("send the body as {}", route.media.unwrap_or("application/json"));
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE", detail));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most_bytes as u64) {
        return Err(too_large(most_bytes));
    }
    Ok(())
}

/// The answer to who may not: to a person's browser the door, where there is one.
fn stranger(route: &RouteGuard, request: &Request) -> Response {
    let navigates = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    if navigates && route.verb == Verb::Get && route.access.knows_a_pin() {
        // Whoever is let in goes on to what was asked for; the browser keeps that to itself.
        return Redirect::to(&format!("{}#{}", super::operator::DOOR, request.uri().path())).into_response();
    }
    refused(match route.needs {
        Role::Operator => "only an operator may; log in, or show the operator's token",
        Role::Metrics => "show the token of security.metrics_token_file",
        Role::Visitor | Role::Anyone => "this is open at the machine's own screen only; log in as its operator",
    })
    .into_response()
}

fn seal(guard: &Guard, headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, guard.policy.clone());
    let shared = if guard.lends { "cross-origin" } else { "same-origin" };
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static(shared));
    for (name, value) in SEALS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
