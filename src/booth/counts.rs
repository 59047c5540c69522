//! What the booth counts of itself, for the metrics: never who, only how often.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use crate::kiosk::Ending;
use crate::kiosk::FaultCode;
use crate::kiosk::JobResult;
use crate::kiosk::Language;
use crate::kiosk::Machine;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct By {
    by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Consent {
    version: u32,
    language: String,
}

/// The counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    sessions: Family<By, Counter>,
    consents: Family<Consent, Counter>,
    drawings: Family<By, Counter>,
    wipes: Family<By, Counter>,
    robot: Family<By, Gauge>,
    connects: Counter,
    strokes: Counter,
    ink: Counter<f64, AtomicU64>,
    pictures: Gauge,
    stale_journal: Counter,
    locked: Gauge,
    faults: Family<By, Counter>,
    free: Gauge,
}

impl Counts {
    /// Lets the metrics tell them; what is counted by an end or a code stands there with 0 before its first time, or no
    /// alert would see that one.
    pub fn register(&self, registry: &mut Registry) {
        for code in FaultCode::ALL {
            drop(self.faults.get_or_create(&By { by: code.row().code.into() }));
        }
        for result in RESULTS {
            drop(self.drawings.get_or_create(&By { by: named(result).into() }));
        }
        drop(self.robot.get_or_create(&By { by: Machine::Absent.name().into() }));
        for by in WIPED {
            drop(self.wipes.get_or_create(&By { by: by.into() }));
        }
        registry.register("sessions", "Sessions, by how they ended", self.sessions.clone());
        registry.register("consents", "Consents, by version of the text and language", self.consents.clone());
        registry.register("jobs", "Drawings, by how they ended", self.drawings.clone());
        registry.register("wipes", "Wipes of what a session left, by what came of them", self.wipes.clone());
        registry.register("robot_state", "1 for the state that the robot is in", self.robot.clone());
        registry.register("serial_reconnects", "How often the robot was met", self.connects.clone());
        registry.register("strokes_drawn", "Strokes that are on paper for certain", self.strokes.clone());
        registry.register("pen_travel_meters", "Metres of ink that are on paper for certain", self.ink.clone());
        registry.register("photos_in_memory", "1 while pictures of a visitor may be in memory", self.pictures.clone());
        let locked = "1 if the sitter's process keeps its memory from being swapped";
        registry.register("sitter_memory_locked", locked, self.locked.clone());
        let faults = "How often something began to be wrong, by its code; what belongs to any evening is not counted";
        registry.register("faults", faults, self.faults.clone());
        registry.register("disk_free_bytes", "Room where drawings under way are kept", self.free.clone());
        registry.register("journal_failures", "Records that could not be made durable", self.stale_journal.clone());
    }

    pub fn session(&self, ending: Ending) {
        let by = match ending {
            Ending::Finished => "finished",
            Ending::PassedOn => "passed-on",
            Ending::Declined => "declined",
            Ending::Cancelled => "cancelled",
            Ending::TimedOut => "timed-out",
            Ending::ByStaff => "by-staff",
            Ending::Restarted => "restarted",
            Ending::Failed(_) => "failed",
            Ending::DrawingOver(_) => "drawing-over",
        };
        self.sessions.get_or_create(&By { by: by.into() }).inc();
    }

    pub fn consent(&self, version: u32, language: Language) {
        let language = serde_json::to_value(language).ok().and_then(|name| name.as_str().map(str::to_owned));
        self.consents.get_or_create(&Consent { version, language: language.unwrap_or_default() }).inc();
    }

    pub fn drawing(&self, result: JobResult) {
        self.drawings.get_or_create(&By { by: named(result).into() }).inc();
    }

    pub fn wipe(&self, ok: bool) {
        self.wipes.get_or_create(&By { by: WIPED[usize::from(ok)].into() }).inc();
    }

    pub fn met(&self) {
        self.connects.inc();
    }

    pub fn drawn(&self, strokes: u32) {
        self.strokes.inc_by(u64::from(strokes));
    }

    pub fn drew(&self, mm: f64) {
        self.ink.inc_by(mm / 1e3);
    }

    pub fn locked(&self, locked: bool) {
        self.locked.set(i64::from(locked));
    }

    pub fn fault(&self, code: FaultCode) {
        self.faults.get_or_create(&By { by: code.row().code.into() }).inc();
    }

    pub fn free(&self, bytes: u64) {
        self.free.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub fn not_durable(&self) {
        self.stale_journal.inc();
    }

    pub fn now(&self, before: Machine, now: Machine, pictures: bool) {
        self.robot.get_or_create(&By { by: before.name().into() }).set(0);
        self.robot.get_or_create(&By { by: now.name().into() }).set(1);
        self.pictures.set(i64::from(pictures));
    }
}

/// What a wipe came to: failed, done.
const WIPED: [&str; 2] = ["failed", "ok"];

const RESULTS: [JobResult; 5] =
    [JobResult::Completed, JobResult::Cancelled, JobResult::Failed, JobResult::Interrupted, JobResult::Expired];

fn named(result: JobResult) -> &'static str {
    match result {
        JobResult::Completed => "completed",
        JobResult::Cancelled => "cancelled",
        JobResult::Failed => "failed",
        JobResult::Interrupted => "interrupted",
        JobResult::Expired => "expired",
    }
}
