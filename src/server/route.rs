//! The table of routes: what there is, who may, and what it does to the world.
//!
//! One entry holds all that is known of a route, and everything else is derived from the table: the router, the matrix
//! of roles, the OpenAPI description, the proof that no GET changes anything. A route that [reads](Route::reads)
//! answers GET (and HEAD); one that [changes](Route::changes) answers POST, PUT or DELETE and takes JSON: there is no
//! way to write down a GET that changes.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::routing::MethodFilter;
use axum::routing::MethodRouter;
use axum::routing::on;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;

use super::access::Role;
use super::limits::Limits;
use super::problem::Problem;

/// What a route does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: asked twice, the world is as it was.
    Reads,
    /// Something.
    Changes,
}

/// How a route is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Verb {
    /// Its name in a request.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        }
    }

    /// What a route called so does.
    pub fn effect(self) -> Effect {
        if self == Verb::Get { Effect::Reads } else { Effect::Changes }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        }
    }
}

/// The schema of a type that travels.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub name: fn() -> Cow<'static, str>,
    pub schema: fn() -> RefOr<Schema>,
    pub inner: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(super) fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: T::schema, inner: T::schemas }
    }
}

/// What a route answers when all is well.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// Nothing.
    Nothing,
    /// JSON of this shape.
    Json(Shape),
    /// Something of this media type.
    Media(&'static str),
}

/// One route.
pub struct Route<S> {
    verb: Verb,
    path: &'static str,
    needs: Role,
    about: &'static str,
    body_bytes: Option<usize>,
    /// What it takes instead of JSON: media types that begin so.
    pub(super) media: Option<&'static str>,
    pub(super) takes: Option<Shape>,
    pub(super) gives: Answer,
    pub(super) handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A route that changes nothing, for those who hold the role `needs`; `about` is one line of its description.
    pub fn reads<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        needs: Role,
        about: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Verb::Get, path, needs, about, handler)
    }

    /// A route that changes something. A `verb` of [`Verb::Get`] is taken for [`Verb::Post`].
    pub fn changes<H: Handler<T, S>, T: 'static>(
        verb: Verb,
        path: &'static str,
        needs: Role,
        about: &'static str,
        handler: H,
    ) -> Self {
        let verb = if verb.effect() == Effect::Changes { verb } else { Verb::Post };
        Self::new(verb, path, needs, about, handler)
    }

    fn new<H: Handler<T, S>, T: 'static>(
        verb: Verb,
        path: &'static str,
        needs: Role,
        about: &'static str,
        handler: H,
    ) -> Self {
        let handler = on(verb.filter(), handler);
        Self { verb, path, needs, about, body_bytes: None, media: None, takes: None, gives: Answer::Nothing, handler }
    }

    /// It takes a `T` as JSON.
    pub fn takes<T: ToSchema>(self) -> Self {
        Self { takes: Some(Shape::of::<T>()), ..self }
    }

    /// It takes bytes of a media type that begins with `family`, as in `image/`, of which no form can send any. Its handler
    /// reads them by [`read`].
    pub fn takes_media(self, family: &'static str) -> Self {
        Self { media: Some(family), ..self }
    }

    /// It answers a `T` as JSON.
    pub fn gives<T: ToSchema>(self) -> Self {
        Self { gives: Answer::Json(Shape::of::<T>()), ..self }
    }

    /// It answers something of this media type.
    pub fn gives_media(self, media: &'static str) -> Self {
        Self { gives: Answer::Media(media), ..self }
    }

    /// It takes bodies of up to so many bytes, instead of [`Limits::body_bytes`].
    pub fn body_at_most(self, bytes: usize) -> Self {
        Self { body_bytes: Some(bytes), ..self }
    }

    /// How it is called.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// Where it is; `{name}` stands for one piece of the path.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Who may.
    pub fn needs(&self) -> Role {
        self.needs
    }

    /// What it does to the world.
    pub fn effect(&self) -> Effect {
        self.verb.effect()
    }

    /// What it is for.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Most bytes of its body.
    pub fn body_bytes(&self, limits: &Limits) -> usize {
        self.body_bytes.unwrap_or(limits.body_bytes)
    }
}

/// The bounds of a request's body, as the guard attaches them to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyBounds {
    pub bytes: usize,
    pub time: Duration,
}

/// A request's body as a `T`: JSON, within the route's bounds.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request).await?;
        let refused = |why: String| {
            let detail = format!("the body does not fit: {why}");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_JSON", detail)
        };
        // A list would be taken for a struct's fields in their order, which nobody means.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(refused("it is no JSON object".to_owned()));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|e| refused(e.to_string()))
    }
}

/// The body of `request`, within its route's bounds.
///
/// # Errors
/// It is too large, too slow, or breaks off.
pub async fn read(request: Request) -> Result<Bytes, Problem> {
    let most = request.extensions().get::<BodyBounds>().copied();
    let limits = Limits::default();
    let most = most.unwrap_or(BodyBounds { bytes: limits.body_bytes, time: limits.body });
    let read = tokio::time::timeout(most.time, axum::body::to_bytes(request.into_body(), most.bytes)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(e)) if is_too_large(&e) => Err(too_large(most.bytes)),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", "the body broke off; send it again")),
        Err(_) => {
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "BODY_SLOW", "the body came too slowly; send it again"))
        }
    }
}

/// The refusal of a body of more than `bytes`.
pub(super) fn too_large(bytes: usize) -> Problem {
    let detail = format!("the body is larger than {bytes} bytes; send a smaller one");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail)
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}
