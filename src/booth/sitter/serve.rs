//! The sitter's process itself: loads the networks, then does what the booth tells it, until the line ends.

use std::io;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;

use super::artist::Artist;
use super::camera_watch::CameraWatch;
use super::camera_watch::Wish;
use super::harden::harden;
use super::held;
use super::phone::Phone;
use super::pictures::Pictures;
use super::process;
use super::still;
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
    Read(u8, From),
    /// Draw the photo that is kept.
    Draw(u8),
}

/// Where a photo is that no camera takes.
enum From {
    /// On the disk.
    File(PathBuf),
    /// Sent by a phone.
    Phone,
}

/// The line to the booth.
#[derive(Debug, Clone)]
struct Line(Arc<Mutex<UnixStream>>);

impl Line {
    /// Says `word`; a booth that is gone ends this process by itself.
    fn say(&self, word: &Says) {
        let mut line = held(&self.0);
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
    let mut phones = process::taken_over(&stream).map_err(unexpected)?;
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
    let tells = line.clone();
    let phone = Arc::new(Phone::new(&config, move |word| tells.say(&word)));
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
            *held(&keeps) = Some((take, photo));
        }),
    };
    thread::spawn(move || watch.run(&wishes));
    let (draw, draws) = mpsc::sync_channel::<Task>(ROOM);
    let (tells, sent, shows) = (line.clone(), Arc::clone(&phone), Arc::clone(&pictures));
    thread::spawn(move || {
        while let Ok(task) = draws.recv() {
            let take = match task {
                Task::Draw(take) => take,
                Task::Read(take, from) => {
                    let read = match from {
                        From::File(path) => camera::read_photo(&path).ok(),
                        From::Phone => sent.take(),
                    };
                    let result = read.ok_or(FaultCode::PhotoUnreadable).and_then(|read| {
                        artist.fits(&read)?;
                        shows.keep(still::shown(read.pixels()));
                        *held(&photo) = Some((take, read));
                        Ok(())
                    });
                    tells.say(&Says::Burst { take, result });
                    continue;
                }
            };
            let kept = held(&photo).clone();
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
            Told::Look => drop(wish.try_send(Wish::Look)),
            Told::Close => drop(wish.try_send(Wish::Close)),
            Told::Burst { take } => drop(wish.try_send(Wish::Burst { take })),
            Told::Photo { take, path } => drop(draw.try_send(Task::Read(take, From::File(path)))),
            Told::Sent { take } => drop(draw.try_send(Task::Read(take, From::Phone))),
            Told::Link(link) => phone.link(link),
            Told::Unlink { token } => phone.unlink(&token),
            Told::Links => {
                if let Some(socket) = phones.take() {
                    let answers = Arc::clone(&phone);
                    thread::spawn(move || answers.serve(socket));
                }
            }
            Told::Styles { take } => drop(draw.try_send(Task::Draw(take))),
        }
    }
    Ok(())
}
