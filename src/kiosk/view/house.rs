//! What the staff and the readiness endpoint see: robot, drawing, paper and pen, and every reason for a closed door.

use std::time::Duration;

use firmware_protocol::codes;
use serde::Serialize;

use crate::kiosk::accept::Disk;
use crate::kiosk::accept::Paper;
use crate::kiosk::accept::Pen;
use crate::kiosk::accept::Reason;
use crate::kiosk::booth::Booth;
use crate::kiosk::drawing_job::DrawingJob;
use crate::kiosk::drawing_job::JobState;
use crate::kiosk::drawing_job::Refusal;
use crate::kiosk::fault_codes::FaultCode;
use crate::kiosk::ids::JobId;
use crate::kiosk::journal::Stage;
use crate::kiosk::machine::Latch;
use crate::kiosk::machine::Machine;
use crate::kiosk::opening::StepView;
use crate::kiosk::screens::Screen;

/// The house as the staff sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HouseView {
    /// Whether the staff has opened it.
    pub open: bool,
    /// Every reason why no visitor is asked in; none means ready.
    pub reasons: Vec<Reason>,
    /// The robot's state.
    pub robot: &'static str,
    /// Whether that must be homed after it is acknowledged.
    pub position_lost: bool,
    /// What is wrong now, with cause, hint and remedy.
    pub faults: Vec<FaultView>,
    /// The drawing on the table.
    pub job: Option<JobView>,
    /// The drawing that waits.
    pub waiting: Option<JobView>,
    /// What lies under the pen.
    pub paper: Paper,
    /// Fresh sheets beside it, where they are counted.
    pub sheets_left: Option<u32>,
    /// The pen.
    pub pen: Pen,
    /// The disk.
    pub disk: Disk,
    /// The morning's checklist.
    pub opening: [StepView; 5],
    /// Whether the camera may be open.
    pub camera_open: bool,
    /// Whether pictures of a visitor may be in memory.
    pub pictures_in_memory: bool,
}

/// A fault with all that is said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultView {
    /// Its code.
    pub code: FaultCode,
    /// What has happened.
    pub cause: String,
    /// Where to look.
    pub hint: String,
    /// What to do.
    pub remedy: String,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobView {
    /// Which.
    pub job: JobId,
    /// Where it stands.
    pub state: Stage,
    /// Why it failed or was interrupted.
    pub code: Option<FaultCode>,
    /// Why its start was refused.
    pub refused: Vec<Refusal>,
    /// The same, for the staff to read.
    pub refused_because: Vec<&'static str>,
    /// On which sheet.
    pub sheet: u32,
    /// Strokes on the paper for certain; resuming begins with the next one.
    pub confirmed: u32,
    /// All strokes.
    pub strokes: u32,
    /// Seconds that the pen still needs.
    pub secs_left: u32,
}

pub(super) fn house(booth: &Booth, now: Duration) -> HouseView {
    let (machine, conditions) = (booth.machine(), booth.conditions());
    let screen = booth.session().screen();
    HouseView {
        open: conditions.open,
        reasons: booth.reasons(now),
        robot: machine.name(),
        position_lost: matches!(machine, Machine::Latched(latched) if latched.position_lost()),
        faults: faults(booth, now),
        job: booth.desk().table().map(job),
        waiting: booth.desk().waiting().map(job),
        paper: conditions.paper,
        sheets_left: conditions.sheets_left,
        pen: conditions.pen,
        disk: conditions.disk,
        opening: booth.opening().steps(matches!(machine, Machine::Ready | Machine::Moving)),
        camera_open: screen.camera_open(),
        pictures_in_memory: screen.holds_pictures(),
    }
}

fn job(job: &DrawingJob) -> JobView {
    let record = job.record();
    let refused = match job.state() {
        JobState::Queued { refused, .. } | JobState::Interrupted { refused, .. } => refused.clone(),
        _ => Vec::new(),
    };
    JobView {
        job: record.job,
        state: record.stage,
        code: record.code,
        refused_because: refused.iter().map(|refusal| refusal.staff_text()).collect(),
        refused,
        sheet: record.sheet,
        confirmed: record.confirmed,
        strokes: record.strokes,
        secs_left: job.secs_left(),
    }
}

/// All faults that the machines are in, each once.
fn faults(booth: &Booth, now: Duration) -> Vec<FaultView> {
    let conditions = booth.conditions();
    let screen = booth.session().screen();
    let pen = match conditions.pen {
        Pen::Good => None,
        Pen::Worn => Some(FaultCode::PenWorn),
        Pen::Dry => Some(FaultCode::PenDry),
    };
    let disk = match conditions.disk {
        Disk::Roomy => None,
        Disk::Low => Some(FaultCode::DiskLow),
        Disk::Full => Some(FaultCode::DiskFull),
    };
    let hint = match screen {
        Screen::Framing(framing) => framing.hint(),
        _ => None,
    };
    let failing = screen.deletion().is_some_and(|deletion| deletion.is_failing());
    let all = [
        failing.then_some(FaultCode::WipeFailed),
        booth.machine().fault(),
        booth.desk().table().and_then(|job| job.record().code),
        conditions.camera.fault(now, booth.config()),
        (conditions.paper == Paper::Missing).then_some(FaultCode::PaperNone),
        pen,
        disk,
        hint,
    ];
    let mut codes: Vec<FaultCode> = Vec::new();
    for code in all.into_iter().flatten() {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.into_iter().map(|code| told(code, booth.machine())).collect()
}

fn told(code: FaultCode, machine: Machine) -> FaultView {
    let row = code.row();
    let mut view = FaultView { code, cause: row.cause.into(), hint: row.hint.into(), remedy: row.remedy.into() };
    // The firmware's own number says more than that there is one.
    if let (FaultCode::Alarm, Machine::Latched(latched)) = (code, machine)
        && let Latch::Alarm(number) = latched.cause()
        && number > 0
    {
        let known = codes::alarm(number);
        view.cause = format!("ALARM:{number}: {}", known.meaning);
        view.hint = known.remedy.into();
    }
    view
}
