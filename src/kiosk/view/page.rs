//! The visitor's screen, one function a screen: what it says and what can be pressed on it.

use std::time::Duration;

use super::Act;
use super::Aside;
use super::Button;
use super::Details;
use super::LanguageButton;
use super::OfferView;
use super::Progress;
use super::VisitorView;
use super::WaitView;
use super::Warning;
use super::Weight;
use super::about;
use super::closed_line;
use super::millis;
use crate::kiosk::accept::Table;
use crate::kiosk::booth::Booth;
use crate::kiosk::config::secs;
use crate::kiosk::drawing_job::DrawingJob;
use crate::kiosk::drawing_job::JobState;
use crate::kiosk::drawing_job::Refusal;
use crate::kiosk::ids::Person;
use crate::kiosk::language::Language;
use crate::kiosk::screens::Ending;
use crate::kiosk::screens::Handover;
use crate::kiosk::screens::Phase;
use crate::kiosk::screens::Screen;
use crate::kiosk::session::Press;
use crate::kiosk::texts;
use crate::kiosk::texts::TextKey;
use crate::kiosk::texts::Texts;
use crate::kiosk::wait::Wait;

/// A screen that is being written.
struct Page<'a> {
    booth: &'a Booth,
    now: Duration,
    texts: &'static Texts,
    view: VisitorView,
}

pub(super) fn visitor(booth: &Booth, now: Duration) -> VisitorView {
    let screen = booth.session().screen();
    let visit = screen.visit();
    let spoken = match screen {
        Screen::Attract(attract) => attract.language(now),
        _ => visit.map(|visit| visit.language()),
    };
    let language = spoken.unwrap_or(booth.config().default_language);
    let texts = Texts::of(language);
    let view = VisitorView {
        session: visit.map(|visit| visit.id()),
        screen: "attract",
        language,
        direction: language.direction(),
        title: String::new(),
        lines: Vec::new(),
        details: None,
        notice: None,
        buttons: Vec::new(),
        stop: Button { act: Act::Stop, label: texts.plain(TextKey::CommonStop), weight: Weight::Stop },
        languages: Vec::new(),
        wait: None,
        countdown_ms: None,
        live_view: screen.camera_open(),
        photo: matches!(screen, Screen::Review(_)),
        code: booth.config().has_links() && matches!(screen, Screen::Framing(_) | Screen::Collect(_)),
        offers: Vec::new(),
        progress: None,
        aside: None,
        veil: texts.plain(TextKey::CommonReconnecting),
    };
    let mut page = Page { booth, now, texts, view };
    page.write(screen);
    page.view.wait = screen.wait().map(|wait| page.wait(wait));
    page.languages();
    page.aside();
    page.view
}

impl<'a> Page<'a> {
    fn write(&mut self, screen: &Screen) {
        match screen {
            Screen::Attract(_) => self.attract(),
            Screen::Intro(_) => self.intro(),
            Screen::Consent(_) => self.consent(),
            Screen::Framing(framing) => {
                self.name("framing", TextKey::FramingTitle);
                self.say([TextKey::FramingMark, TextKey::FramingAlone]);
                if self.view.code {
                    self.say([TextKey::PhoneSend]);
                }
                let camera = self.booth.conditions().camera.fault(self.now, self.booth.config());
                let code = camera.or(framing.hint());
                self.view.notice = code.and_then(|code| code.row().visitor).map(|key| self.texts.plain(key));
                self.button(Press::TakePhoto, TextKey::FramingTake, Weight::Main);
            }
            Screen::Countdown(countdown) if countdown.is_sent() => {
                self.name("countdown", TextKey::PhoneReading);
                self.view.countdown_ms = Some(0);
            }
            Screen::Countdown(countdown) => {
                self.name("countdown", TextKey::CountdownTitle);
                self.say([TextKey::CountdownSmile]);
                self.view.countdown_ms = Some(millis(countdown.shutter_at().saturating_sub(self.now)));
                if !countdown.fired() {
                    self.button(Press::Touch, TextKey::CountdownTouch, Weight::Quiet);
                }
            }
            Screen::Review(review) => {
                self.name("review", TextKey::ReviewTitle);
                self.say([TextKey::ReviewQuestion]);
                self.button(Press::UseIt, TextKey::ReviewUse, Weight::Main);
                self.again(TextKey::ReviewAgain, review.sitting().retakes_left());
            }
            Screen::Choosing(choosing) => {
                self.name("choosing", TextKey::ChoosingTitle);
                if choosing.offers().is_empty() {
                    self.say([TextKey::ChoosingMaking]);
                } else {
                    self.again(TextKey::ChoosingAgain, choosing.sitting().retakes_left());
                }
                for (offer, number) in choosing.offers().iter().zip(0_u8..) {
                    let shown = [("number", u32::from(number) + 1)];
                    self.view.offers.push(OfferView {
                        style: offer.style.clone(),
                        title: self.texts.fill(TextKey::ChoosingChoice, &shown),
                        minutes: about(self.texts, TextKey::ChoosingMinutes, offer.plan.secs),
                        play: self.texts.plain(TextKey::ChoosingPlay),
                        draw: self.make(Act::Press(Press::Draw { offer: number }), TextKey::ChoosingDraw, Weight::Main),
                    });
                }
            }
            Screen::Handover(handover) => self.handover(*handover),
            Screen::Watching(_) => self.watching(),
            Screen::Collect(_) => {
                self.name("collect", TextKey::CollectTitle);
                self.say([TextKey::CollectTake, deleted(screen)]);
                if self.view.code {
                    self.say([TextKey::PhoneFetch]);
                }
                self.button(Press::Taken, TextKey::CollectTaken, Weight::Main);
            }
            Screen::Thanks(_) => {
                self.name("thanks", TextKey::ThanksTitle);
                self.say([TextKey::ThanksBody, deleted(screen)]);
            }
            Screen::Wiping(wiping) => {
                self.name("wiping", TextKey::WipingTitle);
                self.say([match wiping.why() {
                    _ if wiping.deletion().is_failing() => TextKey::FaultWipeFailed,
                    Ending::Declined => TextKey::WipingDeclined,
                    Ending::TimedOut => TextKey::WipingTimedOut,
                    Ending::Failed(_) | Ending::DrawingOver(_) => TextKey::WipingSorry,
                    _ => TextKey::WipingBody,
                }]);
            }
        }
        if screen.may_cancel() && !matches!(screen, Screen::Consent(_)) {
            self.button(Press::Cancel, TextKey::CommonCancel, Weight::Quiet);
        }
    }

    fn attract(&mut self) {
        let reasons = self.booth.reasons(self.now);
        if !reasons.is_empty() {
            self.name("closed", TextKey::ClosedTitle);
            self.view.lines.push(closed_line(self.texts, &reasons));
            return;
        }
        self.name("attract", TextKey::AttractTitle);
        if let (Table::Busy { wait_secs, .. }, Some(job)) =
            (self.booth.desk().load(self.booth.config()), self.booth.desk().table())
        {
            self.view.lines.push(about(self.texts, TextKey::AttractDrawingNow, job.secs_left()));
            self.view.lines.push(about(self.texts, TextKey::AttractWait, wait_secs));
        }
        let begin = self.make(Act::Touch { language: None }, TextKey::AttractBegin, Weight::Main);
        self.view.buttons.push(begin);
    }

    fn intro(&mut self) {
        self.name("intro", TextKey::IntroTitle);
        self.say([TextKey::IntroPhoto, TextKey::IntroLines, TextKey::IntroPaper, TextKey::IntroKeep]);
        // The longest that may be offered: a promise of minutes is kept or bettered.
        let longest = self.booth.config().longest_drawing_secs;
        let all = self.booth.desk().wait_secs(self.booth.config()).saturating_add(longest);
        self.view.lines.push(about(self.texts, TextKey::IntroMinutes, all));
        self.button(Press::Start, TextKey::IntroStart, Weight::Main);
    }

    fn consent(&mut self) {
        self.name("consent", TextKey::ConsentTitle);
        self.say([
            TextKey::ConsentPurpose,
            TextKey::ConsentRetention,
            TextKey::ConsentPaper,
            TextKey::ConsentCamera,
            TextKey::ConsentAdult,
        ]);
        let config = self.booth.config();
        let kept = if config.has_links() {
            about(self.texts, TextKey::PhoneDetails, config.phone_secs)
        } else {
            self.texts.plain(TextKey::ConsentDetailsLines)
        };
        let mut lines = vec![self.texts.plain(TextKey::ConsentDetailsMemory), kept];
        lines.extend([TextKey::ConsentDetailsEnd, TextKey::ConsentDetailsIdentity].map(|key| self.texts.plain(key)));
        lines.push(self.texts.fill(TextKey::ConsentVersion, &[("version", texts::consent_version(config))]));
        self.view.details = Some(Details { label: self.texts.plain(TextKey::ConsentDetails), lines });
        // As big as each other.
        self.button(Press::Yes, TextKey::ConsentYes, Weight::Main);
        self.button(Press::No, TextKey::ConsentNo, Weight::Main);
    }

    fn handover(&mut self, handover: Handover) {
        self.name("handover", TextKey::HandoverTitle);
        let own = self.own_job();
        match handover.phase() {
            Phase::Answer => self.say([TextKey::HandoverChecking]),
            Phase::Robot => {
                let table = self.booth.desk().table();
                match table.map(DrawingJob::state) {
                    Some(JobState::Drawn { .. }) => self.say([TextKey::HandoverTakeFirst]),
                    Some(JobState::Interrupted { .. } | JobState::Paused { .. }) => {
                        self.say([TextKey::HandoverNotYet, TextKey::WatchingStaff]);
                    }
                    _ => {
                        let ahead = table.map_or(0, DrawingJob::secs_left);
                        let wait = ahead.saturating_add(self.booth.config().change_over_secs);
                        self.view.lines.push(about(self.texts, TextKey::HandoverWaiting, wait));
                    }
                }
                self.say([TextKey::HandoverPlace]);
            }
            Phase::Visitor(_) => {
                self.say([TextKey::HandoverYourTurn]);
                self.view.notice = own.and_then(|job| self.refusal(job));
                self.button(Press::StartDrawing, TextKey::HandoverStart, Weight::Main);
            }
            Phase::Start { since } => {
                self.say([TextKey::HandoverStayBack, TextKey::HandoverChecking]);
                if since + secs(self.booth.config().explain_secs) <= self.now {
                    self.view.notice = Some(self.texts.plain(TextKey::HandoverNotYet));
                }
            }
        }
    }

    /// Why the start was refused, in the visitor's words.
    fn refusal(&self, job: &DrawingJob) -> Option<String> {
        let JobState::Queued { refused, .. } = job.state() else { return None };
        let key = match refused.first()? {
            Refusal::Missing(check) => check.visitor_text(),
            Refusal::NoAnswer => TextKey::HandoverNotYet,
            Refusal::Stopped => TextKey::WatchingStopped,
        };
        Some(self.texts.plain(key))
    }

    fn watching(&mut self) {
        self.name("watching", TextKey::WatchingTitle);
        let Some(job) = self.own_job() else { return };
        let session = self.view.session;
        let plan = job.plan();
        let shown = [("stroke", job.confirmed()), ("strokes", plan.strokes)];
        self.view.progress = Some(Progress {
            stroke: job.confirmed(),
            strokes: plan.strokes,
            text: self.texts.fill(TextKey::WatchingProgress, &shown),
            left: about(self.texts, TextKey::WatchingMinutesLeft, job.secs_left()),
        });
        let doing = match job.state() {
            JobState::Drawing(_) if job.confirmed() == 0 => TextKey::WatchingStarting,
            JobState::Drawing(_) => TextKey::WatchingDrawing,
            JobState::Finishing(_) => TextKey::WatchingFinishing,
            JobState::Resuming { .. } => TextKey::WatchingGoingOn,
            JobState::Paused { .. } => TextKey::WatchingStopped,
            _ => TextKey::WatchingStopping,
        };
        self.say([doing]);
        self.view.notice =
            self.booth.machine().fault().and_then(|code| code.row().visitor).map(|key| self.texts.plain(key));
        let may_continue =
            session.is_some_and(|session| job.may_continue(Person::Visitor(session), self.now, self.booth.config()));
        match job.state() {
            JobState::Paused { .. } => {
                if may_continue {
                    self.button(Press::Continue, TextKey::WatchingGoOn, Weight::Main);
                } else {
                    self.say([TextKey::WatchingStaff]);
                }
                self.button(Press::Finish, TextKey::WatchingFinish, Weight::Quiet);
            }
            JobState::Drawing(_) if self.booth.config().waiting_places > 0 && self.booth.desk().waiting().is_none() => {
                self.button(Press::PassOn, TextKey::WatchingPassOn, Weight::Quiet);
            }
            _ => {}
        }
    }

    /// "Still there?" and what goes with it.
    fn wait(&self, wait: &Wait) -> WaitView {
        let left = wait.left(self.now);
        let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
        let more = (wait.more_left() > 0)
            .then(|| self.make(Act::Press(Press::MoreTime), TextKey::CommonMoreTime, Weight::Main));
        let warning = wait.warns(self.now).then(|| Warning {
            title: self.texts.plain(TextKey::CommonStillThere),
            text: self.texts.fill(TextKey::CommonStillThereBody, &[("seconds", seconds)]),
            more,
        });
        WaitView { left_ms: millis(left), more_left: wait.more_left(), warning }
    }

    /// A language button on every screen.
    fn languages(&mut self) {
        let act = |language: Language| match self.view.session {
            None => Act::Touch { language: Some(language) },
            Some(_) => Act::Press(Press::Language { language }),
        };
        self.view.languages = Language::ALL
            .into_iter()
            .map(|language| LanguageButton { act: act(language), label: language.own_name(), language })
            .collect();
    }

    /// Tells whoever stands there of a finished sheet whose visitor has left the screen.
    fn aside(&mut self) {
        let Some(job) = self.booth.desk().table() else { return };
        if matches!(job.state(), JobState::Drawn { .. })
            && (job.session().is_none() || job.session() != self.view.session)
        {
            let taken = self.make(Act::SheetTaken, TextKey::AsideTaken, Weight::Quiet);
            self.view.aside = Some(Aside { text: self.texts.plain(TextKey::AsideReady), taken });
        }
    }

    fn own_job(&self) -> Option<&'a DrawingJob> {
        let booth: &'a Booth = self.booth;
        booth.desk().of(self.view.session?)
    }

    fn name(&mut self, screen: &'static str, title: TextKey) {
        self.view.screen = screen;
        self.view.title = self.texts.plain(title);
    }

    fn say<const N: usize>(&mut self, keys: [TextKey; N]) {
        self.view.lines.extend(keys.map(|key| self.texts.plain(key)));
    }

    fn make(&self, act: Act, label: TextKey, weight: Weight) -> Button {
        Button { act, label: self.texts.plain(label), weight }
    }

    fn button(&mut self, press: Press, label: TextKey, weight: Weight) {
        let button = self.make(Act::Press(press), label, weight);
        self.view.buttons.push(button);
    }

    fn again(&mut self, label: TextKey, left: u8) {
        if left > 0 {
            let label = self.texts.fill(label, &[("left", u32::from(left))]);
            self.view.buttons.push(Button { act: Act::Press(Press::Again), label, weight: Weight::Quiet });
        }
    }
}

/// What is said about the photo's deletion: that it is done only when it is.
fn deleted(screen: &Screen) -> TextKey {
    match screen.deletion() {
        Some(deletion) if deletion.is_done() => TextKey::CollectDeleted,
        Some(deletion) if deletion.is_failing() => TextKey::CollectNotDeleted,
        _ => TextKey::CollectDeleting,
    }
}
