//! The kiosk's mind: three machines that decide, and nothing that acts.
//!
//! ```text
//!             touch, press, burst, wiped …                    status, alarm, gate, cable …
//!                         │                                               │
//!                    ┌────▼────┐   order, start    ┌──────┐   moves   ┌───▼───┐
//!   page ◀── View ── │ session │ ────────────────▶ │ desk │ ────────▶ │machine│
//!                    │(screen) │ ◀──────────────── │(jobs)│ ◀──────── │(robot)│
//!                    └────┬────┘  began, drawn …   └──┬───┘  befalls  └───┬───┘
//!                         └───────────── commands ────┴───────────────────┘
//!                                  (the server does them, in order)
//! ```
//! Read first: `booth` (how they are wired, and all that a server has to do), then `session` with `screens` (one
//! visitor), `drawing_job` with `proofs` and `desk` (one drawing, and the places for them), `machine` (the robot),
//! `accept` (who may be asked in), `journal` (what survives a power cut), `view` (what the screens show), `texts` and
//! `fault_codes` (what is said). `wait` and `deletion` are the two things a screen may wait for.
//!
//! How it is kept safe, each by type before by test: a screen is only made by the act that leads to it; whatever has
//! the camera or the photo holds the consent; a session begins only with an admission, which an empty list of reasons
//! gives; a run of the pen begins only with the proofs of the whole checklist; what only the staff may do asks for the
//! staff's proof. Every event and command carries its session or its job and run; one that is stale does nothing.
//! Timers live inside the states and die with them; silence discards and starts nothing.
//!
//! It refuses to know a clock, a device, a socket or a picture. Time comes in as `Duration` since the program's start,
//! from a clock that does not jump. Sources: `B1` to `B4` of the project's study of kiosks; WCAG 2.2 (2.2.1); ISO 13850
//! for what a software stop may not be called; grbl v1.1's interface for holds, doors and alarms.

mod accept;
mod booth;
mod config;
mod deletion;
mod desk;
mod drawing_job;
mod fault_codes;
mod ids;
mod journal;
mod language;
mod machine;
mod opening;
mod proofs;
mod screens;
mod session;
mod staff;
mod texts;
mod transitions;
mod view;
mod wait;
#[cfg(test)]
mod evening;

pub use accept::Admission;
pub use accept::CameraHealth;
pub use accept::Conditions;
pub use accept::Disk;
pub use accept::Paper;
pub use accept::Pen;
pub use accept::Reason;
pub use accept::minutes;
pub use booth::Booth;
pub use booth::Command;
pub use booth::Event;
pub use config::KioskConfig;
pub use config::KioskConfigError;
pub use deletion::Deletion;
pub use deletion::Scope;
pub use deletion::WipeId;
pub use desk::Desk;
pub use desk::Placed;
pub use drawing_job::DrawingJob;
pub use drawing_job::JobCommand;
pub use drawing_job::JobEvent;
pub use drawing_job::JobResult;
pub use drawing_job::JobState;
pub use drawing_job::PauseCause;
pub use drawing_job::PlanSummary;
pub use drawing_job::Preparing;
pub use drawing_job::Refusal;
pub use drawing_job::RunNews;
pub use fault_codes::FaultCode;
pub use fault_codes::OnJob;
pub use fault_codes::Row;
pub use ids::IdError;
pub use ids::JobId;
pub use ids::Operator;
pub use ids::OrderKey;
pub use ids::Person;
pub use ids::SessionId;
pub use journal::Journal;
pub use journal::NoChecksum;
pub use journal::PlanChecksum;
pub use journal::Record;
pub use journal::Stage;
pub use journal::decode;
pub use journal::encode;
pub use language::Direction;
pub use language::Language;
pub use machine::Latch;
pub use machine::Latched;
pub use machine::Machine;
pub use machine::MachineCommand;
pub use machine::MachineEvent;
pub use machine::Report;
pub use opening::Opening;
pub use opening::OpeningCommand;
pub use opening::Step;
pub use opening::StepView;
pub use proofs::Check;
pub use proofs::Facts;
pub use proofs::Run;
pub use screens::Attract;
pub use screens::Choosing;
pub use screens::Collect;
pub use screens::Consent;
pub use screens::Countdown;
pub use screens::Ending;
pub use screens::Framing;
pub use screens::Handover;
pub use screens::Intro;
pub use screens::Offer;
pub use screens::Phase;
pub use screens::Review;
pub use screens::Screen;
pub use screens::Sitting;
pub use screens::Thanks;
pub use screens::Visit;
pub use screens::Watching;
pub use screens::Wiping;
pub use session::DrawingNews;
pub use session::Invitation;
pub use session::Press;
pub use session::Session;
pub use session::SessionCommand;
pub use session::SessionEvent;
pub use session::Wish;
pub use staff::StaffPress;
pub use texts::CONSENT_VERSION;
pub use texts::TextKey;
pub use texts::Texts;
pub use view::Act;
pub use view::Aside;
pub use view::Button;
pub use view::Details;
pub use view::FaultView;
pub use view::HouseView;
pub use view::JobView;
pub use view::LanguageButton;
pub use view::OfferView;
pub use view::Progress;
pub use view::View;
pub use view::VisitorView;
pub use view::WaitView;
pub use view::Warning;
pub use view::Weight;
pub use wait::Timer;
pub use wait::Wait;
