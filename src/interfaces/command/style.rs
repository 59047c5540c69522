//! `portraitist style list`: the styles there are, what each draws by, and whether its weights are there.

use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Style as Command;
use super::output;
use crate::config::Config;
use crate::fault::Fault;

/// Runs the command.
pub fn run(everywhere: &Everywhere, command: &Command) -> Result<(), Fault> {
    let Command::List = command;
    let loaded = super::config::load(everywhere, &Machine::default())?;
    let current = loaded.config().style.name.clone();
    let styles: Vec<Value> = loaded.style_names().into_iter().map(|name| described(everywhere, name)).collect();
    if everywhere.json {
        return output::print_json("style.list", json!({ "default": current, "styles": styles }));
    }
    for style in &styles {
        let text = |key: &str| style[key].as_str().unwrap_or_default().to_owned();
        let mark = if text("name") == current { "*" } else { " " };
        output::print_line(&format!("{mark} {:<14}{:<34}{}", text("name"), text("draws_by"), text("state")))?;
    }
    Ok(())
}

/// What can be said of the style called `name`: loaded as `draw --style` would load it.
fn described(everywhere: &Everywhere, name: String) -> Value {
    let machine = Machine { style: Some(name.clone()), ..Machine::default() };
    let state = |config: &Config| match config.models.style_networks(&config.style) {
        Ok(_) => "ready".to_owned(),
        Err(error) => error.to_string(),
    };
    match super::config::resolve(everywhere, &machine) {
        Ok(config) => {
            let weights = &config.style.weights;
            // Of own weights the file's name; where it lies is in `weights`.
            let names: Vec<&str> = weights.iter().map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
            let by = if names.is_empty() { "the pen artist".to_owned() } else { names.join(", ") };
            json!({ "name": name, "draws_by": by, "weights": weights, "manner": config.style.manner, "state": state(&config) })
        }
        Err(fault) => json!({ "name": name, "draws_by": "", "state": fault.to_string() }),
    }
}
