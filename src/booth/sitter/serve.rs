//! The sitter's process itself: loads the networks, then does what the booth tells it, until the line ends.

use std::io;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::thread;

use super::artist::Artist;
use super::camera_watch::CameraWatch;
use super::camera_watch::Wish;
use super::harden::harden;
use super::pictures::Pictures;
use super::words;
use super::words::Says;
use super::words::Told;
use crate::camera;
use crate::config;
use crate::config::LoadRequest;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::FaultCode;
use crate::photo::Photo;

/// Wishes and drawings that wait.
const ROOM: usize = 16;

/// What is done beside the camera, one after the other.
enum Task {
    /// Read this photo.
    Read(u8, PathBuf),
    /// Draw the photo that is kept.
    Draw(u8),
}

/// The line to the booth.
#[derive(Debug, Clone)]
struct Line(Arc<Mutex<UnixStream>>);

impl Line {
    /// Says `word`; a booth that is gone ends this process by itself.
    fn say(&self, word: &Says) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = words::say(&mut *line, word);
    }
}

/// Serves one session by the configuration of `request`: its socket for pictures is this process's standard input, its
/// line to the booth the standard output. Returns when the line ends.
///
/// # Errors
/// It was not started by a booth, or the system refuses what keeps its memory to itself.
pub fn serve(request: &LoadRequest) -> Result<(), Fault> {
    let unexpected = |e: io::Error| Fault::new(Kind::Unexpected, format!("the sitter's process cannot work ({e})"));
    let locked = harden().map_err(unexpected)?;
    let socket = TcpListener::from(io::stdin().as_fd().try_clone_to_owned().map_err(unexpected)?);
    let stream = UnixStream::from(io::stdout().as_fd().try_clone_to_owned().map_err(unexpected)?);
    socket.local_addr().map_err(unexpected)?;
    let mut heard = stream.try_clone().map_err(unexpected)?;
    let line = Line(Arc::new(Mutex::new(stream)));

    let loaded = config::load(request)?;
    let config = loaded.config().clone();
    let artist = match Artist::load(&config, request) {
        Ok(artist) => Arc::new(artist),
        Err(fault) => {
            line.say(&Says::Unable { why: fault.to_string() });
            return Err(fault);
        }
    };
    let pictures = Arc::new(Pictures::none());
    let shown = Arc::clone(&pictures);
    thread::spawn(move || shown.serve(socket));
    let photo: Arc<Mutex<Option<(u8, Photo)>>> = Arc::default();
    let (wish, wishes) = mpsc::sync_channel(ROOM);
    let (tells, keeps) = (line.clone(), Arc::clone(&photo));
    let watch = CameraWatch {
        config: config.camera.clone(),
        per_sec: config.booth.live_per_sec,
        pictures: Arc::clone(&pictures),
        artist: Arc::clone(&artist),
        say: Box::new(move |word| tells.say(&word)),
        keep: Box::new(move |take, photo| {
            *keeps.lock().unwrap_or_else(PoisonError::into_inner) = Some((take, photo));
        }),
    };
    thread::spawn(move || watch.run(&wishes));
    let (draw, draws) = mpsc::sync_channel::<Task>(ROOM);
    let tells = line.clone();
    thread::spawn(move || {
        while let Ok(task) = draws.recv() {
            let take = match task {
                Task::Draw(take) => take,
                Task::Read(take, path) => {
                    let read = camera::read_photo(&path).map_err(|_| FaultCode::PhotoUnreadable);
                    let result = read.and_then(|read| {
                        artist.fits(&read)?;
                        *photo.lock().unwrap_or_else(PoisonError::into_inner) = Some((take, read));
                        Ok(())
                    });
                    tells.say(&Says::Burst { take, result });
                    continue;
                }
            };
            let kept = photo.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let result = match kept.filter(|(of, _)| *of == take) {
                Some((_, photo)) => artist.draw(&photo, &mut |style, plan| {
                    tells.say(&Says::Style { take, style: style.to_owned(), plan });
                    ControlFlow::Continue(())
                }),
                None => Err(FaultCode::ModelFail),
            };
            tells.say(&Says::Styles { take, result });
        }
    });
    line.say(&Says::Warm { locked });
    // A wish for which there is no room was for a camera that hangs; its time runs out in the booth.
    while let Some(told) = words::hear::<Told>(&mut heard).map_err(unexpected)? {
        match told {
            Told::Open { token } => {
                pictures.let_in(&token);
                let _ = wish.try_send(Wish::Open);
            }
            Told::Close => drop(wish.try_send(Wish::Close)),
            Told::Burst { take } => drop(wish.try_send(Wish::Burst { take })),
            Told::Photo { take, path } => drop(draw.try_send(Task::Read(take, path))),
            Told::Styles { take } => drop(draw.try_send(Task::Draw(take))),
        }
    }
    Ok(())
}
