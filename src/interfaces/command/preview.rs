//! `portraitist preview FILE`: a photo, an SVG, a plan or a program on a page that plays it and plans it anew.
//!
//! The first plan is made before anything is served, so that a file that cannot be drawn ends the command with its
//! sentence and its exit code. With `--out` the files are written and no page is served.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::Everywhere;
use super::arguments::Preview as Command;
use super::browser;
use super::drawing;
use super::output;
use super::output::Folder;
use super::progress::Progress;
use crate::config::Config;
use crate::config::LoadRequest;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::interfaces::preview::Ask;
use crate::interfaces::preview::Desk;
use crate::interfaces::preview::Export;
use crate::interfaces::preview::Finished;
use crate::interfaces::preview::Preview;
use crate::interfaces::preview::Source;
use crate::interfaces::preview::desk::Manner;
use crate::interfaces::preview::source;
use crate::server::Access;
use crate::server::Hosts;
use crate::server::Limits;
use crate::server::Listening;
use crate::server::Shell;
use crate::server::secret::Secrets;
use crate::server::serve;
use crate::server::stop::asked_to_stop;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Command) -> Result<(), Fault> {
    let request: LoadRequest = super::config::request(everywhere, &command.machine);
    let loaded = crate::config::load(&request)?;
    let config = loaded.config().clone();
    let mut progress = Progress::new(everywhere.quiet);
    let at_file = |fault: Fault| fault.at(command.file.display());

    let bytes = output::read_input(&command.file, source::MAX_BYTES)?;
    let source = Source::read(bytes).map_err(at_file)?;
    let name = command.file.file_stem().map(|name| name.to_string_lossy().into_owned()).filter(|name| name != "-");
    let manner = Manner { face: command.face.map(|face| face.rect()), no_face: command.no_face, fit: command.fit };
    let mut desk = Desk::new(name.unwrap_or_else(|| "preview".into()), source, manner, &loaded, request)?;
    let made = desk.plan(&Ask::default(), &mut |stage| progress.enter(stage), &|| false).map_err(at_file)?;
    let made = made.expect("nobody gave it up");
    progress.finish();
    match &command.out {
        Some(folder) => save(everywhere, &made, folder),
        None => show(everywhere, command, &config, desk, made),
    }
}

/// Writes every file.
fn save(everywhere: &Everywhere, made: &Finished, folder: &Path) -> Result<(), Fault> {
    let folder = Folder::create(folder)?;
    for export in Export::ALL {
        folder.write(export.name(), &export.bytes(made))?;
    }
    if everywhere.json {
        output::print_json("preview", drawing::sum_json(&made.plan, folder.path()))
    } else {
        output::print_line(&format!("{}: {}", folder.path().display(), drawing::sum(&made.plan)))
    }
}

/// Serves the page until this process is asked to stop.
fn show(everywhere: &Everywhere, command: &Command, config: &Config, desk: Desk, made: Finished) -> Result<(), Fault> {
    let limits = Limits::default();
    let access = Access::new(Secrets::load(&config.security)?, config.security.lock_out_file());
    let listen = command.listen.as_ref().unwrap_or(&config.server.listen);
    let listening = Listening::bind(listen, access.knows_an_operator())?;
    let url = listening.url();
    let sum = drawing::sum(&made.plan);
    let preview = Preview::open(desk, made, &limits)?;
    let shell = Shell::new(preview.app(), &Arc::new(access), Hosts::new(&config.server.hosts), &limits);
    if everywhere.json {
        output::print_json("preview", json!({ "url": url }))?;
    }
    if !everywhere.quiet {
        eprintln!("portraitist: {sum}");
    }
    // Told whatever else is quiet: without it the page cannot be found.
    eprintln!("portraitist: {url} (Ctrl-C ends it)");
    let unexpected = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("no server can be started ({e})"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Files that are made, and PINs that are looked at.
        .max_blocking_threads(4)
        .build()
        .map_err(unexpected)?;
    if !command.no_open && browser::is_there() {
        let page = url.clone();
        // Some openers return only when the browser is closed. The address has been told, whatever becomes of it.
        runtime.spawn_blocking(move || browser::open(page.as_ref()));
    }
    let served = runtime.block_on(serve(listening, shell, asked_to_stop()));
    runtime.shutdown_timeout(limits.farewell);
    Ok(served?)
}
