//! The sitter in a photo, by the networks that ship: found, chosen, read, or refused with the right words.
//!
//! Photos are made from the sample sitters by arithmetic alone: pasted, turned, darkened, blurred.

use image::Rgb;
use image::RgbImage;
use image::imageops;
use image::imageops::FilterType;
use imageproc::geometric_transformations::Border;
use imageproc::geometric_transformations::Interpolation;
use imageproc::geometric_transformations::rotate_about_center;
use portraitist::config;
use portraitist::config::LoadRequest;
use portraitist::photo;
use portraitist::photo::Photo;
use portraitist::photo::sitters;
use portraitist::sitter;
use portraitist::sitter::Found;
use portraitist::sitter::Sitting;
use portraitist::sitter::Unfit;

fn look(pixels: RgbImage) -> (Vec<Found>, Result<Sitting, Unfit>) {
    let loaded = config::load(&LoadRequest::default()).expect("the defaults");
    let config = loaded.config();
    let networks = config.models.face_networks().expect("they ship");
    let photo = Photo::new(pixels).expect("a photo");
    let faces = sitter::faces(&photo, &networks, &config.sitter).expect("memory enough");
    let sitting = sitter::sit(&photo, &faces, &networks, &config.sitter);
    (faces, sitting)
}

/// A sample sitter's photo.
pub fn sitter(name: &str) -> RgbImage {
    photo::decode(sitters::sitter(name).expect("shipped").jpeg).expect("a JPEG").pixels().clone()
}

/// A room of `width × height` px: a wall that grows lighter to the right.
pub fn room(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let light = 90 + (x * 60 / width) as u8 + (y * 20 / height) as u8;
        Rgb([light, light, light.saturating_add(8)])
    })
}

/// A sitter's photo, `side` px wide, with its left upper corner at (x, y) of `room`.
pub fn hung(room: &mut RgbImage, name: &str, side: u32, x: i64, y: i64) {
    imageops::overlay(room, &imageops::resize(&sitter(name), side, side, FilterType::Triangle), x, y);
}

#[test]
fn every_sample_sitter_is_fit_and_stands_in_the_canonical_frame() {
    for name in sitters::sitters().iter().map(|sitter| sitter.name) {
        let (faces, sitting) = look(sitter(name));
        assert_eq!(faces.len(), 1, "{name}: {faces:?}");
        let sitting = sitting.unwrap_or_else(|unfit| panic!("{name}: {unfit}"));
        // The sitters' eyes are where the frame has them, so the map to the photo is nearly no map at all.
        let map = sitting.portrait.to_photo();
        let off = map.transform_point(photo::Portrait::EYES[0]) - photo::Portrait::EYES[0];
        assert!(off.length() < 6.0, "{name}: the right eye is {:.1} px off", off.length());
        let chin = sitting.face.landmarks().jaw()[8];
        assert!((380.0..=450.0).contains(&chin.y), "{name}: chin at {:.0}", chin.y);
    }
}

#[test]
fn a_tilted_head_comes_upright() {
    for degrees in [-35.0f32, 35.0] {
        let mut wall = room(900, 900);
        hung(&mut wall, "omar", 640, 130, 130);
        let turned = rotate_about_center(
            &wall,
            degrees.to_radians(),
            Interpolation::Bilinear,
            Border::Constant(Rgb([120, 120, 124])),
        );
        let (faces, sitting) = look(turned);
        let along = faces.first().expect("a face").eyes;
        let tilt = (along[1] - along[0]).y.atan2((along[1] - along[0]).x).to_degrees();
        assert!((tilt - f64::from(degrees)).abs() < 8.0, "{degrees}: found tilted by {tilt:.0}");
        let sitting = sitting.unwrap_or_else(|unfit| panic!("{degrees}: {unfit}"));
        let jaw = sitting.face.landmarks().jaw();
        assert!((jaw[8].x - 256.0).abs() < 30.0, "{degrees}: the chin hangs at {:.0}", jaw[8].x);
    }
}

/// `name` as in a room lit from its right side alone.
fn side_lit(name: &str) -> RgbImage {
    let mut photo = sitter(name);
    let width = photo.width() as f32;
    for (x, _, pixel) in photo.enumerate_pixels_mut() {
        let light = 0.18 + 1.25 * (x as f32 / width).powf(1.5);
        pixel.0 = pixel.0.map(|channel| (f32::from(channel) * light).min(255.0) as u8);
    }
    photo
}

/// Whether the jaw hangs below the eyes and between the edges of the frame, as a face's does.
fn stands_in_the_frame(sitting: &Sitting) -> bool {
    let chin = sitting.face.landmarks().jaw()[8];
    (226.0..286.0).contains(&chin.x) && (375.0..455.0).contains(&chin.y)
}

#[test]
fn hard_light_far_away_near_and_tilted_all_make_a_likeness() {
    for name in ["samuel", "mei"] {
        let mut far = room(1280, 720);
        hung(&mut far, name, 128, 560, 260);
        let near =
            imageops::crop_imm(&imageops::resize(&sitter(name), 1126, 1126, FilterType::Triangle), 150, 300, 830, 680)
                .to_image();
        let mut wall = room(900, 900);
        hung(&mut wall, name, 640, 130, 130);
        let grey = Border::Constant(Rgb([120, 120, 124]));
        let tilted = rotate_about_center(&wall, 40f32.to_radians(), Interpolation::Bilinear, grey);
        for (what, photo) in [("side light", side_lit(name)), ("far", far), ("near", near), ("tilted", tilted)] {
            let sitting = look(photo).1.unwrap_or_else(|unfit| panic!("{name}, {what}: {unfit}"));
            let chin = sitting.face.landmarks().jaw()[8];
            assert!(stands_in_the_frame(&sitting), "{name}, {what}: chin at {chin:?}");
        }
    }
}

#[test]
fn whoever_stands_on_their_head_is_not_drawn() {
    for name in sitters::sitters().iter().map(|sitter| sitter.name) {
        let mut wall = room(900, 900);
        hung(&mut wall, name, 640, 130, 130);
        // In a room, and where the head fills the photo: near by, the finder is surer of what it sees.
        for photo in [wall, sitter(name)] {
            let unfit = look(imageops::rotate180(&photo)).1.map(|_| ()).expect_err(name);
            assert_eq!(unfit.code(), "no-face", "{name}");
        }
    }
}

#[test]
fn of_two_the_larger_central_one_is_drawn_and_the_other_kept_out() {
    let mut wall = room(1280, 720);
    hung(&mut wall, "clara", 460, 400, 200);
    hung(&mut wall, "samuel", 220, 1000, 300);
    let (faces, sitting) = look(wall);
    assert_eq!(faces.len(), 2, "{faces:?}");
    assert!((400.0..860.0).contains(&faces[0].frame.center().x), "{faces:?}");
    let sitting = sitting.expect("she is fit");
    let (labels, map) = (sitting.face.regions().labels(), sitting.portrait.to_photo());
    for (x, y, label) in labels.enumerate_pixels() {
        let at = map.transform_point(portraitist::geom::Point::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
        if faces[1].frame.contains(at) {
            assert!(matches!(label.0[0], 0 | 255), "the other's face is in the portrait at ({x}, {y})");
        }
    }
}

#[test]
fn what_cannot_become_a_likeness_is_told_in_the_sitters_words() {
    let words = |pixels| look(pixels).1.expect_err("no likeness").to_string();
    assert!(words(room(640, 480)).contains("no face"));
    let mut far = room(1280, 720);
    hung(&mut far, "mei", 70, 600, 300);
    let far = words(far);
    assert!(far.contains("come closer") || far.contains("no face"), "{far}");
    let mut night = sitter("walter");
    night.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|channel| channel / 9));
    let dark = words(night);
    assert!(dark.contains("too dark") || dark.contains("no face"), "{dark}");
    assert!(words(imageops::blur(&sitter("nia"), 9.0)).contains("blurred"));
}
