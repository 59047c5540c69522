//! The screen machine: one visitor at a time, from the attract screen and back to it through the wipe.
//!
//! ```text
//! attract → intro → consent → framing → countdown → review → choosing → handover → watching → collect → thanks
//!    ▲                          ▲ again ────────────────────────┘                                        │
//!    └──────────────────────── wiping ◀── from any: cancelled, timed out, ended, failed ◀────────────────┘
//! ```
//! `step(event, now)` gives the next session and what is to be done; it knows no clock. Timers live inside the screens
//! and die with them. A step first lets run out what has run out by `now`, then looks at the event: so the outcome does
//! not depend on which of a late tap and a timer was delivered first. An event of another session, or one that the
//! screen does not offer, does nothing. Silence discards: no timeout orders, starts or keeps anything. It begins in the
//! wipe, because whatever ran before may have left something.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::accept::Admission;
use super::config::KioskConfig;
use super::config::secs;
use super::deletion::Deletion;
use super::deletion::Scope;
use super::deletion::WipeId;
use super::drawing_job::JobResult;
use super::fault_codes::FaultCode;
use super::ids::SessionId;
use super::language::Language;
use super::screens::Ending;
use super::screens::Offer;
use super::screens::Phase;
use super::screens::Screen;
use super::screens::Visit;
use super::screens::Wiping;
use super::wait::Timer;

/// What a visitor may press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "press", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Press {
    /// Intro: go on.
    Start,
    /// Consent: yes, take my photo.
    Yes,
    /// Consent: no.
    No,
    /// Framing: take the photo.
    TakePhoto,
    /// Countdown: anywhere on the screen.
    Touch,
    /// Review: use this photo.
    UseIt,
    /// Review, choosing: another photo.
    Again,
    /// Choosing: draw this one, counted from 0.
    Draw {
        /// Which.
        offer: u8,
    },
    /// Handover: it is my turn, start.
    StartDrawing,
    /// Watching, while it stands: go on.
    Continue,
    /// Watching, while it stands: end it here.
    Finish,
    /// Watching: let the next person begin.
    PassOn,
    /// Collect: I have it.
    Taken,
    /// Up to the handover: away with everything.
    Cancel,
    /// Wherever somebody is waited for.
    MoreTime,
    /// Everywhere.
    Language {
        /// Which.
        language: Language,
    },
}

/// How the drawing of a session comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawingNews {
    /// It is ordered and the robot is free for it.
    Turn,
    /// It is ordered, and the robot draws for somebody else.
    Waits,
    /// There is no place for it after all.
    NoPlace,
    /// Its start was refused; a person must start it again.
    StartRefused,
    /// The pen is about to move.
    Began,
    /// It stands until a person decides.
    Stands,
    /// It goes on.
    GoesOn,
    /// It lies on the sheet.
    Drawn,
    /// The sheet was taken.
    Taken,
    /// It ended otherwise.
    Over(JobResult),
}

/// What happens to a session. All but four name the session they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum SessionEvent {
    /// Somebody touched the attract screen, and may be taken.
    Begin { admission: Admission, language: Option<Language> },
    /// Somebody who cannot be taken now wishes to read why in another language.
    Speak { language: Language },
    /// Time passes.
    Tick,
    /// A visitor pressed this.
    Press { session: SessionId, press: Press },
    /// What the live view shows is good, or why not.
    Seen { session: SessionId, hint: Option<FaultCode> },
    /// The burst of this take is in memory, or why not.
    Burst { session: SessionId, take: u8, result: Result<(), FaultCode> },
    /// A phone sent a photo by this session's link.
    Sent { session: SessionId },
    /// The drawings of this take, or why there are none.
    Styles { session: SessionId, take: u8, result: Result<Vec<Offer>, FaultCode> },
    /// Its drawing comes along.
    Drawing { session: SessionId, news: DrawingNews },
    /// What came of a wipe.
    Wiped { wipe: WipeId, ok: bool },
    /// The staff ends it.
    EndedByStaff,
}

/// What a visitor wishes of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// This one is chosen; answer with [`DrawingNews::Turn`], `Waits` or `NoPlace`.
    Order(Offer),
    /// Start it.
    Start,
    /// Let it go on.
    Continue,
    /// End it.
    Finish,
    /// The sheet is taken.
    Taken,
}

/// What is to be done for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum SessionCommand {
    /// Open the camera: consent is given.
    OpenCamera { session: SessionId },
    /// Close it.
    CloseCamera { session: SessionId },
    /// Take a burst now and keep its best photo in memory, in the place of any earlier one.
    TakeBurst { session: SessionId, take: u8 },
    /// Keep the photo that a phone sent in memory, in the place of any earlier one; answered as a burst is.
    ReadSent { session: SessionId, take: u8 },
    /// Draw that photo in every style.
    MakeStyles { session: SessionId, take: u8 },
    /// Its visitor wishes something of the drawing.
    Wish { session: SessionId, wish: Wish },
    /// Wipe this; answer with [`SessionEvent::Wiped`].
    Wipe { wipe: WipeId, scope: Scope },
    /// Count one consent to this version of the text. No person is linked to it.
    CountConsent { version: u32, language: Language },
    /// Count one session by how it ended.
    CountEnding { ending: Ending },
}

/// What a visitor's phone may do for a session: nobody has a link before they have said yes to the photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Whose.
    pub session: SessionId,
    /// What the phone's page speaks.
    pub language: Language,
    /// Which photo may be sent now, if one may.
    pub take: Option<u8>,
}

/// The screen machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    screen: Screen,
    last: SessionId,
}

impl Session {
    /// At the program's start: whatever a session before it left is wiped first.
    pub fn at_start(boot: u32, now: Duration, config: &KioskConfig) -> (Self, Vec<SessionCommand>) {
        let visit = Visit::new(SessionId::first(boot), config.default_language);
        let wiping = Wiping::of(visit, None, Ending::Restarted, now, config);
        let command = SessionCommand::Wipe { wipe: wiping.deletion().id(), scope: wiping.deletion().scope() };
        (Self { screen: Screen::Wiping(wiping), last: visit.id() }, vec![command])
    }

    /// Where it is.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Whose it is; nobody's on the attract screen.
    pub fn id(&self) -> Option<SessionId> {
        self.screen.visit().map(Visit::id)
    }

    /// What a phone may do for it.
    pub fn invitation(&self, config: &KioskConfig) -> Option<Invitation> {
        let take = match &self.screen {
            _ if !config.has_links() => return None,
            Screen::Attract(_) | Screen::Intro(_) | Screen::Consent(_) | Screen::Wiping(_) => return None,
            Screen::Framing(framing) => Some(framing.sitting().take()),
            _ => None,
        };
        let visit = self.screen.visit()?;
        Some(Invitation { session: visit.id(), language: visit.language(), take })
    }

    /// When it wants to be told the time.
    pub fn timer(&self, now: Duration, config: &KioskConfig) -> Option<Timer> {
        let session = self.id()?;
        let waits = self.screen.wait().map(|wait| wait.timer(now).at);
        let deleted = self.screen.deletion().and_then(Deletion::due);
        let own = match &self.screen {
            Screen::Countdown(countdown) => Some(countdown.due()),
            Screen::Choosing(choosing) => choosing.making_until(),
            Screen::Handover(handover) => match handover.phase() {
                Phase::Start { since } => Some(since + secs(config.explain_secs)).filter(|at| now < *at),
                _ => None,
            },
            Screen::Thanks(thanks) => Some(thanks.until()),
            _ => None,
        };
        let at = [waits, deleted, own].into_iter().flatten().min()?;
        Some(Timer { session, at })
    }

    /// When the first screen speaks its own language again, if somebody wished for another.
    pub fn forgets_at(&self, now: Duration) -> Option<Duration> {
        match &self.screen {
            Screen::Attract(attract) => attract.until().filter(|until| now < *until),
            _ => None,
        }
    }

    /// What comes of `event`.
    #[must_use]
    pub fn step(self, event: SessionEvent, now: Duration, config: &KioskConfig) -> (Self, Vec<SessionCommand>) {
        let mut todo = Vec::new();
        let session = self.overdue(now, config, &mut todo);
        if event.session().is_some_and(|meant| session.id() != Some(meant)) {
            return (session, todo);
        }
        let last = session.last;
        let next = session.screen.clone().next(event, last, now, config, &mut todo);
        (session.go(next, &mut todo), todo)
    }

    /// Lets everything run out that has.
    fn overdue(mut self, now: Duration, config: &KioskConfig, todo: &mut Vec<SessionCommand>) -> Self {
        let next = self.screen.clone().deleting(now, config, todo);
        self = self.go(next, todo);
        // Each turn leads to a screen whose own end lies after now: what follows has its whole time again.
        while let Some(next) = self.screen.clone().run_out(now, config, todo) {
            self = self.go(next, todo);
        }
        self
    }

    /// Enters the next screen: camera, wipe and counts follow from where it was and where it is.
    fn go(self, next: Screen, todo: &mut Vec<SessionCommand>) -> Self {
        match (self.screen.camera_open(), next.camera_open(), self.id()) {
            (false, true, Some(session)) => todo.push(SessionCommand::OpenCamera { session }),
            (true, false, Some(session)) => todo.push(SessionCommand::CloseCamera { session }),
            _ => {}
        }
        if let (Screen::Wiping(wiping), false) = (&next, matches!(self.screen, Screen::Wiping(_))) {
            todo.push(SessionCommand::CountEnding { ending: wiping.why() });
            todo.push(SessionCommand::Wipe { wipe: wiping.deletion().id(), scope: wiping.deletion().scope() });
        }
        let last = next.visit().map_or(self.last, Visit::id);
        Self { screen: next, last }
    }
}

impl SessionEvent {
    /// The session it means, if it means one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            SessionEvent::Begin { .. }
            | SessionEvent::Speak { .. }
            | SessionEvent::Tick
            | SessionEvent::EndedByStaff => None,
            SessionEvent::Wiped { wipe, .. } => Some(wipe.session()),
            SessionEvent::Press { session, .. }
            | SessionEvent::Seen { session, .. }
            | SessionEvent::Burst { session, .. }
            | SessionEvent::Sent { session }
            | SessionEvent::Styles { session, .. }
            | SessionEvent::Drawing { session, .. } => Some(*session),
        }
    }
}
