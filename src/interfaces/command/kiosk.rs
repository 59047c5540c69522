//! `portraitist kiosk`: the booth with its visitors' page; and the sitter's process that it starts.
//!
//! With the simulated robot it is a demonstration: the staff's part is played, and where there is no webcam a sample
//! sitter sits. Where no operator's secret is configured, a PIN for this run alone is made and told once, on standard
//! error.

use std::ffi::OsString;
use std::sync::Arc;

use serde_json::json;

use super::Everywhere;
use super::arguments::Kiosk;
use super::browser;
use super::cable::SIMULATED;
use super::output;
use crate::booth::Cable;
use crate::booth::Runtime;
use crate::booth::Setting;
use crate::booth::routes;
use crate::booth::sitter;
use crate::camera;
use crate::camera::Source;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot::Pace;
use crate::server::Access;
use crate::server::Hosts;
use crate::server::Limits;
use crate::server::Listening;
use crate::server::Shell;
use crate::server::secret::PinHash;
use crate::server::secret::Secrets;
use crate::server::serve;
use crate::server::stop::asked_to_stop;

/// Digits of a PIN that is made for one run.
const PIN_DIGITS: usize = 8;
/// So many PINs are drawn until one is not among the first that anybody would try.
const PINS: usize = 8;

/// Runs the booth until this process is asked to stop.
pub fn run(everywhere: &Everywhere, command: &Kiosk) -> Result<(), Fault> {
    let mut sets = Vec::new();
    let mut request = super::config::request(everywhere, &command.machine);
    if let Some(device) = &command.camera {
        sets.extend(["camera.source=webcam".to_owned(), format!("camera.device={device}")]);
    } else if let Some(folder) = &command.camera_dir {
        sets.extend(["camera.source=folder".to_owned(), format!("camera.folder={}", folder.display())]);
    } else if command.sample {
        sets.push("camera.source=sample".to_owned());
    }
    request.sets.extend(sets.iter().cloned());
    let mut config = crate::config::load(&request)?.config().clone();
    let port = command.port.clone().unwrap_or_else(|| config.port.path.clone());
    let simulated = port.is_empty() || port == SIMULATED;
    if simulated && config.camera.source == Source::Webcam && command.camera.is_none() && camera::list().is_empty() {
        sets.push("camera.source=sample".to_owned());
        request.sets.push("camera.source=sample".to_owned());
        config = crate::config::load(&request)?.config().clone();
        eprintln!("portraitist: no webcam is connected; a sample sitter sits for this demonstration");
    }
    let pace = if command.at_once { Pace::AtOnce } else { Pace::RealTime };
    let cable = if simulated { Cable::Simulated(pace) } else { Cable::Serial(port) };

    let limits = Limits::default();
    let mut secrets = Secrets::load(&config.security)?;
    let own_pin = if secrets.know_an_operator() { None } else { Some(new_pin()?) };
    let configured = secrets.know_an_operator();
    if let Some((_, hash)) = &own_pin {
        secrets.pin = Some(hash.clone());
    }
    let access = Arc::new(Access::new(secrets, config.security.lock_out_file()));
    let listen = command.listen.as_ref().unwrap_or(&config.server.listen);
    // A PIN that only the console knows opens no door to the network.
    let listening = Listening::bind(listen, configured)?;
    let url = listening.url();
    let setting = Setting {
        cable,
        program: std::env::current_exe().map_err(|e| Fault::new(Kind::Unexpected, e.to_string()))?,
        arguments: arguments(everywhere, &request.sets),
        demonstration: simulated && !command.staffed,
        config: config.clone(),
    };
    let runtime = Runtime::start(setting, &limits)?;
    let mut table = routes::kiosk();
    table.extend(routes::house());
    let hosts = Hosts::new(&config.server.hosts);
    let shell = Shell::with_pictures(runtime.app(table), &access, hosts, &limits, &runtime.pictures());
    runtime.count_in(shell.metrics());
    if everywhere.json {
        let pin = own_pin.as_ref().map(|(pin, _)| pin);
        output::print_json("kiosk", json!({ "url": url, "operator_pin": pin }))?;
    }
    if let Some((pin, _)) = own_pin.filter(|_| !everywhere.json) {
        eprintln!("portraitist: the operator's page is {url}operator, its PIN for this run is {pin}");
    }
    eprintln!("portraitist: {url} (Ctrl-C ends it)");
    let unexpected = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("no server can be started ({e})"));
    let server = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // PINs that are looked at.
        .max_blocking_threads(4)
        .build()
        .map_err(unexpected)?;
    if !command.no_open && browser::is_there() {
        let page = url.clone();
        // Some openers return only when the browser is closed. The address has been told, whatever becomes of it.
        server.spawn_blocking(move || browser::open(page.as_ref()));
    }
    let served = server.block_on(serve(listening, shell, asked_to_stop()));
    drop(runtime);
    server.shutdown_timeout(limits.farewell);
    Ok(served?)
}

/// Runs the sitter's process of a booth.
pub fn sit(everywhere: &Everywhere) -> Result<(), Fault> {
    sitter::serve(&super::config::request(everywhere, &super::Machine::default()))
}

/// What makes this program a sitter's process with the same configuration.
fn arguments(everywhere: &Everywhere, sets: &[String]) -> Vec<OsString> {
    let files = everywhere.config.iter().flat_map(|file| ["--config".into(), file.clone().into_os_string()]);
    let sets = sets.iter().flat_map(|set| ["--set".into(), OsString::from(set)]);
    files.chain(sets).chain(["sitter".into()]).collect()
}

/// A PIN that nobody chose, and its hash.
fn new_pin() -> Result<(String, PinHash), Fault> {
    let mut last = None;
    for _ in 0..PINS {
        let mut bytes = [0; PIN_DIGITS];
        getrandom::fill(&mut bytes).map_err(|e| Fault::new(Kind::Unexpected, e.to_string()))?;
        // 256 is no multiple of ten: the small digits come a little more often, which eight of them make up for.
        let pin: String = bytes.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        match PinHash::of(&pin) {
            Ok(hash) => return Ok((pin, hash)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| Fault::new(Kind::Unexpected, "no PIN can be made"), Fault::from))
}
