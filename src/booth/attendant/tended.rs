//! The house, looked after once a second: process, camera, disk; and the staff's part where there is none.

use super::Attendant;
use super::EVERY;
use super::FULL_BYTES;
use super::LOW_BYTES;
use crate::kiosk::CameraHealth;
use crate::kiosk::Disk;
use crate::kiosk::DrawingJob;
use crate::kiosk::Event;
use crate::kiosk::JobState;
use crate::kiosk::Machine;
use crate::kiosk::Operator;
use crate::kiosk::Paper;
use crate::kiosk::StaffPress;

impl Attendant {
    /// Looks after the house, once a second.
    pub(super) fn look(&mut self) {
        let now = self.now();
        if self.state.looked.is_some_and(|looked| now - looked < EVERY) {
            return;
        }
        self.state.looked = Some(now);
        if !self.safe && self.sitters.is_empty() && now >= self.state.start_at {
            self.start_process();
        }
        if !self.state.camera_open {
            let there = !self.safe && self.camera.is_there();
            let was = self.booth.conditions().camera;
            match was {
                CameraHealth::Lost { .. } if !there => {}
                _ if !there => self.hear(Event::Camera(CameraHealth::Lost { since: now })),
                CameraHealth::Closed => {}
                _ => self.hear(Event::Camera(CameraHealth::Closed)),
            }
        }
        let free = self.records.free_bytes();
        self.counts.free(*free.as_ref().unwrap_or(&0));
        let disk = match free {
            Ok(LOW_BYTES..) => Disk::Roomy,
            Ok(FULL_BYTES..) => Disk::Low,
            _ => Disk::Full,
        };
        if disk != self.booth.conditions().disk {
            self.hear(Event::Disk(disk));
        }
        if self.demonstration {
            self.demonstrate();
        }
        self.tend_pen();
        self.tend_orders();
    }

    /// The staff's part, where there is none.
    fn demonstrate(&mut self) {
        let by = Operator::vouched();
        let conditions = *self.booth.conditions();
        let press = |press: StaffPress| Event::Staff { by, press };
        if self.booth.machine() == Machine::Unhomed {
            self.hear(press(StaffPress::Vouch));
        }
        let drawn = |job: &DrawingJob| matches!(job.state(), JobState::Drawn { .. });
        if self.headless && self.booth.desk().table().is_some_and(drawn) {
            self.hear(Event::SheetTaken);
        }
        if conditions.paper != Paper::Fresh && self.booth.desk().table().is_none() {
            self.hear(press(StaffPress::SheetLoaded { left: None }));
        }
        if !conditions.open {
            self.hear(press(StaffPress::Open));
        }
    }
}
