//! What keeps a process's memory to itself: no core, no debugger, no life after its parent, no swap where it may.
//!
//! Sources: `setrlimit(2)`, `prctl(2)` (`PR_SET_DUMPABLE`, `PR_SET_PDEATHSIG`), `mlockall(2)`.

use rustix::mm::MlockAllFlags;
use rustix::process::DumpableBehavior;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::Signal;

/// Hardens this process. Gives whether its memory is kept from being swapped, which takes a right that not everybody
/// has; all else must succeed.
///
/// # Errors
/// The system refuses.
pub fn harden() -> std::io::Result<bool> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // With a limit, the next allocation beyond it would fail: better to say that nothing is locked.
    let unlimited = rustix::process::getrlimit(Resource::Memlock).current.is_none();
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    Ok(unlimited && rustix::mm::mlockall(all).is_ok())
}
