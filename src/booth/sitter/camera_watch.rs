//! The camera's thread in the sitter's process: closed until told, live pictures while open, a burst when asked.
//!
//! A camera that is gone is opened again for ever, at pauses that grow from half a second to three; meanwhile a placeholder
//! is shown and the view never ends. Of a burst the sharpest picture is kept. A judge on a thread of its own says what
//! keeps the view from being a good photo, so that it does not slow the view.

use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::artist::Artist;
use super::pictures::Pictures;
use super::still;
use super::words::Look;
use super::words::Says;
use crate::camera;
use crate::camera::Camera;
use crate::camera::CameraConfig;
use crate::kiosk::FaultCode;
use crate::photo::Photo;
use crate::raster::Rgb;

/// Pictures of a burst, and how long it may take.
const BURST: usize = 6;
const BURST_WITHIN: Duration = Duration::from_secs(1);
/// A webcam's exposure has settled after this time.
const SETTLES: Duration = Duration::from_millis(1200);
/// How often a camera that only has stills is asked for one.
const STILL_EVERY: Duration = Duration::from_millis(100);
/// How often is told that pictures come.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Pauses between attempts to open a camera that is gone.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// One that is back shows its pictures within five seconds, the time to open it included.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What the camera's thread is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Open it.
    Open,
    /// Close it.
    Close,
    /// Say what it sees, and close it again.
    Look,
    /// Take a burst.
    Burst {
        /// Which photo it is.
        take: u8,
    },
}

/// The camera's thread.
pub struct CameraWatch {
    /// Which camera.
    pub config: CameraConfig,
    /// Pictures each second at the most.
    pub per_sec: u32,
    /// Where pictures go.
    pub pictures: Arc<Pictures>,
    /// Who judges photos.
    pub artist: Arc<Artist>,
    /// Who is told.
    pub say: Box<dyn Fn(Says) + Send>,
    /// Where the chosen photo goes.
    pub keep: Box<dyn Fn(u8, Photo) + Send>,
}

/// The judge's desk: the newest picture, and what was thought of the one before.
#[derive(Debug, Default)]
struct Desk {
    lies: Mutex<Lies>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lies {
    picture: Option<Rgb>,
    hint: Option<FaultCode>,
    ends: bool,
}

impl CameraWatch {
    /// Does what is wished until nobody wishes any more.
    pub fn run(self, wishes: &Receiver<Wish>) {
        let desk = Arc::new(Desk::default());
        let (at, artist) = (Arc::clone(&desk), Arc::clone(&self.artist));
        let judge = thread::spawn(move || at.judge(&artist));
        // Each turn ends with a closed camera.
        while let Ok(wish) = wishes.recv() {
            match wish {
                Wish::Open => self.open(wishes, &desk),
                Wish::Burst { take } => (self.say)(Says::Burst { take, result: Err(FaultCode::CamLost) }),
                Wish::Look => (self.say)(Says::Looked { result: self.look() }),
                Wish::Close => {}
            }
        }
        desk.end();
        // A judge that panicked has said so already.
        let _ = judge.join();
    }

    /// What the camera sees once its exposure has settled, in numbers.
    fn look(&self) -> Result<Look, FaultCode> {
        let mut camera = camera::open(&self.config).map_err(|_| FaultCode::CamLost)?;
        let begun = Instant::now();
        let mut shot = camera.still().map_err(|_| FaultCode::CamLost)?;
        while self.config.source.is_webcam() && begun.elapsed() < SETTLES {
            shot = camera.still().map_err(|_| FaultCode::CamLost)?;
        }
        let pixels = shot.photo.pixels();
        let (luma, burnt_percent) = still::exposure(pixels);
        let hint = self.artist.hint(&still::judged(pixels));
        let (width_px, height_px) = pixels.dimensions();
        Ok(Look { width_px, height_px, luma, burnt_percent, sharpness: still::sharpness(pixels) as u32, hint })
    }

    /// Shows the camera's pictures until it is told to close it.
    fn open(&self, wishes: &Receiver<Wish>, desk: &Desk) {
        let (mut camera, mut try_at, mut pause) = (None, Instant::now(), FIRST_PAUSE);
        let mut told = Instant::now().checked_sub(TELL_EVERY).unwrap_or_else(Instant::now);
        let every = Duration::from_secs(1) / self.per_sec.max(1);
        let every = if self.config.source.is_webcam() { every } else { every.max(STILL_EVERY) };
        let mut next = Instant::now();
        loop {
            match wishes.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Wish::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Wish::Burst { take }) => {
                    let result = self.burst(camera.as_mut(), take);
                    (self.say)(Says::Burst { take, result });
                    continue;
                }
                Ok(Wish::Open | Wish::Look) => continue,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // One that came late is made up for by the next, but no more than one.
            next = (next + every).max(Instant::now().checked_sub(every).unwrap_or(next));
            if camera.is_none() && Instant::now() >= try_at {
                camera = camera::open(&self.config).ok();
            }
            let shot = camera.as_mut().and_then(|camera| camera.still().ok());
            let Some(shot) = shot else {
                if camera.take().is_some() || Instant::now() >= try_at {
                    try_at = Instant::now() + pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.pictures.show(still::placeholder());
                    (self.say)(Says::Lost);
                }
                continue;
            };
            pause = FIRST_PAUSE;
            self.pictures.show(still::live(shot.photo.pixels()));
            let hint = desk.lay(shot.photo.pixels());
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                (self.say)(Says::Frame { hint });
            }
        }
        drop(camera);
        self.pictures.close();
        (self.say)(Says::Closed);
    }

    /// Takes a burst and keeps its sharpest picture, if that can become a likeness.
    fn burst(&self, camera: Option<&mut Box<dyn Camera>>, take: u8) -> Result<(), FaultCode> {
        let camera = camera.ok_or(FaultCode::CamLost)?;
        let begun = Instant::now();
        let count = if self.config.source.is_webcam() { BURST } else { 1 };
        let shots = (0..count).take_while(|n| *n == 0 || begun.elapsed() < BURST_WITHIN);
        let shots: Vec<Photo> = shots.filter_map(|_| camera.still().ok()).map(|shot| shot.photo).collect();
        let judged = shots.into_iter().map(|photo| (still::sharpness(photo.pixels()), photo));
        let (_, best) = judged.max_by(|a, b| a.0.total_cmp(&b.0)).ok_or(FaultCode::CamLost)?;
        self.artist.fits(&best)?;
        self.pictures.keep(still::shown(best.pixels()));
        (self.keep)(take, best);
        Ok(())
    }
}

impl Desk {
    /// Lays the newest picture there; gives what was thought of the last one that was judged.
    fn lay(&self, pixels: &Rgb) -> Option<FaultCode> {
        let mut lies = self.lies.lock().unwrap_or_else(PoisonError::into_inner);
        if lies.picture.is_none() {
            lies.picture = Some(still::judged(pixels));
            self.changed.notify_one();
        }
        lies.hint
    }

    fn end(&self) {
        self.lies.lock().unwrap_or_else(PoisonError::into_inner).ends = true;
        self.changed.notify_one();
    }

    fn judge(&self, artist: &Artist) {
        let mut lies = self.lies.lock().unwrap_or_else(PoisonError::into_inner);
        while !lies.ends {
            match lies.picture.clone() {
                Some(picture) => {
                    drop(lies);
                    let hint = artist.hint(&picture);
                    lies = self.lies.lock().unwrap_or_else(PoisonError::into_inner);
                    (lies.hint, lies.picture) = (hint, None);
                }
                None => lies = self.changed.wait(lies).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}
