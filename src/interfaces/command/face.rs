//! `portraitist face PHOTO`: who is in a photo, and what is understood of the one who would be drawn.

use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::arguments::Face;
use super::output;
use super::photograph::photograph;
use crate::face::Class;
use crate::face::Side;
use crate::fault::Fault;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Portrait;
use crate::preview;
use crate::raster;
use crate::sitter;
use crate::sitter::Found;
use crate::sitter::Sitting;

/// Runs it. Whoever cannot be drawn is a fault, told after what was found.
pub fn run(everywhere: &Everywhere, command: &Face) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &Default::default())?;
    let networks = config.models.face_networks()?;
    let (name, photo) = photograph(&command.picture, &config)?;
    let mut faces = sitter::faces(&photo, &networks, &config.sitter)?;
    if let Some(at) = &command.face {
        sitter::put_first(&mut faces, &at.rect());
    }
    let sitting = sitter::sit(&photo, &faces, &networks, &config.sitter);
    if let Some(path) = &command.show {
        let picture = preview::overlay(&photo, &faces, sitting.as_ref().ok());
        output::write_file(path, &raster::rgb_png(&picture))?;
    }
    if everywhere.json {
        let (width_px, height_px) = photo.pixels().dimensions();
        let read = sitting.as_ref().map_or(Value::Null, read_json);
        let result = json!({
            "photo": name,
            "width_px": width_px,
            "height_px": height_px,
            "verdict": sitting.as_ref().map_or_else(|unfit| unfit.code(), |_| "fit"),
            "faces": faces.iter().map(found_json).collect::<Vec<_>>(),
            "sitter": read,
        });
        output::print_json("face", result)?;
    } else {
        let others = faces.len().saturating_sub(1);
        let others = if others == 0 { String::new() } else { format!(" ({others} more not drawn)") };
        if let Ok(Sitting { found: face, .. }) = &sitting {
            let (at, side_px) = (face.frame.center(), face.frame.width());
            let tilt = tilt_deg(face);
            let line = format!(
                "{name}: a face {side_px:.0} px wide at {:.0}, {:.0}, tilted by {tilt:.0}°; fit to be drawn{others}",
                at.x, at.y
            );
            output::print_line(&line)?;
        }
    }
    sitting.map(|_| ()).map_err(Fault::from)
}

fn tilt_deg(face: &Found) -> f64 {
    let along = face.eyes[1] - face.eyes[0];
    along.y.atan2(along.x).to_degrees()
}

fn found_json(face: &Found) -> Value {
    let (at, size) = (face.frame.min, face.frame.size());
    let frame = [at.x, at.y, size.width, size.height].map(rounded);
    json!({
        "score": rounded(f64::from(face.score)),
        "box_px": frame,
        "eyes_px": face.eyes.map(point_json),
        "tilt_deg": rounded(tilt_deg(face)),
        "turn": rounded(f64::from(face.turn)),
    })
}

/// What was read: landmarks in photo pixels, regions as parts of the portrait.
fn read_json(sitting: &Sitting) -> Value {
    let map = sitting.portrait.to_photo();
    let landmarks = sitting.face.landmarks();
    let irises = Side::BOTH.map(|side| {
        let iris = landmarks.iris(side);
        let radius_px = rounded(iris.radius_px * map.determinant().abs().sqrt());
        json!({ "centre_px": point_json(map.transform_point(iris.centre)), "radius_px": radius_px })
    });
    let area = f64::from(Portrait::SIDE * Portrait::SIDE);
    let part = |class: Class| {
        let labels = sitting.face.regions().labels().as_raw();
        rounded(labels.iter().filter(|label| **label == class as u8).count() as f64 / area)
    };
    let person: f32 = sitting.face.matte().share().as_raw().iter().sum();
    json!({
        "face": found_json(&sitting.found),
        "landmarks_px": landmarks.points().map(|point| point_json(map.transform_point(point))).to_vec(),
        "irises": irises,
        "regions_share": {
            "background": part(Class::Background),
            "skin": part(Class::Skin),
            "hair": part(Class::Hair),
            "eyebrow": part(Class::Eyebrow),
            "eye": part(Class::Eye),
            "lips": part(Class::Lips),
            "ear": part(Class::Ear),
            "clothes": part(Class::Clothes),
            "glasses": part(Class::Glasses),
        },
        "person_share": rounded(f64::from(person) / area),
    })
}

fn point_json(point: Point<Px>) -> Value {
    json!([rounded(point.x), rounded(point.y)])
}

fn rounded(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}
