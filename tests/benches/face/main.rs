//! What looking for the sitter costs: the networks on a photo of 1280 × 720 px, their loading, and the built program's memory.
//! `cargo bench --bench face`; `README.md` beside it says what is printed.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;

use image::Rgb;
use image::RgbImage;
use image::imageops;
use image::imageops::FilterType;
use models::Manifest;
use models::face_finder;
use models::face_finder::FaceFinder;
use models::face_reader;
use models::face_reader::FaceReader;
use models::photo::Photo;
use nix::sys::resource::UsageWho;
use nix::sys::resource::getrusage;
use nix::sys::time::TimeValLike;
use portraitist::photo;
use portraitist::photo::sitters;

/// Threads, as many as the smallest robot PC has cores.
const THREADS: usize = 2;
const ROUNDS: usize = 40;
/// Runs of the built program.
const RUNS: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The kernel counts a child's memory from the moment it is forked off: what forks must be small.
    if let Some(path) = std::env::var_os(PHOTO) {
        return program(Path::new(&path));
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("photo.jpg");
    rayon::ThreadPoolBuilder::new().num_threads(THREADS).build_global()?;
    let pixels = room_with_sitter();
    pixels.save(&path)?;
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    networks(&Photo::new(pixels.as_raw(), width, height)?)?;
    let again = Command::new(std::env::current_exe()?).env(PHOTO, &path).status()?;
    if again.success() { Ok(()) } else { Err("the built program was not measured".into()) }
}

/// Names the photo for the process that measures the built program.
const PHOTO: &str = "FACE_BENCH_PHOTO";

/// A sample sitter before a wall, 1280 × 720 px.
fn room_with_sitter() -> RgbImage {
    let mut room = RgbImage::from_fn(1280, 720, |x, y| {
        let light = 90 + (x * 60 / 1280) as u8 + (y * 20 / 720) as u8;
        Rgb([light, light, light.saturating_add(8)])
    });
    let sitter = photo::decode(sitters::sitters()[0].jpeg).expect("a JPEG");
    let sitter = imageops::resize(sitter.pixels(), 460, 460, FilterType::Triangle);
    imageops::overlay(&mut room, &sitter, 400, 200);
    room
}

fn networks(photo: &Photo) -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/weights");
    let manifest = Manifest::shipped();
    let load = || {
        let read = |name: &str| models::weights::read(manifest.named(name)?, &folder);
        let finder = FaceFinder::load(&read(face_finder::NAME)?)?;
        Ok::<_, models::ModelError>((finder, FaceReader::load(&read(face_reader::NAME)?)?))
    };
    timed("loading both files (read, proved, unpacked)", || load().map(drop))?;
    timed("loading, then the first look", || {
        let (finder, reader) = load()?;
        let face = *finder.find(photo, 0.4)?.first().expect("the sitter");
        reader.read(photo, face.eyes).map(drop)
    })?;
    let (finder, reader) = load()?;
    let face = *finder.find(photo, 0.4)?.first().expect("the sitter");
    timed("finder", || finder.find(black_box(photo), 0.4).map(drop))?;
    timed("reader", || reader.read(black_box(photo), face.eyes).map(drop))?;
    timed("finder and reader", || {
        let face = *finder.find(black_box(photo), 0.4)?.first().expect("the sitter");
        reader.read(photo, face.eyes).map(drop)
    })?;
    Ok(())
}

/// Prints the median and the least of some rounds of `work`, wall and processor time, ms.
fn timed<E>(what: &str, work: impl Fn() -> Result<(), E> + Sync) -> Result<(), E>
where
    E: Send,
{
    work()?;
    let mut wall = Vec::new();
    let mut busy = Vec::new();
    for _ in 0..ROUNDS {
        let (begun, before) = (Instant::now(), processor_ms(UsageWho::RUSAGE_SELF));
        // On one of the threads that share the work, as the program's own stages are.
        rayon::scope(|_| work())?;
        wall.push(begun.elapsed().as_secs_f64() * 1e3);
        busy.push(processor_ms(UsageWho::RUSAGE_SELF) - before);
    }
    print(what, &mut wall, &mut busy);
    Ok(())
}

fn print(what: &str, wall: &mut [f64], busy: &mut [f64]) {
    for times in [&mut *wall, &mut *busy] {
        times.sort_by(f64::total_cmp);
    }
    let middle = wall.len() / 2;
    println!(
        "{what:<46} {:6.1} ms median, {:6.1} least; processor {:6.1} median, {:6.1} least",
        wall[middle], wall[0], busy[middle], busy[0]
    );
}

fn processor_ms(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("the kernel tells what was used");
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e3
}

/// `portraitist face PHOTO`, from start to end.
fn program(photo: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let (mut wall, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (begun, before) = (Instant::now(), processor_ms(UsageWho::RUSAGE_CHILDREN));
        let run = Command::new(env!("CARGO_BIN_EXE_portraitist"))
            .args(["face", "-q"])
            .arg(photo)
            .env("RAYON_NUM_THREADS", THREADS.to_string())
            .stdout(Stdio::null())
            .status()?;
        if !run.success() {
            return Err("`portraitist face` has failed".into());
        }
        wall.push(begun.elapsed().as_secs_f64() * 1e3);
        busy.push(processor_ms(UsageWho::RUSAGE_CHILDREN) - before);
    }
    print("the program, from start to end", &mut wall, &mut busy);
    let peak_kib = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    println!("{:<46} {:6.1} MB", "the program's peak memory", peak_kib as f64 * 1024.0 / 1e6);
    Ok(())
}
