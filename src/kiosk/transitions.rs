//! Which screen follows which: the one `match` over screens and events.
//!
//! Every arm calls the method that makes the next screen from this one; what no arm names does nothing.

use std::time::Duration;

use super::config::KioskConfig;
use super::drawing_job::JobResult;
use super::fault_codes::FaultCode;
use super::ids::SessionId;
use super::screens::Attract;
use super::screens::Ending;
use super::screens::Framing;
use super::screens::Phase;
use super::screens::Screen;
use super::screens::Visit;
use super::screens::Wiping;
use super::session::DrawingNews;
use super::session::Press;
use super::session::SessionCommand;
use super::session::SessionEvent;
use super::session::Wish;
use super::texts;

impl Screen {
    fn wipe(self, why: Ending, now: Duration, config: &KioskConfig) -> Self {
        match (self.visit(), &self) {
            (None, _) | (_, Screen::Wiping(_)) => self,
            (Some(visit), _) => Screen::Wiping(Wiping::of(*visit, self.deletion().copied(), why, now, config)),
        }
    }

    /// Back to the live view for another try, or away if there were enough.
    fn retry(framing: Option<Framing>, old: Self, code: FaultCode, now: Duration, config: &KioskConfig) -> Self {
        match framing {
            Some(framing) => Screen::Framing(framing),
            None => old.wipe(Ending::Failed(code), now, config),
        }
    }

    /// Lets the deletion's own time pass.
    pub(super) fn deleting(mut self, now: Duration, config: &KioskConfig, todo: &mut Vec<SessionCommand>) -> Self {
        if let Some(deletion) = self.deletion_mut() {
            let (next, asks) = deletion.tick(now, config);
            *deletion = next;
            if asks {
                todo.push(SessionCommand::Wipe { wipe: next.id(), scope: next.scope() });
            }
        }
        self
    }

    /// What comes of the time having run out, if it has.
    pub(super) fn run_out(self, now: Duration, config: &KioskConfig, todo: &mut Vec<SessionCommand>) -> Option<Self> {
        if self.wait().is_some_and(|wait| wait.is_over(now)) {
            let why = if matches!(self, Screen::Collect(_)) { Ending::Finished } else { Ending::TimedOut };
            return Some(self.wipe(why, now, config));
        }
        match &self {
            Screen::Countdown(s) if s.due() <= now && !s.fired() => {
                let (session, take) = (s.sitting().visit().id(), s.sitting().take());
                todo.push(SessionCommand::TakeBurst { session, take });
                Some(Screen::Countdown(s.fire(now, config)))
            }
            Screen::Countdown(s) if s.due() <= now => {
                let (code, framing) = (FaultCode::CamLost, s.missed(FaultCode::CamLost, now, config));
                Some(Self::retry(framing, self, code, now, config))
            }
            Screen::Choosing(s) if s.making_until().is_some_and(|until| until <= now) => {
                let (code, framing) = (FaultCode::ModelSlow, s.clone().missed(FaultCode::ModelSlow, now, config));
                Some(Self::retry(framing, self, code, now, config))
            }
            Screen::Thanks(s) if s.until() <= now => Some(self.wipe(Ending::Finished, now, config)),
            _ => None,
        }
    }

    pub(super) fn next(
        mut self,
        event: SessionEvent,
        last: SessionId,
        now: Duration,
        config: &KioskConfig,
        todo: &mut Vec<SessionCommand>,
    ) -> Self {
        match (self, event) {
            (Screen::Attract(s), SessionEvent::Begin { admission, language }) => {
                let language = language.or(s.language(now)).unwrap_or(config.default_language);
                let visit = Visit::new(last.next(), language);
                Screen::Intro(s.begin(admission, visit, now, config))
            }
            (Screen::Attract(_), SessionEvent::Speak { language }) => {
                Screen::Attract(Attract::speak(language, now, config))
            }
            (screen, SessionEvent::EndedByStaff) => screen.wipe(Ending::ByStaff, now, config),
            (screen, SessionEvent::Press { session, press }) => screen.pressed(session, press, now, config, todo),
            (Screen::Framing(s), SessionEvent::Seen { hint, .. }) => Screen::Framing(s.seen(hint)),
            (Screen::Framing(s), SessionEvent::Sent { session }) if config.has_links() => {
                todo.push(SessionCommand::ReadSent { session, take: s.sitting().take() });
                Screen::Countdown(s.sent(now, config))
            }
            (Screen::Countdown(s), SessionEvent::Burst { take, result, .. })
                if take == s.sitting().take() && s.fired() =>
            {
                match result {
                    Ok(()) => s.taken(now, config).map_or_else(Screen::Countdown, Screen::Review),
                    Err(code) => Self::retry(s.missed(code, now, config), Screen::Countdown(s), code, now, config),
                }
            }
            (Screen::Choosing(s), SessionEvent::Styles { take, result, .. })
                if take == s.sitting().take() && s.making_until().is_some() =>
            {
                // Drawings that would all take too long are, to the visitor, a photo that did not work.
                let code = result.as_ref().err().copied().unwrap_or(FaultCode::ModelFail);
                match result.ok().and_then(|offers| s.clone().offer(offers, now, config)) {
                    Some(offering) => Screen::Choosing(offering),
                    None => {
                        let framing = s.clone().missed(code, now, config);
                        Self::retry(framing, Screen::Choosing(s), code, now, config)
                    }
                }
            }
            (screen, SessionEvent::Drawing { session, news }) => screen.drawing(session, news, now, config, todo),
            (screen, SessionEvent::Wiped { wipe, ok }) => {
                self = screen;
                if let Some(deletion) = self.deletion_mut() {
                    *deletion = deletion.answered(wipe, ok, now, config);
                }
                match self {
                    Screen::Wiping(s) => s.done().map_or_else(Screen::Wiping, Screen::Attract),
                    other => other,
                }
            }
            (screen, _) => screen,
        }
    }

    fn pressed(
        mut self,
        session: SessionId,
        press: Press,
        now: Duration,
        config: &KioskConfig,
        todo: &mut Vec<SessionCommand>,
    ) -> Self {
        match press {
            Press::Language { language } => {
                self.speak(language);
                return self;
            }
            Press::MoreTime => {
                if let Some(wait) = self.wait_mut() {
                    wait.more(now);
                }
                return self;
            }
            _ => {}
        }
        match (self, press) {
            (Screen::Intro(s), Press::Start) => Screen::Consent(s.start(now, config)),
            (Screen::Consent(s), Press::Yes) => {
                let language = s.visit().language();
                let version = texts::consent_version(config);
                todo.push(SessionCommand::CountConsent { version, language });
                Screen::Framing(s.yes(now, config))
            }
            (screen @ Screen::Consent(_), Press::No) => screen.wipe(Ending::Declined, now, config),
            (Screen::Framing(s), Press::TakePhoto) => Screen::Countdown(s.take(now, config)),
            (Screen::Countdown(s), Press::Touch) => {
                s.touched(now, config).map_or_else(Screen::Countdown, Screen::Framing)
            }
            (Screen::Review(s), Press::Again) => s.again(now, config).map_or_else(Screen::Review, Screen::Framing),
            (Screen::Review(s), Press::UseIt) => {
                todo.push(SessionCommand::MakeStyles { session, take: s.sitting().take() });
                Screen::Choosing(s.use_it(now, config))
            }
            (Screen::Choosing(s), Press::Again) => s.again(now, config).map_or_else(Screen::Choosing, Screen::Framing),
            (Screen::Choosing(s), Press::Draw { offer }) => match s.draw(offer, now, config) {
                Ok((handover, offer)) => {
                    let deletion = handover.deletion();
                    todo.push(SessionCommand::Wipe { wipe: deletion.id(), scope: deletion.scope() });
                    todo.push(SessionCommand::Wish { session, wish: Wish::Order(offer) });
                    Screen::Handover(handover)
                }
                Err(same) => Screen::Choosing(same),
            },
            (Screen::Handover(s), Press::StartDrawing) if matches!(s.phase(), Phase::Visitor(_)) => {
                todo.push(SessionCommand::Wish { session, wish: Wish::Start });
                Screen::Handover(s.start(now))
            }
            (screen, Press::Continue) if screen.is_standing() => {
                todo.push(SessionCommand::Wish { session, wish: Wish::Continue });
                screen
            }
            (screen, Press::Finish) if screen.is_standing() => {
                todo.push(SessionCommand::Wish { session, wish: Wish::Finish });
                screen
            }
            (Screen::Watching(s), Press::PassOn) if !s.is_standing() => {
                Screen::Watching(s).wipe(Ending::PassedOn, now, config)
            }
            (Screen::Collect(s), Press::Taken) => {
                todo.push(SessionCommand::Wish { session, wish: Wish::Taken });
                Screen::Thanks(s.taken(now, config))
            }
            (screen, Press::Cancel) if screen.may_cancel() => screen.wipe(Ending::Cancelled, now, config),
            (screen, _) => screen,
        }
    }

    fn drawing(
        self,
        session: SessionId,
        news: DrawingNews,
        now: Duration,
        config: &KioskConfig,
        todo: &mut Vec<SessionCommand>,
    ) -> Self {
        match (self, news) {
            (Screen::Handover(s), DrawingNews::Turn) => match s.phase() {
                // The tap that chose the drawing is fresh; it starts it too.
                Phase::Answer => {
                    todo.push(SessionCommand::Wish { session, wish: Wish::Start });
                    Screen::Handover(s.start(now))
                }
                Phase::Robot => Screen::Handover(s.your_turn(now, config)),
                Phase::Visitor(_) | Phase::Start { .. } => Screen::Handover(s),
            },
            (Screen::Handover(s), DrawingNews::Waits) => Screen::Handover(s.wait_for_robot()),
            (Screen::Handover(s), DrawingNews::StartRefused) => Screen::Handover(s.your_turn(now, config)),
            (Screen::Handover(s), DrawingNews::Began) => Screen::Watching(s.began()),
            (screen @ Screen::Handover(_), DrawingNews::NoPlace) => {
                screen.wipe(Ending::DrawingOver(JobResult::Expired), now, config)
            }
            (Screen::Watching(s), DrawingNews::Stands) => Screen::Watching(s.stands(now, config)),
            (Screen::Watching(s), DrawingNews::GoesOn) => Screen::Watching(s.goes_on()),
            (Screen::Watching(s), DrawingNews::Drawn) => Screen::Collect(s.drawn(now, config)),
            (Screen::Collect(s), DrawingNews::Taken) => Screen::Thanks(s.taken(now, config)),
            (screen @ (Screen::Handover(_) | Screen::Watching(_)), DrawingNews::Over(result)) => {
                screen.wipe(Ending::DrawingOver(result), now, config)
            }
            (screen, _) => screen,
        }
    }
}
