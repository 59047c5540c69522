//! `portraitist kiosk` and `portraitist serve`: the booth with its visitors' page, or without a screen; and the sitter's
//! process that both start.
//!
//! With the simulated robot it is a demonstration: the staff's part is played, and where there is no webcam a sample
//! sitter sits. Where no operator's secret is configured, a PIN for this run alone is made and told once, on standard
//! error. Commands of the same user find the booth by its own folder ([`Control`]).

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Everywhere;
use super::arguments::Kiosk;
use super::arguments::Serve;
use super::arguments::Stand;
use super::browser;
use super::cable::SIMULATED;
use super::output;
use crate::booth::Cable;
use crate::booth::Runtime;
use crate::booth::Setting;
use crate::booth::Site;
use crate::booth::Use;
use crate::booth::control::Control;
use crate::booth::notify::Loop;
use crate::booth::notify::Notify;
use crate::booth::order_routes;
use crate::booth::routes;
use crate::booth::sitter;
use crate::booth::watched::Watched;
use crate::camera;
use crate::camera::Source;
use crate::config::Config;
use crate::config::LoadRequest;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot::Pace;
use crate::server::Access;
use crate::server::Hosts;
use crate::server::Limits;
use crate::server::Listening;
use crate::server::Route;
use crate::server::Shell;
use crate::server::secret::PinHash;
use crate::server::secret::Secrets;
use crate::server::secret::Token;
use crate::server::serve;
use crate::server::stop::asked_to_stop;

/// Digits of a PIN that is made for one run.
const PIN_DIGITS: usize = 8;
/// So many PINs are drawn until one is not among the first that anybody would try.
const PINS: usize = 8;
/// The server's loop says so often that it turns.
const BEAT: Duration = Duration::from_secs(1);

/// Runs the booth until this process is asked to stop.
pub fn run(everywhere: &Everywhere, command: &Kiosk) -> Result<(), Fault> {
    let mut request = super::config::request(everywhere, &command.stand.machine);
    camera_of(&command.stand, &mut request);
    let mut config = crate::config::load(&request)?.config().clone();
    let named = command.stand.camera.is_some();
    if !command.stand.safe
        && is_simulated(&command.stand, &config)
        && config.camera.source == Source::Webcam
        && !named
        && camera::list().is_empty()
    {
        request.sets.push("camera.source=sample".to_owned());
        config = crate::config::load(&request)?.config().clone();
        eprintln!("portraitist: no webcam is connected; a sample sitter sits for this demonstration");
    }
    let open = !command.no_open;
    attend(everywhere, &command.stand, &request, config, &Attended { used: Use::Visitors, watch: None, open })
}

/// Runs the booth without a screen until this process is asked to stop.
pub fn run_headless(everywhere: &Everywhere, command: &Serve) -> Result<(), Fault> {
    let stand = &command.stand;
    let mut request = super::config::request(everywhere, &stand.machine);
    let named = camera_of(stand, &mut request);
    let mut config = crate::config::load(&request)?.config().clone();
    // One drawing of one style for each photo: there is nobody who could choose.
    request.sets.push(format!("booth.styles=[{:?}]", config.style.name));
    let camera = named || command.watch.is_none();
    if let Some(folder) = command.watch.as_ref().filter(|_| !camera) {
        // Whether a webcam is there does not matter then; whether the folder is does.
        request.sets.extend(["camera.source=folder".to_owned(), format!("camera.folder={}", folder.display())]);
    }
    config = crate::config::load(&request)?.config().clone();
    let used = Use::Orders { camera };
    attend(everywhere, stand, &request, config, &Attended { used, watch: command.watch.as_deref(), open: false })
}

/// How it is used.
struct Attended<'a> {
    used: Use,
    watch: Option<&'a Path>,
    open: bool,
}

/// Lets the command line name the camera; gives whether it did.
fn camera_of(stand: &Stand, request: &mut LoadRequest) -> bool {
    let sets = if let Some(device) = &stand.camera {
        vec!["camera.source=webcam".to_owned(), format!("camera.device={device}")]
    } else if let Some(folder) = &stand.camera_dir {
        vec!["camera.source=folder".to_owned(), format!("camera.folder={}", folder.display())]
    } else if stand.sample {
        vec!["camera.source=sample".to_owned()]
    } else {
        return false;
    };
    request.sets.extend(sets);
    true
}

fn port_of(stand: &Stand, config: &Config) -> String {
    stand.port.clone().unwrap_or_else(|| config.port.path.clone())
}

fn is_simulated(stand: &Stand, config: &Config) -> bool {
    ["", SIMULATED].contains(&port_of(stand, config).as_str())
}

fn attend(
    everywhere: &Everywhere,
    stand: &Stand,
    request: &LoadRequest,
    config: Config,
    attended: &Attended,
) -> Result<(), Fault> {
    let simulated = is_simulated(stand, &config);
    let pace = if stand.at_once { Pace::AtOnce } else { Pace::REAL_TIME };
    let cable = if stand.safe {
        Cable::Nothing
    } else if simulated {
        Cable::Simulated(pace)
    } else {
        Cable::Serial(port_of(stand, &config))
    };

    let limits = Limits::default();
    let mut secrets = Secrets::load(&config.security)?;
    let configured = secrets.know_an_operator();
    let own_pin = if configured { None } else { Some(new_pin()?) };
    if let Some((_, hash)) = &own_pin {
        secrets.pin = Some(hash.clone());
    }
    let (token, token_text) = Token::create()?;
    secrets.run = Some(token);
    let access = Arc::new(Access::new(secrets, config.security.lock_out_file()));
    let listen = stand.listen.as_ref().unwrap_or(&config.server.listen);
    // A PIN that only the console knows opens no door to the network.
    let listening = Listening::bind(listen, configured)?;
    let (url, address) = (listening.url(), listening.address());
    let (hosts, pen_mm, folder) = (Hosts::new(&config.server.hosts), config.pen.width_mm, config.booth.state_folder());
    let setting = Setting {
        cable,
        program: std::env::current_exe().map_err(|e| Fault::new(Kind::Unexpected, e.to_string()))?,
        arguments: arguments(everywhere, &request.sets),
        used: attended.used,
        safe: stand.safe,
        demonstration: simulated && !stand.staffed && !stand.safe,
        config,
    };
    let runtime = Runtime::start(setting, &limits)?;
    let shell = Shell::with_pictures(runtime.app(table(attended.used)), &access, hosts, &limits, &runtime.pictures());
    runtime.count_in(shell.metrics());
    let unexpected = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("no server can be started ({e})"));
    let watched = match attended.watch {
        Some(path) => {
            let tell = |trouble: &str| eprintln!("portraitist: {trouble}");
            Some(Watched::start(path.to_owned(), runtime.orders(), pen_mm, tell)?)
        }
        None => None,
    };
    let control = folder.map(|folder| Control::tell(&folder, address, token_text)).transpose().map_err(unexpected)?;
    tell(everywhere, attended.used, &url, own_pin.map(|(pin, _)| pin).as_deref())?;
    let server = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // PINs that are looked at.
        .max_blocking_threads(4)
        .build()
        .map_err(unexpected)?;
    if attended.open && browser::is_there() {
        let page = url.clone();
        // Some openers return only when the browser is closed. The address has been told, whatever becomes of it.
        server.spawn_blocking(move || browser::open(page.as_ref()));
    }
    let pulse = runtime.pulse().clone();
    server.spawn(async move {
        loop {
            pulse.beat(Loop::Server);
            tokio::time::sleep(BEAT).await;
        }
    });
    let notify = Notify::ready(runtime.pulse()).map_err(unexpected)?;
    let served = server.block_on(serve(listening, shell, asked_to_stop()));
    // In this order: the manager hears that it ends, no new order comes, the pen is lifted.
    drop((notify, control, watched));
    drop(runtime);
    server.shutdown_timeout(limits.farewell);
    Ok(served?)
}

/// The routes of a use.
pub(super) fn table(used: Use) -> Vec<Route<Arc<Site>>> {
    let mut table = match used {
        Use::Visitors => routes::kiosk(),
        Use::Orders { .. } => order_routes::orders(),
    };
    table.extend(routes::house());
    table
}

/// Tells where it is.
fn tell(everywhere: &Everywhere, used: Use, url: &str, pin: Option<&str>) -> Result<(), Fault> {
    if everywhere.json {
        let name = if used == Use::Visitors { "kiosk" } else { "serve" };
        output::print_json(name, json!({ "url": url, "operator_pin": pin }))?;
    }
    if let Some(pin) = pin.filter(|_| !everywhere.json) {
        eprintln!("portraitist: the operator's page is {url}operator, its PIN for this run is {pin}");
    }
    eprintln!("portraitist: {url} (Ctrl-C ends it)");
    Ok(())
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
