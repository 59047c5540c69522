//! The evening's report: what the booth did since it was opened, in counts, and that everything personal is gone.
//!
//! It begins anew when the booth is opened and is told when it is closed and its last visitor has left. It names nobody.

use serde::Serialize;

use super::pen::tenths;
use crate::kiosk::Ending;
use crate::kiosk::FaultCode;
use crate::kiosk::FaultView;
use crate::kiosk::JobResult;

/// The counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Report {
    /// Visitors who touched the screen and have left it.
    sessions: u32,
    /// Their traces that were wiped; the same number, or something is wrong.
    wiped: u32,
    /// Drawings that lie on paper.
    drawn: u32,
    /// Visitors who said no to the photo.
    declined: u32,
    /// Visitors who cancelled, or did not answer.
    cancelled: u32,
    timed_out: u32,
    /// Drawings that were begun and ended otherwise.
    broken_off: u32,
    /// How often something began to be wrong.
    faults: u32,
    /// Sheets on which a pen has been.
    sheets: u32,
    /// Ink, metres.
    ink_metres: f64,
    #[serde(skip)]
    ink_mm: f64,
    #[serde(skip)]
    wrong: Vec<FaultCode>,
}

impl Report {
    /// A session has ended so.
    pub fn session(&mut self, ending: Ending) {
        match ending {
            // That was before this program.
            Ending::Restarted => return,
            Ending::Declined => self.declined += 1,
            Ending::Cancelled => self.cancelled += 1,
            Ending::TimedOut => self.timed_out += 1,
            Ending::Finished | Ending::PassedOn | Ending::ByStaff | Ending::Failed(_) | Ending::DrawingOver(_) => {}
        }
        self.sessions += 1;
    }

    /// The traces of a session that ended so are wiped.
    pub fn wiped(&mut self, ending: Ending) {
        self.wiped += u32::from(ending != Ending::Restarted);
    }

    /// A drawing has left the desk.
    pub fn drawing(&mut self, result: JobResult) {
        match result {
            JobResult::Completed => self.drawn += 1,
            JobResult::Cancelled | JobResult::Failed | JobResult::Interrupted => self.broken_off += 1,
            JobResult::Expired => {}
        }
    }

    /// A pen goes to a fresh sheet.
    pub fn sheet(&mut self) {
        self.sheets += 1;
    }

    /// So much of ink was drawn.
    pub fn drew(&mut self, mm: f64) {
        self.ink_mm += mm;
        self.ink_metres = tenths(self.ink_mm / 1e3);
    }

    /// This is wrong now. Gives what was not wrong before.
    pub fn faults(&mut self, faults: &[FaultView]) -> Vec<FaultCode> {
        let now: Vec<FaultCode> = faults.iter().map(|fault| fault.code).filter(|code| !code.is_everyday()).collect();
        let fresh: Vec<FaultCode> = now.iter().copied().filter(|code| !self.wrong.contains(code)).collect();
        self.faults += fresh.len() as u32;
        self.wrong = now;
        fresh
    }

    /// The booth is opened: from now on.
    pub fn begin(&mut self) {
        *self = Self { wrong: std::mem::take(&mut self.wrong), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_counted_once_and_a_lasting_fault_too() {
        let mut report = Report::default();
        for ending in [Ending::Restarted, Ending::Declined, Ending::Finished, Ending::TimedOut, Ending::Cancelled] {
            report.session(ending);
            report.wiped(ending);
        }
        assert_eq!((report.sessions, report.wiped), (4, 4));
        report.drawing(JobResult::Completed);
        report.drawing(JobResult::Failed);
        report.drew(12_340.0);
        let fault = |code: FaultCode| {
            let row = code.row();
            FaultView { code, cause: row.cause.into(), hint: row.hint.into(), remedy: row.remedy.into() }
        };
        let (door, pen, nobody) = (fault(FaultCode::Door), fault(FaultCode::PenDry), fault(FaultCode::NoFace));
        let evening = [vec![door.clone()], vec![door.clone(), nobody], vec![door.clone(), pen], vec![], vec![door]];
        let fresh = evening.map(|faults| report.faults(&faults));
        assert_eq!(fresh, [vec![FaultCode::Door], vec![], vec![FaultCode::PenDry], vec![], vec![FaultCode::Door]]);
        let told = serde_json::to_value(&report).expect("JSON");
        assert_eq!(told["faults"], 3, "a door twice, a pen once; a visitor beside the mark is none");
        assert_eq!((&told["drawn"], &told["broken_off"], &told["ink_metres"]), (&1.into(), &1.into(), &12.3.into()));
        report.begin();
        assert_eq!(report, Report { wrong: vec![FaultCode::Door], ..Report::default() });
    }
}
