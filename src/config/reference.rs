//! The reference of every key in `config/README.md`, written from the schema: the test compares, and writes it anew
//! when it runs with `UPDATE_README=1`.

use std::fmt::Write;

use super::schema::Allowed;
use super::schema::Key;
use super::schema::schema;

const MARK: &str = "<!-- Below is written by: UPDATE_README=1 cargo test --lib config::reference -->\n";

fn reference() -> String {
    let mut text = String::new();
    for (section, about) in schema().sections() {
        let keys: Vec<&Key> = schema()
            .keys()
            .iter()
            .filter(|key| key.path.rsplit_once('.').is_some_and(|(its, _)| its == section))
            .collect();
        let _ =
            write!(text, "\n## [{section}]\n\n{about}\n\n| key | meaning | allowed | default |\n|---|---|---|---|\n");
        for key in keys {
            let name = key.path.rsplit_once('.').map_or(key.path.as_str(), |(_, name)| name);
            let default = if key.is_default { format!("`{}`", key.sample) } else { "from the profile".to_owned() };
            let _ = writeln!(text, "| `{name}` | {} | {} | {default} |", key.about, allowed(key));
        }
    }
    text
}

fn allowed(key: &Key) -> String {
    match &key.allowed {
        Allowed::Range { least, most } => format!("{least} to {most} {}", key.unit).trim_end().to_owned(),
        Allowed::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Allowed::YesOrNo => "`true`, `false`".to_owned(),
        Allowed::Text => "text".to_owned(),
        Allowed::Texts => "texts".to_owned(),
    }
}

#[test]
fn the_readme_lists_every_key_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/README.md");
    let readme = std::fs::read_to_string(path).expect("config/README.md");
    let (head, rest) = readme.split_once(MARK).expect("config/README.md has the mark below which the reference stands");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{head}{MARK}{}", reference())).expect("config/README.md can be written");
    } else {
        assert!(
            rest == reference(),
            "config/README.md does not say what config/default.toml says; \
             run: UPDATE_README=1 cargo test --lib config::reference"
        );
    }
}
