//! `portraitist config show|check`, and the configuration that every other command runs on.

use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Config as Command;
use super::output;
use crate::config;
use crate::config::Config;
use crate::config::LoadRequest;
use crate::config::Loaded;
use crate::config::Shown;
use crate::fault::Fault;

/// The configuration of this call: files, environment, then `--robot`, `--pen`, `--paper`, `--style`, then `--set`.
pub fn load(everywhere: &Everywhere, machine: &Machine) -> Result<Loaded, Fault> {
    Ok(config::load(&request(everywhere, machine))?)
}

/// What is asked of the configuration.
pub fn request(everywhere: &Everywhere, machine: &Machine) -> LoadRequest {
    // A style comes first, since it may name a pen and a paper.
    let named =
        [("style", &machine.style), ("robot", &machine.robot), ("pen", &machine.pen), ("paper", &machine.paper)];
    let mut sets: Vec<String> =
        named.into_iter().filter_map(|(kind, name)| name.as_ref().map(|name| format!("{kind}={name}"))).collect();
    sets.extend(everywhere.set.iter().cloned());
    LoadRequest::of_this_process(everywhere.config.clone(), sets)
}

/// The same, as the rooms want it.
pub fn resolve(everywhere: &Everywhere, machine: &Machine) -> Result<Config, Fault> {
    Ok(load(everywhere, machine)?.config().clone())
}

/// Runs the command.
pub fn run(everywhere: &Everywhere, command: &Command) -> Result<(), Fault> {
    let loaded = load(everywhere, &Machine::default())?;
    match command {
        Command::Show { effective, origin } => {
            let shown = if *effective { Shown::Effective } else { Shown::Changed };
            if everywhere.json {
                output::print_json("config.show", loaded.to_json(shown))
            } else {
                output::print_line(loaded.to_toml(shown, *origin).trim_end())
            }
        }
        Command::Check => {
            let files: Vec<String> = loaded.files().iter().map(|f| f.display().to_string()).collect();
            let remarks = loaded.config().remarks();
            if everywhere.json {
                return output::print_json("config.check", json!({ "files": files, "good": true, "remarks": remarks }));
            }
            for remark in remarks {
                eprintln!("portraitist: {remark}");
            }
            if files.is_empty() {
                output::print_line("good: no configuration file, the built-in defaults hold")
            } else {
                output::print_line(&format!("good: {}", files.join(", ")))
            }
        }
    }
}
