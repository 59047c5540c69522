//! What must be true before a pen moves, and the run that only these proofs can begin.
//!
//! [`prove`] turns facts into [`Proven`] or into the list of what is missing; a [`Run`] is made of nothing else. So no
//! path through the program draws without the whole checklist, and a refusal always has its reasons.

use serde::Deserialize;
use serde::Serialize;

use super::texts::TextKey;

/// One line of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The robot knows where it is, stands still and takes orders.
    Homed,
    /// The right sheet lies under the pen.
    Paper,
    /// The pen writes.
    Pen,
    /// The gate is closed.
    Door,
    /// The hard-wired chain is closed.
    Chain,
    /// The plan is the one that was shown.
    Checksum,
    /// Its bytes were proved again to stay on the sheet and in the field.
    Bounds,
    /// Its bytes were proved again to keep under the top speed.
    Speed,
}

impl Check {
    /// All of them, in the order in which a person would look.
    pub const ALL: [Check; 8] = [
        Check::Chain,
        Check::Door,
        Check::Homed,
        Check::Paper,
        Check::Pen,
        Check::Checksum,
        Check::Bounds,
        Check::Speed,
    ];

    /// What a visitor reads when it is missing.
    pub fn visitor_text(self) -> TextKey {
        match self {
            Check::Homed => TextKey::HandoverNotYet,
            Check::Paper => TextKey::FaultPaperNone,
            Check::Pen => TextKey::FaultPenWorn,
            Check::Door => TextKey::HandoverDoor,
            Check::Chain => TextKey::FaultEstop,
            Check::Checksum | Check::Bounds | Check::Speed => TextKey::FaultPlanBounds,
        }
    }

    /// What the staff reads when it is missing.
    pub fn staff_text(self) -> &'static str {
        match self {
            Check::Homed => "the robot must be home, standing still and free of alarms",
            Check::Paper => {
                "a drawing begins on a sheet that was just loaded, and is resumed on the one that it was begun on"
            }
            Check::Pen => "the pen must be changed",
            Check::Door => "the gate must be closed",
            Check::Chain => "the emergency stop must be released",
            Check::Checksum => "the strokes are not those that were shown",
            Check::Bounds => "the strokes leave the sheet or the robot's field",
            Check::Speed => "the pen would move faster than it may",
        }
    }

    /// Whether no person can bring it about: the plan itself is unfit.
    pub fn condemns_the_plan(self) -> bool {
        matches!(self, Check::Checksum | Check::Bounds | Check::Speed)
    }
}

/// What was found out about each line of the checklist, freshly and for one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the check of the same name")]
pub struct Facts {
    pub homed: bool,
    pub paper: bool,
    pub pen: bool,
    pub door: bool,
    pub chain: bool,
    pub checksum: bool,
    pub bounds: bool,
    pub speed: bool,
}

impl Facts {
    fn holds(&self, check: Check) -> bool {
        match check {
            Check::Homed => self.homed,
            Check::Paper => self.paper,
            Check::Pen => self.pen,
            Check::Door => self.door,
            Check::Chain => self.chain,
            Check::Checksum => self.checksum,
            Check::Bounds => self.bounds,
            Check::Speed => self.speed,
        }
    }
}

/// The whole checklist holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven(());

/// The proof of the whole checklist, or all that is missing.
///
/// # Errors
/// Every check that does not hold, in the order of [`Check::ALL`].
pub fn prove(facts: &Facts) -> Result<Proven, Vec<Check>> {
    let missing: Vec<Check> = Check::ALL.into_iter().filter(|check| !facts.holds(*check)).collect();
    if missing.is_empty() { Ok(Proven(())) } else { Err(missing) }
}

/// One run of the pen over a plan, from a stroke to the end. It cannot be had without the proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    number: u16,
    from_stroke: u32,
}

impl Run {
    /// Run `number` of a drawing, beginning with stroke `from_stroke`, counted from 0.
    pub(super) fn begin(_: Proven, number: u16, from_stroke: u32) -> Self {
        Self { number, from_stroke }
    }

    /// Which run of its drawing it is, counted from 1.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Its first stroke, counted from 0.
    pub fn from_stroke(&self) -> u32 {
        self.from_stroke
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_checklist_is_a_proof_and_every_gap_is_named() {
        for bits in 0..256_u32 {
            let on = |check: Check| bits & (1 << check as u32) != 0;
            let facts = Facts {
                homed: on(Check::Homed),
                paper: on(Check::Paper),
                pen: on(Check::Pen),
                door: on(Check::Door),
                chain: on(Check::Chain),
                checksum: on(Check::Checksum),
                bounds: on(Check::Bounds),
                speed: on(Check::Speed),
            };
            let missing: Vec<Check> = Check::ALL.into_iter().filter(|check| !on(*check)).collect();
            match prove(&facts) {
                Ok(_) => assert_eq!(bits, 255),
                Err(named) => assert_eq!(named, missing, "{bits:08b}"),
            }
        }
    }
}
