//! What the program counts of itself, in the Prometheus (OpenMetrics) text format.
//!
//! Names begin with `portraitist_`; units are base units. No label says who: routes are those of the table, never the
//! path that was asked for.

use std::sync::Mutex;

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::access::held;

/// The format's media type.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counters of the shell, and those that a use of it adds.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<Labels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: String,
    code: u16,
}

impl Metrics {
    /// The shell's own, with the count of failed proofs.
    pub(super) fn new(auth_failures: Counter) -> Self {
        let mut registry = Registry::with_prefix("portraitist");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which version this is", version);
        let requests = Family::default();
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        registry.register("auth_failures", "Proofs of identity that failed or came too early", auth_failures);
        Self { registry: Mutex::new(registry), requests }
    }

    /// Lets a use of the shell register metrics of its own; the prefix is put before their names.
    pub fn add(&self, register: impl FnOnce(&mut Registry)) {
        register(&mut held(&self.registry));
    }

    /// All of them as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &held(&self.registry));
        text
    }

    /// Counts one answer of `route`.
    pub(super) fn count(&self, route: &str, status: StatusCode) {
        let labels = Labels { route: route.to_owned(), code: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }
}
