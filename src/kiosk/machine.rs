//! The robot as the kiosk sees it: what it may be asked to do now, and what only a person may undo.
//!
//! ```text
//! absent → connecting → identifying → unhomed → homing → ready ⇄ moving ⇄ holding → held
//!   any state → latched: door · alarm · estopped · fault
//!   latched → (a person acknowledges) → (the machine is asked again and all is well) → ready, held or unhomed
//! ```
//! After every connect it is unhomed: opening a port may start the board anew, and only a person or the limit switches
//! know where the pen is. No report, no cable and no time leaves a latched state; a second cause may only make it
//! worse. What has lost its position comes out unhomed. Grbl's facts: a hard limit (1) and a reset in motion (3) lose
//! the position, a soft limit (2) does not; a door's closing never resumes by itself (grbl wiki, v1.1 interface).
//! It refuses to move unasked: motion that nobody ordered is answered with a hold and a fault.

use serde::Serialize;

use super::fault_codes::FaultCode;
use super::ids::Operator;
use super::ids::Person;

/// Where the robot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Machine {
    /// No port.
    #[default]
    Absent,
    /// A port that is being opened.
    Connecting,
    /// Open; who answers?
    Identifying,
    /// It answers, and nobody knows where its pen is.
    Unhomed,
    /// It is finding its place because a person said so.
    Homing,
    /// It stands still, knows where it is and may be asked to draw.
    Ready,
    /// It moves because a drawing was begun.
    Moving,
    /// It slows down.
    Holding,
    /// It stands still in the middle of a drawing.
    Held,
    /// It stopped to be safe; only a person leads out.
    Latched(Latched),
}

/// Why it is latched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Latch {
    /// The gate was opened.
    Door,
    /// The firmware's alarm of this number.
    Alarm(u8),
    /// Something that the kiosk found.
    Fault(FaultCode),
    /// The hard-wired chain is open.
    Estopped,
}

/// A latched state. Only [`Machine::step`] makes one, and only it ends one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latched {
    cause: Latch,
    position_lost: bool,
    /// A drawing is under way and its firmware only waits.
    holds_drawing: bool,
    /// A person has acknowledged, and the machine is being asked again.
    checking: bool,
}

impl Latched {
    /// Why.
    pub fn cause(&self) -> Latch {
        self.cause
    }

    /// Whether it must be homed afterwards.
    pub fn position_lost(&self) -> bool {
        self.position_lost
    }

    /// Whether a person has acknowledged it and the machine is being asked.
    pub fn is_checking(&self) -> bool {
        self.checking
    }
}

impl Latch {
    /// Its code in the table of faults.
    pub fn code(self) -> FaultCode {
        match self {
            Latch::Door => FaultCode::Door,
            Latch::Alarm(_) => FaultCode::Alarm,
            Latch::Fault(code) => code,
            Latch::Estopped => FaultCode::Estop,
        }
    }
}

/// What the robot tells or what is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineEvent {
    /// A port was found and is being opened.
    PortFound,
    /// It is open.
    PortOpened,
    /// The greeting and settings of the robot that is expected; also whenever its board has started anew.
    Greeted,
    /// Somebody else answers.
    Stranger,
    /// The cable is silent or gone.
    LinkLost,
    /// No answer in time.
    Stalled,
    /// What its status says.
    Reported(Report),
    /// Its alarm of this number.
    Alarm(u8),
    /// The gate's own switch has opened. That it closed again changes nothing here.
    DoorOpened,
    /// The hard-wired chain has opened. That it closed again changes nothing here.
    ChainOpened,
    /// A drawing begins or goes on: it will move because it was asked to.
    Moves,
    /// The drawing under way has come to its end or has been ended, and it stands.
    Rests,
    /// A person sends it home.
    Home(Operator),
    /// A person vouches that the pen stands where drawings begin.
    Vouch(Operator),
    /// A person has looked and acknowledges the latch.
    Acknowledge(Person),
    /// What came of asking the machine again after that: status, inputs and settings are all well, or not.
    Verified(bool),
}

/// A status report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It stands and waits.
    Idle,
    /// It moves.
    Run,
    /// It finds its place.
    Home,
    /// It slows down.
    Holding,
    /// It has come to rest in a hold.
    Held,
    /// Its gate is open, or was and is closed again: grbl's `Door:0`, which waits for a person.
    Door {
        /// Closed again.
        closed: bool,
    },
    /// It is locked.
    Alarm,
}

/// What the robot's driver is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineCommand {
    /// Hold now: the real-time byte, ahead of everything that waits. It comes for every stop, also while nothing moves;
    /// a driver without a program under way must not leave its firmware in a hold that nobody would lift.
    Hold,
    /// Find its place.
    Home,
    /// Ask status, inputs and settings again and answer with [`MachineEvent::Verified`]; nothing moves for it.
    Verify,
}

impl Machine {
    /// What comes of `event`.
    #[must_use]
    pub fn step(self, event: MachineEvent) -> (Self, Vec<MachineCommand>) {
        match self {
            Machine::Latched(latched) => latched.step(event),
            _ => self.step_unlatched(event),
        }
    }

    /// Its fault, if it is in one.
    pub fn fault(self) -> Option<FaultCode> {
        match self {
            Machine::Latched(latched) => Some(latched.cause.code()),
            Machine::Absent => Some(FaultCode::LinkLost),
            _ => None,
        }
    }

    /// Its name for pages and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Machine::Absent => "absent",
            Machine::Connecting => "connecting",
            Machine::Identifying => "identifying",
            Machine::Unhomed => "unhomed",
            Machine::Homing => "homing",
            Machine::Ready => "ready",
            Machine::Moving => "moving",
            Machine::Holding => "holding",
            Machine::Held => "held",
            Machine::Latched(latched) => match latched.cause {
                Latch::Door => "door",
                Latch::Alarm(_) => "alarm",
                Latch::Fault(_) => "fault",
                Latch::Estopped => "estopped",
            },
        }
    }

    /// Whether a drawing is under way in it.
    fn is_drawing(self) -> bool {
        matches!(self, Machine::Moving | Machine::Holding | Machine::Held)
    }

    fn latch(self, cause: Latch, position_lost: bool) -> Self {
        let moved = self.is_drawing() || self == Machine::Homing;
        // A gate opened in the middle of homing leaves it somewhere; before homing nobody knew anyway.
        let position_lost = position_lost || !(self.is_drawing() || self == Machine::Ready);
        let holds_drawing = moved && !position_lost && cause == Latch::Door;
        Machine::Latched(Latched { cause, position_lost, holds_drawing, checking: false })
    }

    fn step_unlatched(self, event: MachineEvent) -> (Self, Vec<MachineCommand>) {
        use MachineCommand as Command;
        use MachineEvent as Event;
        let quietly = |machine: Machine| (machine, Vec::new());
        match (self, event) {
            (_, Event::LinkLost) => quietly(Machine::Absent),
            (_, Event::ChainOpened) => quietly(self.latch(Latch::Estopped, true)),
            (Machine::Absent, Event::PortFound) => quietly(Machine::Connecting),
            (Machine::Connecting, Event::PortOpened) => quietly(Machine::Identifying),
            (Machine::Absent | Machine::Connecting, _) => quietly(self),
            (Machine::Identifying, Event::Stranger) => quietly(self.latch(Latch::Fault(FaultCode::LinkOther), true)),
            // A greeting that nobody asked for is a board that has started anew, wherever its carriage stands.
            (_, Event::Greeted) => quietly(Machine::Unhomed),
            (Machine::Identifying, Event::Alarm(_) | Event::Stalled) => quietly(self),
            (Machine::Identifying, Event::Reported(Report::Run | Report::Home)) => {
                (self.latch(Latch::Fault(FaultCode::UnaskedMotion), true), vec![Command::Hold])
            }
            (Machine::Identifying, _) => quietly(self),

            (_, Event::Stranger) => (self.latch(Latch::Fault(FaultCode::LinkOther), true), vec![Command::Hold]),
            (_, Event::Stalled) => (self.latch(Latch::Fault(FaultCode::NoOk), true), vec![Command::Hold]),
            (_, Event::Alarm(code)) => quietly(self.latch(Latch::Alarm(code), loses_position(code))),
            // The report may come before the alarm's number; unknown is uncertain.
            (_, Event::Reported(Report::Alarm)) if self != Machine::Unhomed => {
                quietly(self.latch(Latch::Alarm(0), true))
            }
            (_, Event::DoorOpened | Event::Reported(Report::Door { .. })) => {
                (self.latch(Latch::Door, false), vec![Command::Hold])
            }

            (Machine::Unhomed, Event::Home(_)) => (Machine::Homing, vec![Command::Home]),
            (Machine::Ready, Event::Home(_)) => (Machine::Homing, vec![Command::Home]),
            (Machine::Unhomed, Event::Vouch(_)) => quietly(Machine::Ready),
            (Machine::Homing, Event::Rests) => quietly(Machine::Ready),
            (Machine::Unhomed | Machine::Ready | Machine::Held, Event::Reported(Report::Run | Report::Home)) => {
                (self.latch(Latch::Fault(FaultCode::UnaskedMotion), true), vec![Command::Hold])
            }
            (Machine::Ready | Machine::Held, Event::Moves) => quietly(Machine::Moving),
            (Machine::Moving, Event::Reported(Report::Holding)) => quietly(Machine::Holding),
            (Machine::Moving | Machine::Holding, Event::Reported(Report::Held)) => quietly(Machine::Held),
            (Machine::Moving | Machine::Holding | Machine::Held, Event::Rests) => quietly(Machine::Ready),
            _ => quietly(self),
        }
    }
}

impl Latched {
    fn step(self, event: MachineEvent) -> (Machine, Vec<MachineCommand>) {
        use MachineEvent as Event;
        let stays = |latched: Latched, commands: Vec<MachineCommand>| (Machine::Latched(latched), commands);
        let worse = |cause: Latch, lost: bool| {
            let cause = self.cause.max(cause);
            let position_lost = self.position_lost || lost;
            let holds_drawing = self.holds_drawing && cause == Latch::Door && !position_lost;
            Latched { cause, position_lost, holds_drawing, checking: false }
        };
        match event {
            Event::ChainOpened => stays(worse(Latch::Estopped, true), vec![]),
            Event::Alarm(code) => stays(worse(Latch::Alarm(code), loses_position(code)), vec![]),
            Event::Stranger => stays(worse(Latch::Fault(FaultCode::LinkOther), true), vec![]),
            Event::Stalled => stays(worse(Latch::Fault(FaultCode::NoOk), true), vec![MachineCommand::Hold]),
            // The cable may go and come back: what it was latched for still needs a person.
            Event::LinkLost | Event::Greeted => stays(worse(self.cause, true), vec![]),
            Event::DoorOpened | Event::Reported(Report::Door { closed: false }) => {
                stays(worse(Latch::Door, false), vec![])
            }
            Event::Reported(Report::Run | Report::Home) => {
                stays(worse(Latch::Fault(FaultCode::UnaskedMotion), true), vec![MachineCommand::Hold])
            }
            Event::Acknowledge(person) if self.may_acknowledge(person) => {
                stays(Latched { checking: true, ..self }, vec![MachineCommand::Verify])
            }
            Event::Verified(true) if self.checking => {
                let out = match (self.position_lost, self.holds_drawing) {
                    (true, _) => Machine::Unhomed,
                    (false, true) => Machine::Held,
                    (false, false) => Machine::Ready,
                };
                (out, Vec::new())
            }
            Event::Verified(false) => stays(Latched { checking: false, ..self }, vec![]),
            _ => stays(self, vec![]),
        }
    }

    /// A gate may be acknowledged by whoever stands before the screen; all else needs the staff.
    fn may_acknowledge(self, person: Person) -> bool {
        matches!(person, Person::Operator(_)) || self.cause == Latch::Door
    }
}

/// Whether after the firmware's alarm `code` nobody knows where the carriage is.
fn loses_position(code: u8) -> bool {
    // Soft limit, and probes and spindles that no plotter has. All others moved or may have moved.
    !matches!(code, 2 | 4 | 5 | 13 | 14)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kiosk::ids::SessionId;

    fn after(machine: Machine, events: &[MachineEvent]) -> Machine {
        events.iter().fold(machine, |machine, event| machine.step(*event).0)
    }

    const STAFF: Person = Person::Operator(OPERATOR);
    const OPERATOR: Operator = Operator::vouched();

    fn moving() -> Machine {
        use MachineEvent::*;
        after(Machine::Absent, &[PortFound, PortOpened, Greeted, Home(OPERATOR), Reported(Report::Home), Rests, Moves])
    }

    #[test]
    fn it_is_unhomed_after_every_connect() {
        use MachineEvent::*;
        assert_eq!(moving(), Machine::Moving);
        for machine in [Machine::Ready, Machine::Moving, Machine::Held, Machine::Homing, Machine::Unhomed] {
            assert_eq!(after(machine, &[LinkLost, PortFound, PortOpened, Greeted]), Machine::Unhomed);
            assert_eq!(after(machine, &[Greeted]), Machine::Unhomed, "a board that started anew");
        }
        assert_eq!(after(Machine::Unhomed, &[Moves, Rests, Reported(Report::Idle)]), Machine::Unhomed);
        assert_eq!(after(Machine::Unhomed, &[Vouch(OPERATOR)]), Machine::Ready);
    }

    #[test]
    fn a_pause_is_told_only_when_it_stands() {
        use MachineEvent::*;
        let slowing = after(moving(), &[Reported(Report::Holding), Reported(Report::Idle)]);
        assert_eq!(slowing, Machine::Holding);
        assert_eq!(after(slowing, &[Reported(Report::Held)]), Machine::Held);
    }

    #[test]
    fn a_closed_gate_resumes_nothing_and_a_press_does() {
        use MachineEvent::*;
        let (open, commands) = moving().step(DoorOpened);
        assert_eq!(commands, [MachineCommand::Hold]);
        let closed = after(open, &[Reported(Report::Held), Reported(Report::Idle), Verified(true)]);
        assert_eq!(closed, open, "nobody has pressed");
        let visitor = Person::Visitor(SessionId::first(1));
        let (asked, commands) = open.step(Acknowledge(visitor));
        assert_eq!(commands, [MachineCommand::Verify]);
        assert_eq!(after(asked, &[Verified(false), Verified(true)]).name(), "door", "it was still open");
        assert_eq!(after(asked, &[Verified(true)]), Machine::Held);
    }

    #[test]
    fn lost_positions_are_homed_and_kept_ones_are_not() {
        use MachineEvent::*;
        for (event, out) in [
            (Alarm(1), Machine::Unhomed),
            (Alarm(2), Machine::Ready),
            (Alarm(3), Machine::Unhomed),
            (ChainOpened, Machine::Unhomed),
            (Stalled, Machine::Unhomed),
        ] {
            let latched = after(moving(), &[event]);
            assert_eq!(after(latched, &[Acknowledge(STAFF), Verified(true)]), out, "{event:?}");
            let visitor = Person::Visitor(SessionId::first(1));
            assert_eq!(after(latched, &[Acknowledge(visitor), Verified(true)]), latched, "{event:?}: staff only");
        }
        let twice = after(moving(), &[DoorOpened, Alarm(1), Acknowledge(STAFF), Verified(true)]);
        assert_eq!(twice, Machine::Unhomed, "the worse cause counts");
        let milder = after(moving(), &[Alarm(1), Alarm(2), DoorOpened, Acknowledge(STAFF), Verified(true)]);
        assert_eq!(milder, Machine::Unhomed, "what is lost stays lost");
        let unplugged = after(moving(), &[ChainOpened, LinkLost, PortFound, PortOpened, Greeted]);
        assert_eq!(unplugged.name(), "estopped", "pulling the plug acknowledges nothing");
    }

    #[test]
    fn motion_that_nobody_asked_for_is_held() {
        use MachineEvent::*;
        for machine in [Machine::Unhomed, Machine::Ready, Machine::Held, Machine::Identifying] {
            let (latched, commands) = machine.step(Reported(Report::Run));
            assert_eq!(commands, [MachineCommand::Hold], "{machine:?}");
            assert_eq!(latched.fault(), Some(FaultCode::UnaskedMotion));
        }
    }
}
