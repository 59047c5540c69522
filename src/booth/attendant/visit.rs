//! What a session has its hands do: camera, burst, styles, and the wipe, which ends the process that had the photo.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use super::AGAIN;
use super::Attendant;
use super::Awaited;
use super::Letter;
use crate::booth::sitter::Told;
use crate::kiosk::CameraHealth;
use crate::kiosk::Ending;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::Scope;
use crate::kiosk::SessionCommand;
use crate::kiosk::SessionEvent;
use crate::kiosk::WipeId;

impl Attendant {
    pub(super) fn session(&mut self, command: SessionCommand) {
        match command {
            SessionCommand::OpenCamera { .. } => {
                self.state.camera_open = true;
                let now = self.now();
                let open = self.sitters.open().is_ok();
                let health =
                    if open { CameraHealth::Open { last_frame: now } } else { CameraHealth::Lost { since: now } };
                self.hear(Event::Camera(health));
            }
            SessionCommand::CloseCamera { .. } => {
                self.state.camera_open = false;
                // A process that is gone has closed it.
                let _ = self.sitters.tell(&Told::Close);
                self.hear(Event::Camera(CameraHealth::Closed));
            }
            SessionCommand::TakeBurst { session, take } => {
                self.state.offers.clear();
                self.state.awaited = Some((session, Awaited::Burst(take)));
                if self.sitters.tell(&Told::Burst { take }).is_err() {
                    self.failed(FaultCode::CamLost);
                }
            }
            SessionCommand::ReadSent { session, take } => {
                self.state.offers.clear();
                self.state.awaited = Some((session, Awaited::Burst(take)));
                self.links.reading(session);
                if self.sitters.tell(&Told::Sent { take }).is_err() {
                    self.failed(FaultCode::ModelFail);
                }
            }
            SessionCommand::MakeStyles { session, take } => {
                self.state.offers.clear();
                self.state.awaited = Some((session, Awaited::Styles(take)));
                if self.sitters.tell(&Told::Styles { take }).is_err() {
                    self.failed(FaultCode::ModelFail);
                }
            }
            SessionCommand::Wipe { wipe, scope } => self.wipe(wipe, scope),
            SessionCommand::CountConsent { version, language } => self.counts.consent(version, language),
            SessionCommand::CountEnding { ending } => {
                self.counts.session(ending);
                self.report.session(ending);
                if let Some(session) = self.booth.session().id() {
                    let kept = matches!(ending, Ending::Finished | Ending::PassedOn);
                    self.links.session_over(session, kept, self.now());
                }
            }
            // Wishes are for the kiosk itself.
            SessionCommand::Wish { .. } => {}
        }
    }

    /// What a visitor waits for does not come.
    pub(super) fn failed(&mut self, code: FaultCode) {
        let Some((session, awaited)) = self.state.awaited.take() else { return };
        self.hear(Event::Session(match awaited {
            Awaited::Burst(take) => SessionEvent::Burst { session, take, result: Err(code) },
            Awaited::Styles(take) => SessionEvent::Styles { session, take, result: Err(code) },
        }));
    }

    /// Ends the process that may hold pictures, and answers once the system says that it is gone.
    fn wipe(&mut self, wipe: WipeId, scope: Scope) {
        (self.state.camera_open, self.state.awaited) = (false, None);
        self.state.offers.clear();
        if scope == Scope::Everything {
            self.state.own = None;
        }
        self.end_process(Some(wipe));
    }

    /// Ends the process that may hold pictures and warms up the next; `wipe` is told what came of it.
    pub(super) fn end_process(&mut self, wipe: Option<WipeId>) {
        let Some(mut process) = self.sitters.take_touched() else {
            // One that would not end in time may still be there: then nothing is wiped yet.
            self.wiped(wipe, self.state.ending.load(Ordering::SeqCst) == 0);
            return;
        };
        self.hear(Event::Models(false));
        let (letters, counts, ending) = (self.own_letters.clone(), self.counts.clone(), Arc::clone(&self.state.ending));
        ending.fetch_add(1, Ordering::SeqCst);
        let ends = thread::Builder::new().name("wipe".into()).spawn(move || {
            let ok = process.end().is_ok();
            if ok {
                ending.fetch_sub(1, Ordering::SeqCst);
            }
            counts.wipe(ok);
            let told = wipe.map_or(Event::Tick, |wipe| Event::Session(SessionEvent::Wiped { wipe, ok }));
            // A loop that is gone has nobody left to tell.
            let _ = letters.send(Letter::Happens(told));
        });
        if ends.is_err() {
            self.wiped(wipe, false);
        }
        self.start_process();
    }

    fn wiped(&mut self, wipe: Option<WipeId>, ok: bool) {
        self.counts.wipe(ok);
        if let Some(wipe) = wipe {
            self.hear(Event::Session(SessionEvent::Wiped { wipe, ok }));
        }
    }

    pub(super) fn start_process(&mut self) {
        if self.sitters.warm_up().is_err() {
            self.state.start_at = self.now() + AGAIN;
        }
    }
}
