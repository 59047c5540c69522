//! The booth put together: threads started in their order, and ended in the other one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use super::attendant;
use super::attendant::Attendant;
use super::attendant::Letter;
use super::counts::Counts;
use super::drawing::Drawing;
use super::drive::Cable;
use super::drive::Drive;
use super::drive::Which;
use super::links;
use super::links::Links;
use super::notify::Pulse;
use super::orders::Book;
use super::pen::PenUse;
use super::records::Records;
use super::report::Report;
use super::routes::Site;
use super::shown::Now;
use super::shown::Shown;
use super::sitter::Sitters;
use super::trials::Trials;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::Booth;
use crate::kiosk::FaultCode;
use crate::kiosk::Record;
use crate::server::App;
use crate::server::Feed;
use crate::server::Limits;
use crate::server::Metrics;
use crate::server::Pictures;
use crate::server::Route;

/// Letters that wait for the loop.
const ROOM: usize = 512;

/// Who comes to a booth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Visitors, at its page.
    Visitors,
    /// Orders alone: there is no screen.
    Orders {
        /// Whether the camera takes them.
        camera: bool,
    },
}

/// What a booth is made of.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The configuration.
    pub config: Config,
    /// The robot's cable.
    pub cable: Cable,
    /// This program, for the sitter's process.
    pub program: PathBuf,
    /// The arguments that make it a sitter's process with this configuration.
    pub arguments: Vec<OsString>,
    /// Who comes.
    pub used: Use,
    /// Without robot and camera: nothing moves, nothing looks, nobody is asked in.
    pub safe: bool,
    /// Play the staff's part: open, vouch, change sheets. For a simulated robot only.
    pub demonstration: bool,
}

/// A running booth; it ends with this: the robot is held and its pen lifted, the sitter's process is killed.
pub struct Runtime {
    site: Arc<Site>,
    counts: Counts,
    origin: String,
    pulse: Pulse,
    drive: Option<Drive>,
    letters: SyncSender<Letter>,
    attendant: Option<JoinHandle<()>>,
}

impl Runtime {
    /// Starts a booth.
    ///
    /// # Errors
    /// The state's folder cannot be used, or the machine gives no thread, port or random numbers.
    pub fn start(setting: Setting, limits: &Limits) -> Result<Self, Fault> {
        let Setting { config, cable, program, arguments, used, safe, demonstration } = setting;
        let unexpected = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("the booth cannot be started ({e})"));
        let folder = config.booth.state_folder().ok_or_else(|| {
            Fault::new(Kind::Config, "there is no folder for drawings under way; set booth.state_folder")
        })?;
        let mut records = Records::open(&folder)?;
        let found = records.found().map_err(unexpected)?;
        let trials = Trials::new(&config.sheet, &config.robot, &config.plan)?;
        let mut drawings = HashMap::new();
        for found in &found {
            // Strokes that are lost cannot be resumed; the checklist will say so.
            if let Ok(drawing) = Drawing::open(&found.plan, &config.robot) {
                drawings.insert(drawing.summary().checksum, Arc::new(drawing));
            }
        }
        let orders = Arc::new(Book::default());
        for found in &found {
            orders.restore(found.record.key.clone(), found.record.job);
        }
        let journal: Vec<Record> = found.into_iter().map(|found| found.record).collect();

        let begun = Instant::now();
        let mut boot = [0; 4];
        getrandom::fill(&mut boot).map_err(|e| Fault::new(Kind::Unexpected, e.to_string()))?;
        let boot = u32::from_le_bytes(boot);
        let (booth, first) = Booth::at_start(boot, &journal, FaultCode::Crash, Duration::ZERO, config.kiosk.clone());

        let pulse = Pulse::default();
        let (letters, taken) = sync_channel(ROOM);
        let told = letters.clone();
        let which = Which { profile: config.robot.clone(), cable, pulse: pulse.clone() };
        // A loop that is gone hears nothing any more.
        let drive =
            Drive::start(which, move |told_by| drop(told.send(attendant::letter(told_by)))).map_err(unexpected)?;
        let said = letters.clone();
        let hears = Arc::new(move |number, says| drop(said.send(Letter::Sitter(number, says))));
        let (phones, begins) = match used {
            Use::Visitors => links::socket(&config)?.unzip(),
            Use::Orders { .. } => (None, None),
        };
        let links = Links::new(begins, Duration::from_secs(u64::from(config.kiosk.phone_secs)));
        let sitters = Sitters::new(program, arguments, phones, hears).map_err(unexpected)?;
        let origin = sitters.origin().to_owned();
        let first_view = booth.view(Duration::ZERO);
        let feed = Feed::new(&first_view.visitor, limits)?;
        let house = Feed::new(&first_view.house, limits)?;
        let shown = Arc::new(Shown::default());
        let house_now = serde_json::to_value(&first_view.house).unwrap_or_default();
        shown.write(Now { house: house_now, ..Now::default() });
        let counts = Counts::default();
        let attendant = Attendant {
            booth,
            begun,
            letters: taken,
            own_letters: letters.clone(),
            drive: drive.handle(),
            sitters,
            records,
            robot: config.robot.clone(),
            camera: config.camera.clone(),
            orders: Arc::clone(&orders),
            links,
            pen: PenUse::load(&folder, &config.booth),
            report: Report::default(),
            trials: trials.clone(),
            safe,
            feed: feed.clone(),
            house: house.clone(),
            pulse: pulse.clone(),
            headless: used != Use::Visitors,
            shown: Arc::clone(&shown),
            counts: counts.clone(),
            demonstration,
            drawings,
            state: attendant::State::new(boot),
        };
        let run = thread::Builder::new().name("attendant".into()).spawn(move || attendant.run(first));
        let attendant = Some(run.map_err(unexpected)?);
        let site = Arc::new(Site {
            letters: letters.clone(),
            drive: drive.handle(),
            feed,
            house,
            orders,
            triggers: used == Use::Orders { camera: true },
            shown,
            ink: config.ink,
            self_test: trials.test,
            pen_mm: config.pen.width_mm,
        });
        Ok(Self { site, counts, origin, pulse, drive: Some(drive), letters, attendant })
    }

    /// The use that the server's shell is put around, with these `routes`.
    pub fn app(&self, routes: Vec<Route<Arc<Site>>>) -> App<Arc<Site>> {
        let (asked, ends) = (Arc::clone(&self.site), Arc::clone(&self.site));
        App {
            state: Arc::clone(&self.site),
            routes,
            ready: Arc::new(move || asked.shown.read(|now| now.reasons.clone())),
            farewell: Arc::new(move || {
                ends.feed.close();
                ends.house.close();
            }),
        }
    }

    /// The orders that it takes.
    pub fn orders(&self) -> Arc<Book> {
        Arc::clone(&self.site.orders)
    }

    /// When its loops turned last.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Pages may show the pictures of the sitter's process.
    pub fn pictures(&self) -> Pictures {
        Pictures { shown_from: Some(self.origin.clone()), lent: false }
    }

    /// Lets `metrics` tell what the booth counts.
    pub fn count_in(&self, metrics: &Metrics) {
        metrics.add(|registry| self.counts.register(registry));
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // The loop still hears and writes down where the drawing stood.
        self.drive.take();
        let _ = self.letters.send(Letter::End);
        // A loop that panicked has said so already.
        let _ = self.attendant.take().map(JoinHandle::join);
    }
}
