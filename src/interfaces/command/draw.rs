//! `portraitist draw`: a photo, a camera or a sample sitter becomes ink.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::json;

use super::Everywhere;
use super::arguments::Draw;
use super::arguments::Lines;
use super::browser;
use super::cable::Cable;
use super::drawing;
use super::interrupt::orders;
use super::origin;
use super::output;
use super::output::Folder;
use super::photograph::photograph;
use super::progress::Progress;
use super::terminal;
use crate::config::Config;
use crate::fault::Fault;
use crate::job;
use crate::job::Artist;
use crate::job::Job;
use crate::job::Stage;
use crate::job::Subject;
use crate::photo::Framing;
use crate::preview;
use crate::raster;
use crate::robot::Pace;
use crate::sitter::Networks;
use crate::strokes::svg;
use crate::strokes::svg::Layers;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Draw) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    origin::foresee(&command.cable, command.cable.port.as_ref().unwrap_or(&config.port.path))?;
    let orders = orders();
    let stop = orders.stop();
    let mut progress = Progress::new(everywhere.quiet);

    progress.enter(Stage::Photo);
    let (name, photo) = photograph(&command.picture, &config)?;
    let networks = if command.no_face { None } else { Some(config.models.face_networks()?) };
    let style = match command.lines {
        Lines::Style => config.models.style_networks(&config.style)?,
        Lines::Flow => None,
    };
    let artist = style.as_ref().map_or(Artist::Pen, Artist::Networks);
    let recipe = config.recipe(subject(command, &config, networks.as_ref()), artist);

    let folder = match &command.out {
        Some(path) => Folder::create(path)?,
        None => Folder::create_numbered(Path::new("drawings"), &name)?,
    };
    let prepared = job::prepare(&photo, &recipe, &mut |stage| {
        progress.enter(stage);
        if stop.is_thrown() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let job = match prepared {
        Ok(job) => job,
        Err(fault) => {
            folder.unmake();
            return Err(fault);
        }
    };
    write_stages(&folder, &job, config.pen.width_mm)?;
    drawing::write_plan(&folder, &job.plan, &job.program, &config, &name, command.travels)?;

    let pace = if command.cable.real_time { Pace::REAL_TIME } else { Pace::AtOnce };
    let mut cable = Cable::open(&command.cable, &config, pace, stop)?;
    let drawn = drawing::draw_on_paper(&folder, &job.plan, &job.program, &config, &mut cable, &orders, &mut progress)?;
    let stages: serde_json::Map<_, _> =
        progress.finish().iter().map(|(stage, took)| (stage.name().to_owned(), json!(took.as_secs_f64()))).collect();
    drawing::check_finished(&job.plan, &drawn, &folder)?;

    if everywhere.json {
        let mut result = drawing::sum_json(&job.plan, folder.path());
        result["stage_secs"] = stages.into();
        result["left_out"] = json!(job.left_out);
        output::print_json("draw", result)?;
    } else {
        if std::io::stdout().is_terminal() {
            let ink = config.ink;
            let paper = preview::coverage(job.plan.sheet(), drawn.ink.iter().map(Vec::as_slice), &ink);
            output::print_line(terminal::braille(&paper, TERMINAL_COLUMNS).trim_matches('\n'))?;
        }
        if let Some(remark) = job.left_out.remark().filter(|_| !everywhere.quiet) {
            eprintln!("portraitist: {remark}");
        }
        output::print_line(&format!("{}: {}", folder.path().display(), drawing::sum(&job.plan)))?;
    }
    if command.open {
        browser::open(folder.path().join("preview.html").as_os_str())?;
    }
    Ok(())
}

/// Width of the sheet on a terminal: fits the 80 columns that every terminal has.
const TERMINAL_COLUMNS: u32 = 72;

/// Who or what is drawn; without networks the photo as it is.
fn subject<'a>(command: &Draw, config: &'a Config, networks: Option<&'a Networks>) -> Subject<'a> {
    let at = command.face.map(|face| face.rect());
    match networks {
        Some(networks) => Subject::Sitter { networks, config: &config.sitter, at },
        None => Subject::AsItIs(at.map_or(Framing::Centred, Framing::Face)),
    }
}

/// A picture for every stage, and the strokes before anyone put them in order.
fn write_stages(folder: &Folder, job: &Job, pen_width_mm: f64) -> Result<(), Fault> {
    folder.write("portrait.png", &raster::rgb_png(job.portrait.pixels()))?;
    folder.write("lines.png", &raster::gray_png(job.lines.ink()))?;
    folder.write("lines_binary.png", &raster::gray_png(&job.lines.binary()))?;
    folder.write("sketch.png", &raster::gray_png(&job.sketch.flattened()))?;
    folder.write("strokes.svg", svg::write(&job.traced.set, pen_width_mm, Layers::ByKind).as_bytes())?;
    Ok(())
}
