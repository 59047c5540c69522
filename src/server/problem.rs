//! What went wrong, as a program reads it: `application/problem+json` (RFC 9457) with a `code` that never changes.
//!
//! Every refusal of every route is one of these, so that a page needs one way to show them. The title is the status's
//! own phrase; the detail is one sentence for a person; the code is for programs and for the table of faults.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

use crate::fault::Fault;
use crate::fault::Kind;

/// Its media type.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_secs: Option<u64>,
}

/// What of it travels.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    /// Always `about:blank`: the code says what it is.
    r#type: &'static str,
    /// The status's phrase.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, for programs; it never changes its meaning.
    code: &'static str,
    /// What happened and what to do, one sentence.
    detail: String,
}

impl Problem {
    /// The refusal with `status`, `code` and a sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_secs: None }
    }

    /// The same, with how long to wait before trying again.
    pub fn retry_after(self, secs: u64) -> Self {
        Self { retry_after_secs: Some(secs), ..self }
    }

    /// There is nothing here: the same answer for every path that is none.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here")
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let (status, code) = match fault.kind() {
            Kind::BadInput | Kind::Usage => (StatusCode::UNPROCESSABLE_ENTITY, "BAD_INPUT"),
            Kind::PlanRejected => (StatusCode::UNPROCESSABLE_ENTITY, "PLAN_BOUNDS"),
            Kind::Config => (StatusCode::UNPROCESSABLE_ENTITY, "CONFIG"),
            Kind::DeviceNotFound => (StatusCode::SERVICE_UNAVAILABLE, "DEVICE_NOT_FOUND"),
            Kind::DeviceBusy => (StatusCode::CONFLICT, "DEVICE_BUSY"),
            Kind::RobotAlarm => (StatusCode::LOCKED, "ROBOT_ALARM"),
            Kind::Cancelled => (StatusCode::CONFLICT, "CANCELLED"),
            Kind::Interrupted => (StatusCode::CONFLICT, "INTERRUPTED"),
            Kind::Unexpected | Kind::Doctor => (StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED"),
        };
        Self::new(status, code, fault.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Refused"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}
