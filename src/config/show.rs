//! A loaded configuration as text: as TOML that can be loaded again, or as JSON; with the origin of every value.

use std::fmt::Write;

use serde_json::Map;
use serde_json::json;

use super::Loaded;
use super::schema::schema;

impl Loaded {
    /// Every value, in the order of `default.toml`, as a configuration file that gives the same configuration again.
    /// With `origins`, each line ends with where its value comes from.
    pub fn to_toml(&self, origins: bool) -> String {
        let mut text = "version = 1\n".to_owned();
        let mut current = "";
        for key in schema().keys() {
            let Some(setting) = self.settings.values().get(&key.path) else { continue };
            let (section, name) = key.path.rsplit_once('.').unwrap_or(("", &key.path));
            if section != current {
                current = section;
                // Writing to a String cannot fail.
                let _ = writeln!(text, "\n[{section}]");
            }
            let _ = write!(text, "{name} = {}", setting.value);
            if origins {
                let _ = write!(text, "  # {}", setting.origin.to_string().replace(char::is_control, " "));
            }
            text.push('\n');
        }
        text
    }

    /// Every value and every origin, by the key's full name, in the order of `default.toml`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut values = Map::new();
        for key in schema().keys() {
            if let Some(setting) = self.settings.values().get(&key.path) {
                values
                    .insert(key.path.clone(), json!({ "value": setting.value, "origin": setting.origin.to_string() }));
            }
        }
        json!({ "schema": "portraitist.config/1", "files": self.files, "values": values })
    }
}

#[cfg(test)]
mod tests {
    use super::super::LoadRequest;
    use super::super::load;

    #[test]
    fn what_is_shown_loads_to_the_same_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let sets = ["paper=square-200", "pen=brush", "pen.opacity=0.5", "camera.device=/dev/\"odd\"\nname"];
        for sets in [&sets[..], &[]] {
            let sets = sets.iter().map(|set| (*set).to_owned()).collect();
            let first = load(&LoadRequest { sets, ..LoadRequest::default() }).expect("all is right");
            for origins in [false, true] {
                let file = folder.path().join("shown.toml");
                std::fs::write(&file, first.to_toml(origins)).expect("a file");
                let again = load(&LoadRequest { files: vec![file], ..LoadRequest::default() });
                assert_eq!(again.expect("what is shown is right").config(), first.config());
            }
        }
    }

    #[test]
    fn json_names_each_value_and_its_origin() {
        let sets = vec!["pen=brush".to_owned()];
        let json = load(&LoadRequest { sets, ..LoadRequest::default() }).expect("all is right").to_json();
        assert_eq!(json["values"]["pen.width_mm"]["value"], 1.2);
        assert_eq!(json["values"]["pen.width_mm"]["origin"], "pen \"brush\"");
        assert_eq!(json["values"]["camera.device"]["origin"], "default");
    }
}
