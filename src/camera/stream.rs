//! The webcam's thread and the watchdog around it.
//!
//! A driver's `frame` may block for ever (nokhwa waits for a frame without a time limit, and a webcam whose cable is
//! half out sends none), so it is called on a thread of its own, and whoever wants a photo waits for that thread with a
//! limit. The thread drains frames all the time, so that exposure stays settled and a photo is never an old one; it
//! copies a frame only when one is wanted.
//!
//! ```text
//! caller   start ─▶ opened?        next: wanted ─▶ frame, or ended, or quiet for too long
//! thread   open ──▶ frame frame frame frame … (until stop or an error)
//! ```

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use super::CameraError;

/// How long a dropped stream waits for its thread to let go of the device, so that it can be opened again at once.
const LETTING_GO: Duration = Duration::from_secs(1);

/// A webcam that is open and streaming, on the thread that opened it.
pub(super) trait Driver {
    /// How its frames are coded.
    type Format: Copy + Send + 'static;

    /// How its frames are coded.
    fn format(&self) -> Self::Format;

    /// The next frame; it may block for ever.
    fn frame(&mut self) -> Result<Cow<'_, [u8]>, CameraError>;
}

/// A running stream of frames coded as `F` says.
pub(super) struct Stream<F> {
    device: String,
    stall: Duration,
    shared: Arc<Shared<F>>,
}

struct Shared<F> {
    state: Mutex<State<F>>,
    changed: Condvar,
}

struct State<F> {
    format: Option<F>,
    frames: u64,
    wanted: bool,
    frame: Option<Vec<u8>>,
    stop: bool,
    ended: bool,
    error: Option<CameraError>,
}

impl<F: Copy + Send + 'static> Stream<F> {
    /// Starts the thread, which calls `open`, and waits until the device is open. The first `warm_up_frames` are
    /// thrown away; `device` is its name in errors; `stall` is how long it may send nothing.
    ///
    /// # Errors
    /// What `open` gives; [`CameraError::Stalled`] if it does not come back in time.
    pub(super) fn start<D: Driver<Format = F>>(
        device: &str,
        stall: Duration,
        warm_up_frames: u32,
        open: impl FnOnce() -> Result<D, CameraError> + Send + 'static,
    ) -> Result<Self, CameraError> {
        let state =
            State { format: None, frames: 0, wanted: false, frame: None, stop: false, ended: false, error: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let stream = Self { device: device.to_owned(), stall, shared: Arc::clone(&shared) };
        // Without a guard that marks the end even when the driver panics, callers would wait their full time.
        let end = MarkEnd(shared);
        std::thread::Builder::new()
            .name("camera".to_owned())
            .spawn(move || end.0.run(open, warm_up_frames))
            .map_err(|error| CameraError::Driver { device: device.to_owned(), what: error.to_string() })?;
        stream.wait(|state| state.format)?;
        Ok(stream)
    }

    /// The first frame that arrives from now on, and how it is coded.
    ///
    /// # Errors
    /// Why the stream ended, or [`CameraError::Stalled`]; a stalled stream may come back, an ended one does not.
    pub(super) fn next(&self) -> Result<(F, Vec<u8>), CameraError> {
        self.shared.lock().wanted = true;
        self.wait(|state| state.format.zip(state.frame.take()))
    }

    /// Whether the stream is over.
    pub(super) fn has_ended(&self) -> bool {
        self.shared.lock().ended
    }

    /// Waits until `ready` gives a value, the thread ends, or nothing happens for [`Self::stall`].
    fn wait<T>(&self, ready: impl Fn(&mut State<F>) -> Option<T>) -> Result<T, CameraError> {
        let mut state = self.shared.lock();
        let (mut seen, mut quiet_since) = (state.frames, Instant::now());
        loop {
            if let Some(value) = ready(&mut state) {
                return Ok(value);
            }
            if state.ended {
                let died = || CameraError::Driver { device: self.device.clone(), what: "its driver died".to_owned() };
                return Err(state.error.clone().unwrap_or_else(died));
            }
            if state.frames != seen {
                (seen, quiet_since) = (state.frames, Instant::now());
            }
            let Some(left) = self.stall.checked_sub(quiet_since.elapsed()) else {
                state.wanted = false;
                let secs = self.stall.as_secs_f64().round() as u64;
                return Err(CameraError::Stalled { device: self.device.clone(), secs });
            };
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl<F> Drop for Stream<F> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stop = true;
        // A thread that hangs in its driver is left behind: nothing can wake it but the device.
        let _ = self.shared.changed.wait_timeout_while(state, LETTING_GO, |state| !state.ended);
    }
}

impl<F: Copy> Shared<F> {
    fn run<D: Driver<Format = F>>(&self, open: impl FnOnce() -> Result<D, CameraError>, warm_up_frames: u32) {
        if let Err(error) = self.drain(open, warm_up_frames) {
            self.lock().error = Some(error);
        }
    }

    /// Opens the device and takes its frames until the stream is stopped. The device is closed on the way out.
    fn drain<D: Driver<Format = F>>(
        &self,
        open: impl FnOnce() -> Result<D, CameraError>,
        warm_up_frames: u32,
    ) -> Result<(), CameraError> {
        let mut driver = open()?;
        self.lock().format = Some(driver.format());
        self.changed.notify_all();
        loop {
            let frame = driver.frame()?;
            let mut state = self.lock();
            if state.stop {
                return Ok(());
            }
            state.frames += 1;
            if state.wanted && state.frames > u64::from(warm_up_frames) {
                state.wanted = false;
                state.frame = Some(frame.into_owned());
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

impl<F> Shared<F> {
    fn lock(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MarkEnd<F>(Arc<Shared<F>>);

impl<F> Drop for MarkEnd<F> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    const STALL: Duration = Duration::from_millis(150);

    /// Sends numbered frames, 5 ms apart; after `last` it does what `then` says.
    struct Fake {
        sent: u8,
        last: u8,
        then: Then,
        closed: Arc<AtomicBool>,
        copy: [u8; 1],
    }

    #[derive(Clone, Copy)]
    enum Then {
        Unplugged,
        Stall,
        Panic,
    }

    impl Driver for Fake {
        type Format = u8;

        fn format(&self) -> u8 {
            42
        }

        fn frame(&mut self) -> Result<Cow<'_, [u8]>, CameraError> {
            std::thread::sleep(Duration::from_millis(5));
            if self.sent == self.last {
                match self.then {
                    Then::Unplugged => return Err(CameraError::Unplugged { device: "fake".to_owned() }),
                    Then::Stall => std::thread::sleep(STALL * 20),
                    Then::Panic => std::panic::resume_unwind(Box::new("the driver")),
                }
            }
            self.sent += 1;
            self.copy = [self.sent];
            Ok(Cow::Borrowed(&self.copy))
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            self.closed.store(true, Ordering::SeqCst);
        }
    }

    fn start(last: u8, then: Then, warm_up_frames: u32) -> (Stream<u8>, Arc<AtomicBool>) {
        let closed = Arc::new(AtomicBool::new(false));
        let fake = Fake { sent: 0, last, then, closed: Arc::clone(&closed), copy: [0] };
        (Stream::start("fake", STALL, warm_up_frames, move || Ok(fake)).expect("it opens"), closed)
    }

    #[test]
    fn frames_come_after_the_warm_up_and_are_always_new() {
        let (stream, closed) = start(200, Then::Stall, 3);
        let (format, first) = stream.next().expect("a frame");
        assert_eq!(format, 42);
        assert!(first[0] > 3, "frame {} belongs to the warm-up", first[0]);
        std::thread::sleep(Duration::from_millis(50));
        let (_, second) = stream.next().expect("a frame");
        assert!(second[0] > first[0] + 1, "frame {} was waiting since frame {}", second[0], first[0]);
        drop(stream);
        assert!(closed.load(Ordering::SeqCst), "the device is closed before the stream is gone");
    }

    #[test]
    fn a_stalled_camera_is_told_in_time_and_an_unplugged_one_at_once() {
        let (stream, _) = start(2, Then::Stall, 0);
        while stream.next().is_ok() {}
        let before = Instant::now();
        assert!(matches!(stream.next(), Err(CameraError::Stalled { .. })));
        assert!(before.elapsed() < STALL * 4);
        assert!(!stream.has_ended(), "it may come back");

        let (stream, _) = start(2, Then::Unplugged, 0);
        let error = (0..9).find_map(|_| stream.next().err());
        assert_eq!(error, Some(CameraError::Unplugged { device: "fake".to_owned() }));
        assert!(stream.has_ended());
    }

    #[test]
    fn a_driver_that_dies_or_never_opens_is_an_error_and_no_hang() {
        let (stream, _) = start(1, Then::Panic, 0);
        let error = (0..9).find_map(|_| stream.next().err()).expect("it died");
        assert!(error.to_string().contains("its driver died"), "{error}");

        let hang = || -> Result<Fake, CameraError> {
            std::thread::sleep(STALL * 20);
            Err(CameraError::Busy { device: "fake".to_owned() })
        };
        assert!(matches!(Stream::start("fake", STALL, 0, hang).err(), Some(CameraError::Stalled { .. })));
    }

    #[test]
    fn an_error_while_opening_is_handed_on() {
        let busy = CameraError::Busy { device: "fake".to_owned() };
        let refuse = busy.clone();
        let started = Stream::start("fake", STALL, 0, move || -> Result<Fake, CameraError> { Err(refuse) });
        assert_eq!(started.err(), Some(busy));
    }
}
