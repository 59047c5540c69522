//! The robot's driver: one thread that owns the cable, does what the kiosk orders and tells what the robot does.
//!
//! ```text
//! kiosk's loop ── Order ──▶ thread: looking for it ⇄ attending (idle, homing, proving) ⇄ drawing
//!              ◀─ Event ───   │
//! any thread ──── hold ───────┘  a switch that is read before every write, never a message in a queue
//! ```
//! Read first: `attend` (a robot that is there and does nothing), then `draw` (a run of the pen). After every connect the
//! robot is unhomed; the first byte after a start asks for its status; whatever is found moving is stopped. A robot that
//! is gone is looked for again for ever ([`Supervisor`]). Nothing moves but for an order to home or to draw.

mod attend;
mod draw;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use super::drawing::Drawing;
use super::drawing::Progress;
use super::notify::Loop;
use super::notify::Pulse;
use crate::kiosk::Event;
use crate::kiosk::Facts;
use crate::kiosk::JobId;
use crate::kiosk::MachineEvent;
use crate::plan::RobotProfile;
use crate::robot::Link;
use crate::robot::Orders;
use crate::robot::Pace;
use crate::robot::Stop;
use crate::robot::Supervisor;

/// Orders that wait; more are refused, which no sane kiosk ever sees.
const ROOM: usize = 32;
/// A thread that waits looks at its switches so often.
const NAP: Duration = Duration::from_millis(10);

/// Which robot.
#[derive(Debug, Clone)]
pub struct Which {
    /// Its profile.
    pub profile: RobotProfile,
    /// Its port.
    pub cable: Cable,
    /// Who is told that the loop turns.
    pub pulse: Pulse,
}

/// At the end of which cable it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cable {
    /// The simulated robot, whose time runs so.
    Simulated(Pace),
    /// The serial port of this name.
    Serial(String),
    /// None: there is no robot, and none is looked for.
    Nothing,
}

/// What the driver is ordered, in its turn.
#[derive(Debug, Clone)]
pub enum Order {
    /// Send it home.
    Home,
    /// Ask its status, inputs and settings again.
    Verify,
    /// Look at the checklist of a run.
    Prove {
        /// Whose.
        job: JobId,
        /// Which run.
        run: u16,
        /// What is to be drawn, if it is still known.
        drawing: Option<Arc<Drawing>>,
    },
    /// Draw.
    Draw {
        /// Whose.
        job: JobId,
        /// Which run.
        run: u16,
        /// What.
        drawing: Arc<Drawing>,
        /// From which stroke on.
        from_stroke: u32,
    },
}

/// What the driver tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Something for the kiosk.
    Happens(Event),
    /// How far the pen is, a few times each second.
    Progress(Progress),
}

/// What is going on at this moment, for the switches.
#[derive(Debug, Default)]
enum Doing {
    #[default]
    Nothing,
    Homing(Stop),
    Drawing(Orders),
}

#[derive(Debug, Default)]
struct Switches {
    doing: Mutex<Doing>,
    /// A hold that no run has taken.
    hold: AtomicBool,
    /// A drawing that is held is to be asked again.
    verify: AtomicBool,
    end: AtomicBool,
}

/// The driver's thread; it ends with this.
#[derive(Debug)]
pub struct Drive {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// The driver's switches and its letter box.
#[derive(Debug, Clone)]
pub struct Handle {
    switches: Arc<Switches>,
    orders: SyncSender<Order>,
}

impl Drive {
    /// Starts the thread; `tell` hears what the robot does.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn start(which: Which, tell: impl Fn(Told) + Send + 'static) -> std::io::Result<Self> {
        let (orders, ordered) = sync_channel(ROOM);
        let switches = Arc::new(Switches::default());
        let worker = Worker {
            which,
            tell: Box::new(tell),
            ordered,
            switches: Arc::clone(&switches),
            begun: Instant::now(),
            unmet: None,
        };
        let thread = thread::Builder::new().name("driver".into()).spawn(move || worker.run())?;
        Ok(Self { handle: Handle { switches, orders }, thread: Some(thread) })
    }

    /// Its switches.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        self.handle.end();
        // A thread that panicked has said so already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Handle {
    /// Holds whatever moves, now: ahead of everything, from any thread. While nothing is drawn, what moves is stopped and
    /// nothing is left in a hold.
    pub fn hold(&self) {
        match &*self.doing() {
            Doing::Nothing => self.switches.hold.store(true, Ordering::SeqCst),
            Doing::Homing(stop) => drop(stop.throw()),
            Doing::Drawing(orders) => orders.hold(),
        }
    }

    /// Pauses the drawing at the end of its stroke.
    pub fn pause(&self) {
        if let Doing::Drawing(orders) = &*self.doing() {
            orders.give(crate::robot::Order::Pause);
        }
    }

    /// Lets a held or paused drawing go on.
    pub fn go_on(&self) {
        if let Doing::Drawing(orders) = &*self.doing() {
            orders.give(crate::robot::Order::Resume);
        }
    }

    /// Ends the drawing: hold, wait until it stands, give the rest up, lift the pen.
    pub fn end_drawing(&self) {
        if let Doing::Drawing(orders) = &*self.doing()
            && !orders.stop().is_thrown()
        {
            orders.stop().throw();
        }
    }

    /// Gives an order that waits for its turn. Gives whether there was room.
    pub fn give(&self, order: Order) -> bool {
        if let (Order::Verify, Doing::Drawing(_)) = (&order, &*self.doing()) {
            self.switches.verify.store(true, Ordering::SeqCst);
            return true;
        }
        self.orders.try_send(order).is_ok()
    }

    /// Ends the thread: a drawing under way is held, its pen lifted.
    pub fn end(&self) {
        self.switches.end.store(true, Ordering::SeqCst);
        self.end_drawing();
        if let Doing::Homing(stop) = &*self.doing() {
            stop.throw();
        }
    }

    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.switches.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker {
    which: Which,
    tell: Box<dyn Fn(Told) + Send>,
    ordered: Receiver<Order>,
    switches: Arc<Switches>,
    begun: Instant,
    /// Why no robot was met the last time.
    unmet: Option<String>,
}

impl Worker {
    fn run(mut self) {
        let mut supervisor = Supervisor::new(Duration::ZERO);
        if self.which.cable == Cable::Nothing {
            return self.wait(Duration::MAX);
        }
        while !self.ends() {
            let gone = match self.connect() {
                Ok(robot) => {
                    supervisor.met(self.begun.elapsed());
                    self.attend(robot)
                }
                Err(event) => event,
            };
            if self.ends() {
                return;
            }
            self.machine(gone);
            supervisor.missed(self.begun.elapsed());
            if let Link::Absent { try_at } = supervisor.link() {
                self.wait(try_at);
            }
        }
    }

    /// Waits until the robot is to be looked for again, at `try_at`; whatever is ordered meanwhile cannot be done.
    fn wait(&self, try_at: Duration) {
        while self.begun.elapsed() < try_at && !self.ends() {
            self.which.pulse.beat(Loop::Driver);
            match self.ordered.recv_timeout(NAP) {
                Ok(Order::Prove { job, run, .. }) => {
                    self.happens(Event::Facts { job, run, facts: Facts::default() });
                }
                Ok(Order::Verify) => self.machine(MachineEvent::Verified(false)),
                Ok(Order::Home | Order::Draw { .. }) => self.machine(MachineEvent::LinkLost),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn ends(&self) -> bool {
        self.switches.end.load(Ordering::SeqCst)
    }

    fn machine(&self, event: MachineEvent) {
        self.happens(Event::Machine(event));
    }

    fn happens(&self, event: Event) {
        (self.tell)(Told::Happens(event));
    }

    fn now_doing(&self, doing: Doing) {
        *self.switches.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }
}

#[cfg(test)]
mod tests;
