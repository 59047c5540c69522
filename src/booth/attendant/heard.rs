//! What the sitter's process says, as the kiosk hears it: only of the process that runs, only what was asked for.

use std::sync::Arc;

use super::AGAIN;
use super::Attendant;
use super::Awaited;
use crate::booth::drawing::Drawing;
use crate::booth::sitter::Says;
use crate::kiosk::CameraHealth;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::Offer;
use crate::kiosk::SessionEvent;
use crate::kiosk::SessionId;

impl Attendant {
    /// What the sitter's process says.
    pub(super) fn sitter(&mut self, says: Option<Says>) {
        let session = self.booth.session().id();
        match says {
            Some(Says::Warm { locked }) => {
                self.counts.locked(locked);
                self.hear(Event::Models(true));
            }
            Some(Says::Unable { .. }) => self.hear(Event::Models(false)),
            Some(Says::Frame { hint }) if self.state.camera_open => {
                let last_frame = self.now();
                self.hear(Event::Camera(CameraHealth::Open { last_frame }));
                self.made(Says::Frame { hint });
                if let Some(session) = session {
                    self.hear(Event::Session(SessionEvent::Seen { session, hint }));
                }
            }
            Some(Says::Looked { result }) => {
                self.state.look = Some(result);
                // Somebody was in the picture.
                self.put_away();
            }
            Some(Says::LinkOpened { token }) => self.links.opened(&token),
            Some(Says::Sent { token }) => {
                if let Some(session) = self.links.sent(&token) {
                    self.hear(Event::Session(SessionEvent::Sent { session }));
                }
            }
            Some(says) if self.state.making.is_some() && !matches!(says, Says::Closed | Says::Frame { .. }) => {
                self.made(says);
            }
            Some(Says::Lost) if self.state.camera_open => {
                if !matches!(self.booth.conditions().camera, CameraHealth::Lost { .. }) {
                    let since = self.now();
                    self.hear(Event::Camera(CameraHealth::Lost { since }));
                }
            }
            Some(Says::Frame { .. } | Says::Lost | Says::Closed) => {}
            Some(Says::Burst { take, result }) => {
                if let Some((session, Awaited::Burst(of))) = self.state.awaited
                    && of == take
                {
                    self.state.awaited = None;
                    self.links.read(session, result.is_ok());
                    self.hear(Event::Session(SessionEvent::Burst { session, take, result }));
                }
            }
            Some(Says::Style { take, style, plan }) => {
                if !matches!(self.state.awaited, Some((_, Awaited::Styles(of))) if of == take) {
                    return;
                }
                self.keep_offer(style, plan);
            }
            Some(Says::Styles { take, result }) => {
                if let Some((session, Awaited::Styles(of))) = self.state.awaited
                    && of == take
                {
                    self.state.awaited = None;
                    self.offer(session, take, result);
                }
            }
            None => self.gone(),
        }
    }

    /// Keeps a drawing that may be offered; one that must not be sent to the robot is none.
    pub(super) fn keep_offer(&mut self, style: String, plan: String) {
        if let Ok(drawing) = Drawing::read(plan.into_bytes(), &self.robot) {
            self.state.offers.push((style, Arc::new(drawing)));
        }
    }

    fn offer(&mut self, session: SessionId, take: u8, result: Result<(), FaultCode>) {
        for (_, drawing) in &self.state.offers {
            self.drawings.insert(drawing.summary().checksum, Arc::clone(drawing));
        }
        let offers: Vec<Offer> = self
            .state
            .offers
            .iter()
            .map(|(style, drawing)| Offer { style: style.clone(), plan: drawing.summary() })
            .collect();
        let result = match result {
            Ok(()) if offers.is_empty() => Err(FaultCode::ModelFail),
            Ok(()) => Ok(offers),
            Err(code) => Err(code),
        };
        self.hear(Event::Session(SessionEvent::Styles { session, take, result }));
    }

    /// The sitter's process has ended by itself.
    fn gone(&mut self) {
        drop(self.sitters.take());
        self.hear(Event::Models(false));
        if self.state.camera_open {
            let since = self.now();
            self.hear(Event::Camera(CameraHealth::Lost { since }));
        }
        self.failed(FaultCode::ModelFail);
        self.give_up(FaultCode::ModelFail);
        self.state.start_at = self.now() + AGAIN;
    }
}
