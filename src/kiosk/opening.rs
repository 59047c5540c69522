//! The morning's checklist, in the order in which a person goes through it: what is done of it, and what may be asked for.
//!
//! It keeps nobody from opening: a person who knows why may leave a step out, and the house shows which. What draws or
//! looks may be asked for only while the booth is closed, nobody is at the screen and nothing lies on the table. It begins
//! anew whenever the booth is closed.

use serde::Serialize;

use super::staff::StaffPress;

/// A step of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The robot's way is clear, and it knows where it is.
    Home,
    /// The right sheet lies there.
    Sheet,
    /// The pen is seated, and its test mark is as it should be.
    TestMark,
    /// The camera's picture and exposure.
    Camera,
    /// The self-test looks like its reference.
    SelfTest,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 5] = [Step::Home, Step::Sheet, Step::TestMark, Step::Camera, Step::SelfTest];
}

/// What is asked for during the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningCommand {
    /// Put the test mark on the table and start it.
    TestMark,
    /// Put the self-test there and start it.
    SelfTest,
    /// Take one picture, measure it, forget it.
    LookAtCamera,
}

/// A step as the staff sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Which.
    pub step: Step,
    /// Whether it is done.
    pub done: bool,
}

/// What is done of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening {
    done: [bool; Step::ALL.len()],
}

impl Opening {
    /// What a press of the staff means to it; whatever is asked for is asked only while the house `is_quiet`.
    pub(super) fn press(&mut self, press: StaffPress, is_quiet: bool) -> Option<OpeningCommand> {
        let asked = match press {
            StaffPress::SheetLoaded { .. } => return self.pass(Step::Sheet),
            StaffPress::TestMarkGood | StaffPress::PenChanged => return self.pass(Step::TestMark),
            StaffPress::CameraGood => return self.pass(Step::Camera),
            StaffPress::SelfTestGood => return self.pass(Step::SelfTest),
            StaffPress::Close => {
                *self = Self::default();
                return None;
            }
            StaffPress::TestMark => OpeningCommand::TestMark,
            StaffPress::SelfTest => OpeningCommand::SelfTest,
            StaffPress::LookAtCamera => OpeningCommand::LookAtCamera,
            _ => return None,
        };
        is_quiet.then_some(asked)
    }

    fn pass(&mut self, step: Step) -> Option<OpeningCommand> {
        self.done[step as usize] = true;
        None
    }

    /// All steps; the first is the robot's own to say.
    pub fn steps(&self, homed: bool) -> [StepView; Step::ALL.len()] {
        Step::ALL.map(|step| StepView { step, done: if step == Step::Home { homed } else { self.done[step as usize] } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_through_in_a_quiet_house_and_begins_anew_after_closing() {
        let mut opening = Opening::default();
        for (press, asked) in [
            (StaffPress::TestMark, OpeningCommand::TestMark),
            (StaffPress::SelfTest, OpeningCommand::SelfTest),
            (StaffPress::LookAtCamera, OpeningCommand::LookAtCamera),
        ] {
            assert_eq!(opening.press(press, true), Some(asked));
            assert_eq!(opening.press(press, false), None, "not while somebody is there");
        }
        let done = |opening: &Opening| opening.steps(true).map(|step| step.done);
        assert_eq!(done(&opening), [true, false, false, false, false], "to ask is not to pass");
        for press in [StaffPress::SheetLoaded { left: None }, StaffPress::TestMarkGood, StaffPress::CameraGood] {
            assert_eq!(opening.press(press, true), None);
        }
        opening.press(StaffPress::Open, true);
        assert_eq!(done(&opening), [true, true, true, true, false], "what was left out is to be seen");
        opening.press(StaffPress::Close, true);
        assert_eq!(opening.steps(false).map(|step| step.done), [false; 5]);
    }
}
