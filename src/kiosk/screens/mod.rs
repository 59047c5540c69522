//! The visitor's screens as values: each can only be made from the one before it, by the act that leads there.
//!
//! The fields are private and the methods consume: a countdown cannot be written without a framing, a framing not
//! without a consent, an attract screen not without a wipe that succeeded. What a session may do it holds: the
//! [`Sitting`] of consent and retakes is needed by every screen that has the camera or the photo, and ends with them.

mod screen;

use std::time::Duration;

pub use screen::Screen;

use super::accept::Admission;
use super::config::KioskConfig;
use super::config::secs;
use super::deletion::Deletion;
use super::deletion::Scope;
use super::drawing_job::JobResult;
use super::drawing_job::PlanSummary;
use super::fault_codes::FaultCode;
use super::ids::SessionId;
use super::language::Language;
use super::wait::Wait;

/// Who is before the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    id: SessionId,
    language: Language,
}

impl Visit {
    /// Somebody new.
    pub(super) fn new(id: SessionId, language: Language) -> Self {
        Self { id, language }
    }

    /// Whose session it is.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// What language it speaks.
    pub fn language(&self) -> Language {
        self.language
    }
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// With the thanks.
    Finished,
    /// The visitor let the next person begin while the robot draws.
    PassedOn,
    /// The visitor said no to the photo.
    Declined,
    /// The visitor cancelled.
    Cancelled,
    /// Nobody answered.
    TimedOut,
    /// The staff ended it.
    ByStaff,
    /// The program was started; whatever was before is gone.
    Restarted,
    /// Something failed too often.
    Failed(FaultCode),
    /// The drawing ended before it was drawn.
    DrawingOver(JobResult),
}

/// The attract screen. It belongs to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attract {
    /// Which language somebody who cannot be taken wished to read, and until when.
    spoken: Option<(Language, Duration)>,
}

/// What happens here, in three pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intro {
    visit: Visit,
    wait: Wait,
}

/// May we take a photo? The camera is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    visit: Visit,
    wait: Wait,
}

/// A visit whose visitor has said yes. Only [`Consent::yes`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sitting {
    visit: Visit,
    take: u8,
    most_takes: u8,
}

impl Sitting {
    /// Who said yes.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Which photo it is, counted from 1.
    pub fn take(&self) -> u8 {
        self.take
    }

    /// How many more may follow.
    pub fn retakes_left(&self) -> u8 {
        self.most_takes.saturating_sub(self.take)
    }
}

/// The live view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    sitting: Sitting,
    wait: Wait,
    /// What keeps the photo from being good.
    hint: Option<FaultCode>,
    /// What spoilt the last one.
    spoilt: Option<FaultCode>,
}

/// Three, two, one; then the burst is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countdown {
    sitting: Sitting,
    shutter_at: Duration,
    fired: bool,
    answer_by: Duration,
    /// A phone sent the photo: it is being looked at, and no shutter goes.
    sent: bool,
}

/// The photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    sitting: Sitting,
    wait: Wait,
}

/// One style's drawing of this face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The style's name.
    pub style: String,
    /// What would be drawn.
    pub plan: PlanSummary,
}

/// The drawings to choose from, once they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosing {
    sitting: Sitting,
    shown: Shown,
}

/// What the choosing screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Making { answer_by: Duration },
    Offers { offers: Vec<Offer>, wait: Wait },
}

/// A visit whose drawing was ordered, and whose photo is being wiped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordered {
    visit: Visit,
    deletion: Deletion,
}

/// From the order to the first motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    ordered: Ordered,
    phase: Phase,
}

/// What the handover waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Whether the robot is free. The tap that chose the drawing also starts it, if it is.
    Answer,
    /// The robot, which still draws for somebody else. The place is kept.
    Robot,
    /// The visitor, whose turn it is.
    Visitor(Wait),
    /// The proofs and the announcement.
    Start {
        /// Since the tap.
        since: Duration,
    },
}

/// The robot draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    ordered: Ordered,
    /// Since it stands, for how long the screen waits for a decision.
    stands: Option<Wait>,
}

/// The sheet lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collect {
    ordered: Ordered,
    wait: Wait,
}

/// The sheet was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thanks {
    ordered: Ordered,
    until: Duration,
}

/// The traces of a session are being wiped. Only success leads out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wiping {
    visit: Visit,
    why: Ending,
    deletion: Deletion,
}

impl Attract {
    /// The language that it was asked for, while whoever asked may still be reading.
    pub fn language(&self, now: Duration) -> Option<Language> {
        self.spoken.filter(|(_, until)| now < *until).map(|(language, _)| language)
    }

    /// When that is over.
    pub fn until(&self) -> Option<Duration> {
        self.spoken.map(|(_, until)| until)
    }

    /// Speaks `language` for as long as an intro waits: nobody is known here whose end could be awaited.
    pub(super) fn speak(language: Language, now: Duration, config: &KioskConfig) -> Self {
        Self { spoken: Some((language, now + secs(config.intro_secs))) }
    }

    /// A visitor touched the screen, and may be taken.
    pub(super) fn begin(self, _: Admission, visit: Visit, now: Duration, config: &KioskConfig) -> Intro {
        Intro { visit, wait: Wait::new(visit.id, config.intro_secs, config, now) }
    }
}

impl Intro {
    pub(super) fn start(self, now: Duration, config: &KioskConfig) -> Consent {
        Consent { visit: self.visit, wait: Wait::new(self.visit.id, config.consent_secs, config, now) }
    }
}

impl Consent {
    /// Who is asked.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    pub(super) fn yes(self, now: Duration, config: &KioskConfig) -> Framing {
        let sitting = Sitting { visit: self.visit, take: 1, most_takes: config.retakes.saturating_add(1) };
        sitting.frame(None, now, config)
    }
}

impl Sitting {
    fn frame(self, spoilt: Option<FaultCode>, now: Duration, config: &KioskConfig) -> Framing {
        let wait = Wait::new(self.visit.id, config.framing_secs, config, now);
        Framing { sitting: self, wait, hint: None, spoilt }
    }

    /// The next photo, if one may follow.
    fn again(mut self, spoilt: Option<FaultCode>, now: Duration, config: &KioskConfig) -> Option<Framing> {
        (self.retakes_left() > 0).then(|| {
            self.take += 1;
            self.frame(spoilt, now, config)
        })
    }
}

impl Framing {
    /// What keeps the photo from being good; else what spoilt the last one, until something else has been in the way.
    pub fn hint(&self) -> Option<FaultCode> {
        self.hint.or(self.spoilt)
    }

    /// Which photo it will be.
    pub fn sitting(&self) -> &Sitting {
        &self.sitting
    }

    pub(super) fn seen(self, hint: Option<FaultCode>) -> Self {
        Self { hint, spoilt: self.spoilt.filter(|_| hint.is_none()), ..self }
    }

    pub(super) fn take(self, now: Duration, config: &KioskConfig) -> Countdown {
        let shutter_at = now + secs(config.countdown_secs);
        Countdown { sitting: self.sitting, shutter_at, fired: false, answer_by: shutter_at, sent: false }
    }

    /// A phone has sent the photo.
    pub(super) fn sent(self, now: Duration, config: &KioskConfig) -> Countdown {
        Countdown { sent: true, ..self.take(now, config).fire(now, config) }
    }
}

impl Countdown {
    /// Which photo it will be.
    pub fn sitting(&self) -> &Sitting {
        &self.sitting
    }

    /// When the shutter goes.
    pub fn shutter_at(&self) -> Duration {
        self.shutter_at
    }

    /// Whether it has gone.
    pub fn fired(&self) -> bool {
        self.fired
    }

    /// Whether a phone sent the photo.
    pub fn is_sent(&self) -> bool {
        self.sent
    }

    /// Touched before the shutter: back to the live view. No photo was taken, so none is counted.
    pub(super) fn touched(self, now: Duration, config: &KioskConfig) -> Result<Framing, Self> {
        if self.fired { Err(self) } else { Ok(self.sitting.frame(None, now, config)) }
    }

    /// The shutter, at zero and once.
    pub(super) fn fire(self, now: Duration, config: &KioskConfig) -> Self {
        Self { fired: true, answer_by: now + secs(config.burst_secs), ..self }
    }

    pub(super) fn taken(self, now: Duration, config: &KioskConfig) -> Result<Review, Self> {
        let wait = Wait::new(self.sitting.visit.id, config.review_secs, config, now);
        if self.fired { Ok(Review { sitting: self.sitting, wait }) } else { Err(self) }
    }

    pub(super) fn missed(self, code: FaultCode, now: Duration, config: &KioskConfig) -> Option<Framing> {
        self.sitting.again(Some(code), now, config)
    }

    pub(super) fn due(&self) -> Duration {
        if self.fired { self.answer_by } else { self.shutter_at }
    }
}

impl Review {
    /// Which photo it is.
    pub fn sitting(&self) -> &Sitting {
        &self.sitting
    }

    pub(super) fn again(self, now: Duration, config: &KioskConfig) -> Result<Framing, Self> {
        self.sitting.again(None, now, config).ok_or(self)
    }

    pub(super) fn use_it(self, now: Duration, config: &KioskConfig) -> Choosing {
        Choosing { sitting: self.sitting, shown: Shown::Making { answer_by: now + secs(config.styles_secs) } }
    }
}

impl Choosing {
    /// Which photo they were made from.
    pub fn sitting(&self) -> &Sitting {
        &self.sitting
    }

    /// The drawings to choose from; none while they are being made.
    pub fn offers(&self) -> &[Offer] {
        match &self.shown {
            Shown::Making { .. } => &[],
            Shown::Offers { offers, .. } => offers,
        }
    }

    /// Until when they must be there, while they are being made.
    pub(super) fn making_until(&self) -> Option<Duration> {
        match self.shown {
            Shown::Making { answer_by } => Some(answer_by),
            Shown::Offers { .. } => None,
        }
    }

    pub(super) fn again(self, now: Duration, config: &KioskConfig) -> Result<Framing, Self> {
        self.sitting.again(None, now, config).ok_or(self)
    }

    pub(super) fn missed(self, code: FaultCode, now: Duration, config: &KioskConfig) -> Option<Framing> {
        self.sitting.again(Some(code), now, config)
    }

    /// The drawings have come. What takes too long is not offered; `None` if that leaves nothing.
    pub(super) fn offer(self, mut offers: Vec<Offer>, now: Duration, config: &KioskConfig) -> Option<Self> {
        offers.retain(|offer| offer.plan.secs <= config.longest_drawing_secs && offer.plan.strokes > 0);
        offers.truncate(usize::from(config.most_offers));
        let wait = Wait::new(self.sitting.visit.id, config.choosing_secs, config, now);
        let some = !offers.is_empty();
        some.then_some(Self { shown: Shown::Offers { offers, wait }, ..self })
    }

    /// Draw this one: the photo has served its purpose.
    pub(super) fn draw(self, offer: u8, now: Duration, config: &KioskConfig) -> Result<(Handover, Offer), Self> {
        let Shown::Offers { offers, .. } = &self.shown else { return Err(self) };
        let Some(chosen) = offers.get(usize::from(offer)).cloned() else { return Err(self) };
        let visit = self.sitting.visit;
        let deletion = Deletion::ask(visit.id, Scope::Pictures, now, config);
        Ok((Handover { ordered: Ordered { visit, deletion }, phase: Phase::Answer }, chosen))
    }
}

impl Handover {
    /// The wipe of the photo.
    pub fn deletion(&self) -> &Deletion {
        &self.ordered.deletion
    }

    /// What it waits for.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn wait_for_robot(self) -> Self {
        Self { phase: Phase::Robot, ..self }
    }

    pub(super) fn your_turn(self, now: Duration, config: &KioskConfig) -> Self {
        let wait = Wait::new(self.ordered.visit.id, config.your_turn_secs, config, now);
        Self { phase: Phase::Visitor(wait), ..self }
    }

    pub(super) fn start(self, now: Duration) -> Self {
        Self { phase: Phase::Start { since: now }, ..self }
    }

    pub(super) fn began(self) -> Watching {
        Watching { ordered: self.ordered, stands: None }
    }
}

impl Watching {
    /// Whether it stands and waits for a decision.
    pub fn is_standing(&self) -> bool {
        self.stands.is_some()
    }

    pub(super) fn stands(self, now: Duration, config: &KioskConfig) -> Self {
        let wait = Wait::new(self.ordered.visit.id, config.stopped_secs, config, now);
        Self { stands: self.stands.or(Some(wait)), ..self }
    }

    pub(super) fn goes_on(self) -> Self {
        Self { stands: None, ..self }
    }

    pub(super) fn drawn(self, now: Duration, config: &KioskConfig) -> Collect {
        let wait = Wait::new(self.ordered.visit.id, config.collect_secs, config, now);
        Collect { ordered: self.ordered, wait }
    }
}

impl Thanks {
    pub(super) fn until(&self) -> Duration {
        self.until
    }
}

impl Collect {
    pub(super) fn taken(self, now: Duration, config: &KioskConfig) -> Thanks {
        Thanks { ordered: self.ordered, until: now + secs(config.thanks_secs) }
    }
}

impl Wiping {
    /// Why the session ended.
    pub fn why(&self) -> Ending {
        self.why
    }

    /// How far the wipe has come.
    pub fn deletion(&self) -> &Deletion {
        &self.deletion
    }

    /// Whatever was before, its traces are to be wiped.
    pub(super) fn of(
        visit: Visit,
        earlier: Option<Deletion>,
        why: Ending,
        now: Duration,
        config: &KioskConfig,
    ) -> Self {
        let deletion = match earlier {
            Some(earlier) => earlier.widen(Scope::Everything, now, config),
            None => Deletion::ask(visit.id, Scope::Everything, now, config),
        };
        Self { visit, why, deletion }
    }

    /// The only way to the attract screen.
    pub(super) fn done(self) -> Result<Attract, Self> {
        if self.deletion.is_done() { Ok(Attract { spoken: None }) } else { Err(self) }
    }
}
