//! The routes of a robot PC without a screen: a trigger, and what has become of each order.
//!
//! A trigger is a plain POST from this machine, or an operator's: its `Idempotency-Key` makes it the same order however
//! often it is sent, because ink cannot be undone. It is refused with the first reason why nobody could be drawn now:
//! whoever stands before the camera should hear no, not wait for a shutter that comes later.

use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::orders::OrderView;
use super::orders::PhotoFrom;
use super::orders::Taken;
use super::routes::Plain;
use super::routes::Site;
use crate::kiosk::Event;
use crate::kiosk::OrderKey;
use crate::server::Body;
use crate::server::Problem;
use crate::server::Role;
use crate::server::Route;
use crate::server::Verb;

/// All orders that are known.
#[derive(Debug, Serialize, ToSchema)]
struct Orders {
    /// The newest last.
    orders: Vec<OrderView>,
}

/// The routes of orders.
pub fn orders() -> Vec<Route<Arc<Site>>> {
    let trigger = "Take a photo now and draw it; needs an Idempotency-Key, by which it stays the same order";
    vec![
        Route::changes(Verb::Post, "/api/v1/orders", Role::Visitor, trigger, order)
            .takes::<Plain>()
            .gives::<OrderView>(),
        Route::reads("/api/v1/orders", Role::Operator, "All orders that are known", all).gives::<Orders>(),
        Route::reads("/api/v1/orders/{key}", Role::Visitor, "How far an order has come", one).gives::<OrderView>(),
    ]
}

async fn order(
    State(at): State<Arc<Site>>,
    headers: HeaderMap,
    Body(Plain {}): Body<Plain>,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let key = key.and_then(|key| OrderKey::try_from(key).ok()).ok_or_else(|| {
        let detail = "name the order by an Idempotency-Key header of 1 to 64 visible characters";
        Problem::new(StatusCode::BAD_REQUEST, "KEY_MISSING", detail)
    })?;
    if let Some(known) = at.orders.find(&key) {
        return Ok(Json(known.view()).into_response());
    }
    if !at.triggers {
        let detail = "no camera takes orders here; start serve with one";
        return Err(Problem::new(StatusCode::CONFLICT, "NO_CAMERA", detail));
    }
    if let Some(reason) = at.shown.read(|now| now.reasons.first().cloned()) {
        return Err(Problem::new(StatusCode::CONFLICT, reason.code, reason.detail));
    }
    if at.orders.is_busy() {
        let detail = "another order is being made; try again in a moment";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "BUSY", detail).retry_after(5));
    }
    match at.orders.take(key, PhotoFrom::Camera) {
        Taken::New(view) => {
            // The loop looks once a second anyway.
            let _ = at.tell(Event::Tick);
            Ok((StatusCode::ACCEPTED, Json(view)).into_response())
        }
        Taken::Same(view) => Ok(Json(view).into_response()),
        Taken::Full => {
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "BUSY", "too many orders wait; try again").retry_after(60))
        }
    }
}

async fn all(State(at): State<Arc<Site>>) -> Json<Orders> {
    Json(Orders { orders: at.orders.views() })
}

async fn one(State(at): State<Arc<Site>>, Path(key): Path<String>) -> Result<Json<OrderView>, Problem> {
    let key = OrderKey::try_from(key).map_err(|_| Problem::not_found())?;
    at.orders.find(&key).map(|order| Json(order.view())).ok_or_else(Problem::not_found)
}
