//! The pictures of one session, for who knows its token: the live view as a stream of JPEGs, and the photo.
//!
//! They are served by the sitter's own process at a port of this machine, and end with it. Without the token, and before
//! a camera was opened, there is nothing here. Sources: `multipart/x-mixed-replace` (RFC 2046 §5.1; the HTML standard's
//! own use of it), RFC 9110.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::stream;
use tokio::sync::watch;

use super::held;
use crate::fault::Fault;
use crate::server;
use crate::server::Access;
use crate::server::App;
use crate::server::Hosts;
use crate::server::Limits;
use crate::server::Problem;
use crate::server::Role;
use crate::server::Route;
use crate::server::Shell;
use crate::server::secret::Secrets;
use crate::server::secret::Token;

const BOUNDARY: &str = "multipart/x-mixed-replace; boundary=frame";

/// What there is to see.
#[derive(Debug)]
pub struct Pictures {
    live: watch::Sender<Bytes>,
    photo: Mutex<Option<Bytes>>,
    token: Mutex<Option<Token>>,
}

impl Pictures {
    /// Nothing, for nobody.
    pub fn none() -> Self {
        Self { live: watch::Sender::new(Bytes::new()), photo: Mutex::default(), token: Mutex::default() }
    }

    /// From now on they are shown to who knows `token`.
    pub fn let_in(&self, token: &str) {
        *held(&self.token) = Token::parse(token, "sitter").ok();
    }

    /// The live view's next picture, a JPEG.
    pub fn show(&self, jpeg: Vec<u8>) {
        self.live.send_replace(jpeg.into());
    }

    /// The live view is over; its last picture is forgotten.
    pub fn close(&self) {
        self.live.send_replace(Bytes::new());
    }

    /// The photo, a JPEG, in the place of any earlier one.
    pub fn keep(&self, jpeg: Vec<u8>) {
        *held(&self.photo) = Some(jpeg.into());
    }

    /// Serves them at `socket` for as long as this process lives.
    ///
    /// # Errors
    /// The socket or the runtime cannot be used.
    pub fn serve(self: Arc<Self>, socket: TcpListener) -> Result<(), Fault> {
        let access = Arc::new(Access::new(Secrets::default(), None));
        let app = App { state: self, routes: routes(), ready: Arc::new(Vec::new), farewell: Arc::new(|| {}) };
        let lent = server::Pictures { lent: true, ..server::Pictures::default() };
        let limits = Limits::default();
        super::serve_here(socket, Shell::with_pictures(app, &access, Hosts::new(&[]), &limits, &lent))
    }

    fn is_known(&self, token: &str) -> Result<(), Problem> {
        let known = held(&self.token).as_ref().is_some_and(|known| known.matches(token));
        if known { Ok(()) } else { Err(Problem::not_found()) }
    }
}

fn routes() -> Vec<Route<Arc<Pictures>>> {
    vec![
        Route::reads("/{token}/live", Role::Visitor, "The live view", live).gives_media(BOUNDARY),
        Route::reads("/{token}/photo", Role::Visitor, "The photo", photo).gives_media("image/jpeg"),
    ]
}

async fn photo(State(at): State<Arc<Pictures>>, Path(token): Path<String>) -> Result<Response, Problem> {
    at.is_known(&token)?;
    let photo = held(&at.photo).clone().ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], photo).into_response())
}

async fn live(State(at): State<Arc<Pictures>>, Path(token): Path<String>) -> Result<Response, Problem> {
    at.is_known(&token)?;
    let mut pictures = at.live.subscribe();
    pictures.mark_changed();
    // Who reads slowly misses pictures; none waits for anybody.
    let body = stream::unfold(pictures, |mut pictures| async move {
        loop {
            pictures.changed().await.ok()?;
            let picture = pictures.borrow_and_update().clone();
            if !picture.is_empty() {
                let head = format!("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", picture.len());
                let part = [head.as_bytes(), &picture, b"\r\n"].concat();
                return Some((Ok::<_, Infallible>(part), pictures));
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, BOUNDARY)], Body::from_stream(body)).into_response())
}
