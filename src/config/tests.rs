//! What the configuration promises: layers in their order, origins, and refusals that name the place.

use super::*;
use std::collections::BTreeSet;

fn request(sets: &[&str]) -> LoadRequest {
    LoadRequest { sets: sets.iter().map(|set| (*set).to_owned()).collect(), ..LoadRequest::default() }
}

#[test]
fn an_empty_configuration_runs_with_the_rooms_own_defaults() {
    // Any style sets keys of its own; flow sets none.
    let loaded = load(&request(&["style=flow"])).expect("the defaults");
    let config = loaded.config();
    assert_eq!(config.camera, CameraConfig::default());
    assert_eq!(config.backdrop, BackdropConfig::default());
    assert_eq!(config.sitter, SitterConfig::default());
    assert_eq!(config.models, ModelsConfig::default());
    assert_eq!(config.lines, FlowConfig::default());
    assert_eq!(config.tone, ToneConfig::default());
    assert_eq!(config.strokes, StrokesConfig::default());
    assert_eq!(config.svg, SvgConfig::default());
    assert_eq!(config.plan, PlanConfig::default());
    assert_eq!(config.ink, InkConfig::default());
    assert_eq!((&config.kiosk, &config.booth), (&KioskConfig::default(), &BoothConfig::default()));
    assert_eq!((config.robot.name.as_str(), config.pen.name.as_str()), ("a4-servo", "fineliner-0.4"));
    assert_eq!((config.sheet.width_mm(), config.sheet.height_mm()), (148.0, 210.0));
    assert_eq!(loaded.files(), &[] as &[PathBuf]);
    assert_eq!(config.remarks(), [] as [&str; 0]);
}

/// The keys of a section, as serde knows the room's struct.
fn keys_of(room: &impl serde::Serialize) -> Vec<String> {
    fn walk(value: &Value, path: &str, keys: &mut Vec<String>) {
        match value {
            Value::Table(table) => {
                for (name, value) in table {
                    walk(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, keys);
                }
            }
            _ => keys.push(path.to_owned()),
        }
    }
    let mut keys = Vec::new();
    walk(&Value::try_from(room).expect("a room's config is TOML"), "", &mut keys);
    keys
}

#[test]
fn default_toml_has_every_key_of_every_room_and_no_other() {
    let config = load(&LoadRequest::default()).expect("the defaults").config().clone();
    let z = load(&request(&["robot=a4-z"])).expect("a robot").config().robot.clone();
    let rooms = [
        ("camera", keys_of(&config.camera)),
        ("backdrop", keys_of(&config.backdrop)),
        ("sitter", keys_of(&config.sitter)),
        ("models", keys_of(&config.models)),
        ("lines", keys_of(&config.lines)),
        ("tone", keys_of(&config.tone)),
        ("strokes", keys_of(&config.strokes)),
        ("svg", keys_of(&config.svg)),
        ("plan", keys_of(&config.plan)),
        ("preview", keys_of(&config.ink)),
        ("port", keys_of(&config.port)),
        ("server", keys_of(&config.server)),
        ("security", keys_of(&config.security)),
        ("kiosk", keys_of(&config.kiosk)),
        ("booth", keys_of(&config.booth)),
        ("phone", keys_of(&config.phone)),
        ("robot", [keys_of(&config.robot), keys_of(&z)].concat()),
        ("pen", keys_of(&config.pen)),
        ("paper", keys_of(&config.paper)),
        ("style", keys_of(&config.style)),
    ];
    // These follow from the pen and the paper, or are the name of a profile.
    let ink = ["preview.pen_width_mm", "preview.ink", "preview.opacity", "preview.paper"];
    let derived = [&ink[..], &["strokes.margins_mm", "strokes.pen_width_mm"]].concat();
    let of_rooms = rooms.iter().flat_map(|(room, keys)| keys.iter().map(move |key| format!("{room}.{key}")));
    let of_rooms: BTreeSet<_> = of_rooms.filter(|key| !derived.contains(&key.as_str())).collect();
    let of_file = schema::schema().keys().iter().map(|key| key.path.clone());
    let of_file: BTreeSet<_> = of_file.filter(|key| !key.ends_with(".profile")).collect();
    let missing: Vec<_> = of_rooms.difference(&of_file).collect();
    let surplus: Vec<_> = of_file.difference(&of_rooms).collect();
    assert!(missing.is_empty(), "config/default.toml lacks {missing:?}: add each with its meaning and its #: line");
    assert!(surplus.is_empty(), "no room knows {surplus:?}: take them out of config/default.toml");
}

#[test]
fn default_toml_lists_the_dialects_that_there_are() {
    let dialects = firmware_protocol::dialect::Dialect::ALL.iter().map(|dialect| dialect.name().to_owned()).collect();
    let key = schema::schema().key("robot.dialect").expect("a key");
    assert_eq!(key.allowed, schema::Allowed::OneOf(dialects));
}

#[test]
fn whatever_a_key_may_be_its_room_accepts() {
    for key in schema::schema().keys() {
        let kind = if key.about.starts_with("Z axis") { "robot=a4-z" } else { "robot=a4-servo" };
        let values = match &key.allowed {
            schema::Allowed::Range { least, most } => match &key.sample {
                Value::Array(items) => {
                    vec![format!("{:?}", vec![least; items.len()]), format!("{:?}", vec![most; items.len()])]
                }
                Value::Integer(_) => vec![format!("{least:.0}"), format!("{most:.0}")],
                _ => vec![format!("{least:?}"), format!("{most:?}")],
            },
            schema::Allowed::YesOrNo => vec!["true".to_owned(), "false".to_owned()],
            schema::Allowed::OneOf(words) if key.path != "robot.pen.kind" => words.clone(),
            _ => Vec::new(),
        };
        for value in values {
            let set = format!("{}={value}", key.path);
            // Margins, sheets and pen heights at their limits contradict others, which is told in its own words.
            match load(&request(&[kind, &set])) {
                Ok(_) | Err(ConfigError::Conflict { .. })
                    if ["paper.", "robot.pen."].iter().any(|p| key.path.starts_with(p)) => {}
                loaded => {
                    assert!(loaded.is_ok(), "{set}: {}", loaded.err().map_or_else(String::new, |e| e.to_string()))
                }
            }
        }
    }
}

#[test]
fn every_shipped_profile_loads_and_what_contradicts_is_refused_in_words() {
    for kind in profiles::ProfileKind::ALL {
        for (name, _) in kind.shipped() {
            let loaded = load(&request(&[&format!("{}={name}", kind.section())]));
            assert!(loaded.is_ok(), "{name}: {}", loaded.err().map_or_else(String::new, |e| e.to_string()));
        }
    }
    let conflict = |sets: &[&str]| load(&request(sets)).expect_err("a contradiction").to_string();
    assert!(conflict(&["paper.margin_mm=70"]).contains("margins of 70 mm leave too little of a sheet of 148 x 210 mm"));
    assert!(conflict(&["robot=a4-z", "robot.pen.down_mm=5"]).contains("as low when lifted"));
    assert!(conflict(&["style.weights=[\"nobody\"]"]).contains("nobody"));
    let remarks = load(&request(&["robot.field_width_mm=100"])).expect("odd, not wrong").config().remarks();
    assert!(remarks[0].contains("paper \"a5\"") && remarks.len() == 1, "{remarks:?}");
}

#[test]
fn files_come_in_order_then_the_environment_then_sets_and_each_value_knows_its_origin() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
        folder.path().join(name)
    };
    let one = write("one.toml", "version = 1\npaper = \"a4\"\n[camera]\nstall_secs = 1\nwarm_up_frames = 1\n");
    let two = write("two.toml", "version = 1\n[camera]\nwarm_up_frames = 2\n");
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let loaded = load(&LoadRequest {
        files: vec![one.clone(), two.clone()],
        environment: vec![
            variable("PORTRAITIST_PEN__OPACITY", "0.5"),
            variable("PORTRAITIST_PEN", "brush"),
            variable("PORTRAITIST_LOG", "not a key"),
        ],
        sets: vec!["paper.margin_mm = 7".to_owned()],
        ..LoadRequest::default()
    })
    .expect("all is right");
    let config = loaded.config();
    assert_eq!((config.camera.stall_secs, config.camera.warm_up_frames), (1.0, 2));
    assert_eq!((config.pen.name.as_str(), config.pen.opacity), ("brush", 0.5));
    assert_eq!((config.paper.name.as_str(), config.paper.margin_mm), ("a4", 7.0));
    let origin = |path: &str| loaded.origin(path).expect("a key").to_string();
    assert_eq!(origin("camera.stall_secs"), format!("{}:4", one.display()));
    assert_eq!(origin("camera.warm_up_frames"), format!("{}:3", two.display()));
    assert_eq!(origin("camera.device"), "default");
    assert_eq!(origin("pen.opacity"), "PORTRAITIST_PEN__OPACITY");
    assert_eq!(origin("pen.width_mm"), "pen \"brush\"");
    assert_eq!(origin("paper.width_mm"), "paper \"a4\"");
    assert_eq!(origin("paper.margin_mm"), "--set paper.margin_mm = 7");
}

#[test]
fn an_own_style_is_found_without_a_file_and_its_weights_lie_beside_it() {
    let (own, beside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let style = |folder: &Path, name: &str, weights: &str| {
        std::fs::create_dir_all(folder.join("styles")).expect("a folder");
        let text = format!("name = \"{name}\"\nweights = [{weights}]\n[strokes]\nrestate_from = 1.5\n");
        std::fs::write(folder.join("styles").join(format!("{name}.toml")), text).expect("a file");
    };
    style(own.path(), "mina", "\"face_finder\", \"mina.safetensors\", \"/abroad/x.safetensors\"");
    style(own.path(), "jon", "\"jon.safetensors\"");
    style(beside.path(), "jon", "");
    let request = |sets: &[&str]| LoadRequest { own_folder: Some(own.path().to_owned()), ..request(sets) };
    let loaded = load(&request(&["style=mina"])).expect("a style");
    assert_eq!(loaded.style_names().iter().filter(|name| *name == "mina").count(), 1);
    assert_eq!(loaded.own_folder(), Some(own.path()));
    let path = own.path().join("styles/mina.safetensors").display().to_string();
    assert_eq!(loaded.config().style.weights, ["face_finder", &path, "/abroad/x.safetensors"]);
    assert_eq!(loaded.config().strokes.restate_from, 1.5);
    let file = beside.path().join("kiosk.toml");
    std::fs::write(&file, "version = 1\nstyle = \"jon\"").expect("a file");
    let both = load(&LoadRequest { files: vec![file], ..request(&[]) }).expect("a style");
    assert!(both.config().style.weights.is_empty(), "the one beside the file comes first");
    assert!(both.style_names().contains(&"mina".to_owned()));
}

#[test]
fn own_weights_lie_where_what_names_them_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let set = LoadRequest { working_dir: folder.path().to_owned(), ..request(&["style.weights=[\"a.safetensors\"]"]) };
    assert_eq!(load(&set).expect("weights").config().style.weights, [path("a.safetensors")]);
    let file = folder.path().join("kiosk.toml");
    std::fs::write(&file, "version = 1\n[style]\nweights = [\"croquis\", \"b.safetensors\"]").expect("a file");
    let loaded = load(&LoadRequest { files: vec![file], ..request(&[]) }).expect("weights");
    assert_eq!(loaded.config().style.weights, ["croquis".to_owned(), path("b.safetensors")]);
}

#[test]
fn what_no_room_accepts_is_refused_with_its_section() {
    let sentence = |sets: &[&str]| load(&request(sets)).expect_err("refused").to_string();
    let colour = sentence(&["pen.colour=red"]);
    assert!(colour.contains("[pen]") && colour.contains("write #rrggbb"), "{colour}");
    assert!(sentence(&["pen.width_mm"]).contains("write it as --set section.key=value"));
    assert!(sentence(&["pen=pencil"]).contains("unknown pen \"pencil\""));
    let file = LoadRequest { files: vec!["/nowhere/x.toml".into()], ..LoadRequest::default() };
    assert!(load(&file).expect_err("missing").to_string().starts_with("/nowhere/x.toml cannot be read"));
}

#[test]
fn a_path_is_looked_for_from_the_working_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "name = \"own\"\nwidth_mm = 1\ncolour = \"#000000\"\nopacity = 1\n";
    std::fs::write(folder.path().join("own.toml"), text).expect("a file");
    let request = LoadRequest { working_dir: folder.path().to_owned(), ..request(&["pen=own.toml"]) };
    assert_eq!(load(&request).map(|loaded| loaded.config().pen.name.clone()).as_deref(), Ok("own"));
}
