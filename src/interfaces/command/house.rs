//! `portraitist house`: the booth that runs on this machine, for its staff at a terminal.
//!
//! It finds the booth by its own folder, so it must be run as the booth's user. What can be pressed here can be pressed
//! on the staff's page, and the booth decides in the same way.

use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::House;
use super::arguments::STOP;
use super::output;
use crate::booth::control::Control;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::StaffPress;

/// Shows the house, or presses something.
pub fn run(everywhere: &Everywhere, command: &House) -> Result<(), Fault> {
    let booth = find(everywhere)?;
    match command.press.as_deref() {
        None => {}
        Some(STOP) => drop(booth.ask("POST", "/api/v1/session/stop", &json!({}))?.json()?),
        Some(press) => {
            let mut body = json!({ "press": press });
            if let Some(left) = command.left.filter(|_| press == StaffPress::SheetLoaded { left: None }.word()) {
                body["left"] = left.into();
            }
            booth.ask("POST", "/api/v1/house/press", &body)?.json()?;
        }
    }
    let house = booth.ask("GET", "/api/v1/house", &json!({}))?.json()?;
    if everywhere.json {
        return output::print_json("house", house);
    }
    lines(&house).iter().try_for_each(|line| output::print_line(line))
}

/// The booth of this user that runs.
pub fn find(everywhere: &Everywhere) -> Result<Control, Fault> {
    let config = super::config::resolve(everywhere, &Machine::default())?;
    let folder = config.booth.state_folder();
    folder.as_deref().and_then(Control::find).ok_or_else(|| {
        let folder = folder.map_or("none".to_owned(), |folder| folder.display().to_string());
        let words = format!("no booth of this user runs with the folder {folder}; start portraitist kiosk or serve");
        Fault::new(Kind::DeviceNotFound, words)
    })
}

/// The house in a few lines.
fn lines(house: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let reasons: Vec<String> = list(&house["reasons"]).map(words).collect();
    let open = match (house["open"] == true, reasons.is_empty()) {
        (_, true) => "open and ready".to_owned(),
        (true, false) => format!("open, but not ready: {}", reasons.join("; ")),
        (false, false) => format!("closed: {}", reasons.join("; ")),
    };
    let sheets = house["sheets_left"].as_u64().map_or(String::new(), |left| format!(", {left} sheets left"));
    let mut lines = vec![
        open,
        format!(
            "robot {}, paper {}{sheets}, pen {}",
            text(&house["robot"]),
            text(&house["paper"]),
            text(&house["pen"])
        ),
    ];
    let steps = |done: bool| -> Vec<String> {
        let steps = list(&house["opening"]).filter(|step| step["done"] == done);
        steps.map(|step| words(&step["step"])).collect()
    };
    if house["open"] == false && list(&house["opening"]).next().is_some() {
        lines.push(format!("before opening: {}; still to do: {}", all(&steps(true)), all(&steps(false))));
    }
    let report = &house["report"];
    if report["sessions"].as_u64() > Some(0) || report["sheets"].as_u64() > Some(0) {
        let count = |name: &str| report[name].to_string();
        lines.push(format!(
            "since it was opened: {} visitors ({} wiped), {} drawn, {} declined, {} cancelled, {} timed out, {} broken off, \
             {} faults, {} sheets, {} m of ink",
            count("sessions"),
            count("wiped"),
            count("drawn"),
            count("declined"),
            count("cancelled"),
            count("timed_out"),
            count("broken_off"),
            count("faults"),
            count("sheets"),
            count("ink_metres"),
        ));
    }
    for fault in list(&house["faults"]) {
        let told = ["cause", "hint", "remedy"].map(|part| text(&fault[part])).join(" ");
        lines.push(format!("{}: {told}", text(&fault["code"])));
    }
    let job = &house["job"];
    if job.is_object() {
        let (state, strokes) = (text(&job["state"]), &job["strokes"]);
        if state == "interrupted" {
            // Sent is not drawn: the stroke that was under the pen is drawn again.
            let stroke = job["confirmed"].as_u64().unwrap_or(0) + 1;
            if strokes.as_u64().is_some_and(|all| stroke > all) {
                lines.push(format!("all {strokes} strokes of a drawing are on paper, the pen's way back broke off"));
                lines.push(
                    "  it is whole: portraitist house resume; else start-again on a new sheet, or cancel".to_owned(),
                );
            } else {
                lines.push(format!("a drawing broke off: stroke {stroke} of {strokes}. Did the paper move?"));
                lines.push("  no: portraitist house resume; else start-again on a new sheet, or cancel".to_owned());
            }
            let refused: Vec<&str> = list(&job["refused_because"]).filter_map(Value::as_str).collect();
            if !refused.is_empty() {
                lines.push(format!("  it was not begun: {}", refused.join("; ")));
            }
        } else {
            let minutes = job["secs_left"].as_u64().unwrap_or(0).div_ceil(60);
            lines.push(format!("drawing {state}, stroke {} of {strokes}, {minutes} min left", job["confirmed"]));
        }
    }
    lines
}

/// Several words, or that there are none.
fn all(words: &[String]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A tagged value in words.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('-', " "),
        Value::Object(fields) => {
            let told: Vec<String> = fields.values().map(words).collect();
            told.join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_drawing_is_asked_about() {
        let house = json!({
            "open": false,
            "reasons": [{ "reason": "closed" }, { "reason": "robot-not-ready", "state": "unhomed" }],
            "robot": "unhomed", "paper": "used", "pen": "good", "sheets_left": 7,
            "faults": [{ "code": "POWER", "cause": "It failed.", "hint": "Look.", "remedy": "Home." }],
            "opening": [{ "step": "home", "done": false }, { "step": "test-mark", "done": true }],
            "report": { "sessions": 3, "wiped": 3, "drawn": 2, "declined": 1, "cancelled": 0, "timed_out": 0, "broken_off": 0,
                "faults": 1, "sheets": 2, "ink_metres": 12.3 },
            "job": { "state": "interrupted", "confirmed": 411, "strokes": 900, "refused_because": ["the gate must be closed"] },
        });
        assert_eq!(
            lines(&house),
            [
                "closed: closed; robot not ready unhomed",
                "robot unhomed, paper used, 7 sheets left, pen good",
                "before opening: test mark; still to do: home",
                "since it was opened: 3 visitors (3 wiped), 2 drawn, 1 declined, 0 cancelled, 0 timed out, 0 broken off, \
                 1 faults, 2 sheets, 12.3 m of ink",
                "POWER: It failed. Look. Home.",
                "a drawing broke off: stroke 412 of 900. Did the paper move?",
                "  no: portraitist house resume; else start-again on a new sheet, or cancel",
                "  it was not begun: the gate must be closed",
            ]
        );
        let whole = json!({ "job": { "state": "interrupted", "confirmed": 900, "strokes": 900 } });
        assert!(lines(&whole).iter().any(|line| line.starts_with("all 900 strokes")), "{:?}", lines(&whole));
        let ready = json!({ "open": true, "reasons": [], "robot": "ready", "paper": "fresh", "pen": "good" });
        assert_eq!(lines(&ready), ["open and ready", "robot ready, paper fresh, pen good"]);
    }
}
