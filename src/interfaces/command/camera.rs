//! `portraitist camera list|test`.

use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Camera;
use super::output;
use crate::camera;
use crate::camera::CameraConfig;
use crate::camera::Source;
use crate::fault::Fault;
use crate::raster;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Camera) -> Result<(), Fault> {
    match command {
        Camera::List => list(everywhere),
        Camera::Test { camera, camera_dir, out } => {
            let configured = super::config::resolve(everywhere, &Machine::default())?.camera;
            let config = match (camera, camera_dir) {
                (Some(device), _) => CameraConfig { source: Source::Webcam, device: device.clone(), ..configured },
                (None, Some(folder)) => CameraConfig { source: Source::Folder, folder: folder.clone(), ..configured },
                (None, None) => configured,
            };
            test(everywhere, &config, out.as_deref())
        }
    }
}

fn list(everywhere: &Everywhere) -> Result<(), Fault> {
    let cameras = camera::list();
    if everywhere.json {
        return output::print_json("camera.list", json!({ "cameras": cameras }));
    }
    if cameras.is_empty() {
        return output::print_line("no camera is connected");
    }
    cameras.iter().try_for_each(|camera| output::print_line(&camera.to_string()))
}

/// Takes one picture and says how bright and how large it is. It is kept only if `out` says where.
fn test(everywhere: &Everywhere, config: &CameraConfig, out: Option<&Path>) -> Result<(), Fault> {
    let started = Instant::now();
    let shot = camera::open(config)?.still()?;
    let took = started.elapsed().as_secs_f64();
    let pixels = shot.photo.pixels();
    let gray = image::imageops::grayscale(pixels);
    let brightness =
        gray.as_raw().iter().map(|v| f64::from(*v)).sum::<f64>() / gray.as_raw().len().max(1) as f64 / 255.0;
    if let Some(path) = out {
        output::write_file(path, &raster::rgb_png(pixels))?;
    }
    if everywhere.json {
        return output::print_json(
            "camera.test",
            json!({
                "origin": shot.origin,
                "width_px": pixels.width(),
                "height_px": pixels.height(),
                "brightness": (brightness * 1000.0).round() / 1000.0,
                "secs": (took * 1000.0).round() / 1000.0,
                "file": out,
            }),
        );
    }
    let light = match brightness {
        b if b < TOO_DARK => ", too dark: give it more light",
        b if b > TOO_BRIGHT => ", too bright: give it less light",
        _ => "",
    };
    output::print_line(&format!(
        "{}: {} x {} pixels after {took:.1} s, brightness {:.0} %{light}",
        shot.origin,
        pixels.width(),
        pixels.height(),
        brightness * 100.0
    ))
}

/// Mean brightness below which faces drown in noise.
const TOO_DARK: f64 = 0.12;
/// Mean brightness above which faces are burnt out.
const TOO_BRIGHT: f64 = 0.92;
