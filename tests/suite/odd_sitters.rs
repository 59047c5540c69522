//! Sitters whom nobody expected, on the built program: a crowd, a cartoon, an animal, a head upside down, a face of a few
//! pixels. Whoever is refused is refused in one sentence, and nothing is left behind.

use image::Rgb;
use image::RgbImage;
use image::imageops;
use portraitist::photo::sitters;

use crate::face::hung;
use crate::face::room;
use crate::face::sitter;
use crate::program::Bench;
use crate::program::Run;

const BAD_INPUT: i32 = 10;
const NOBODY: &str = "there is no face in the photo; stand before the camera";
const BLURRED: &str = "the face is blurred; hold still";

/// Fills the ellipse around (x, y).
fn ellipse(picture: &mut RgbImage, [x, y]: [f32; 2], [half_width, half_height]: [f32; 2], colour: [u8; 3]) {
    for (column, row, pixel) in picture.enumerate_pixels_mut() {
        if ((column as f32 - x) / half_width).hypot((row as f32 - y) / half_height) < 1.0 {
            *pixel = Rgb(colour);
        }
    }
}

/// Fills the triangle of three corners, named clockwise as seen on the picture.
fn triangle(picture: &mut RgbImage, corners: [[f32; 2]; 3], colour: [u8; 3]) {
    for (column, row, pixel) in picture.enumerate_pixels_mut() {
        let right_of = |a: [f32; 2], b: [f32; 2]| {
            (b[0] - a[0]) * (row as f32 - a[1]) - (b[1] - a[1]) * (column as f32 - a[0]) >= 0.0
        };
        if (0..3).all(|at| right_of(corners[at], corners[(at + 1) % 3])) {
            *pixel = Rgb(colour);
        }
    }
}

/// A face of flat colours, as in a children's book.
fn cartoon() -> RgbImage {
    let mut picture = RgbImage::from_pixel(640, 640, Rgb([130, 200, 240]));
    ellipse(&mut picture, [320.0, 270.0], [190.0, 200.0], [90, 50, 20]);
    ellipse(&mut picture, [320.0, 320.0], [160.0, 190.0], [250, 205, 165]);
    for x in [255.0, 385.0] {
        ellipse(&mut picture, [x, 290.0], [38.0, 46.0], [255, 255, 255]);
        ellipse(&mut picture, [x, 300.0], [17.0, 20.0], [20, 20, 30]);
        ellipse(&mut picture, [x, 225.0], [40.0, 8.0], [90, 50, 20]);
    }
    ellipse(&mut picture, [320.0, 365.0], [16.0, 12.0], [235, 160, 130]);
    ellipse(&mut picture, [320.0, 430.0], [70.0, 28.0], [190, 40, 50]);
    ellipse(&mut picture, [320.0, 415.0], [72.0, 22.0], [250, 205, 165]);
    picture
}

/// A cat's head: upright ears, slit pupils, a triangle of a nose, whiskers.
fn cat() -> RgbImage {
    let mut picture = room(640, 640);
    triangle(&mut picture, [[140.0, 330.0], [170.0, 90.0], [330.0, 230.0]], [140, 110, 80]);
    triangle(&mut picture, [[310.0, 230.0], [470.0, 90.0], [500.0, 330.0]], [140, 110, 80]);
    ellipse(&mut picture, [320.0, 350.0], [200.0, 170.0], [150, 118, 85]);
    for stripe in 0..5 {
        ellipse(&mut picture, [240.0 + 40.0 * stripe as f32, 225.0], [7.0, 45.0], [90, 65, 45]);
    }
    for x in [240.0, 400.0] {
        ellipse(&mut picture, [x, 320.0], [44.0, 30.0], [190, 200, 80]);
        ellipse(&mut picture, [x, 320.0], [9.0, 27.0], [10, 10, 10]);
    }
    ellipse(&mut picture, [280.0, 440.0], [48.0, 38.0], [225, 210, 190]);
    ellipse(&mut picture, [360.0, 440.0], [48.0, 38.0], [225, 210, 190]);
    triangle(&mut picture, [[290.0, 390.0], [350.0, 390.0], [320.0, 425.0]], [210, 130, 130]);
    for whisker in 0..4 {
        let y = 430.0 + 12.0 * whisker as f32;
        ellipse(&mut picture, [170.0, y], [90.0, 1.6], [245, 245, 245]);
        ellipse(&mut picture, [470.0, y], [90.0, 1.6], [245, 245, 245]);
    }
    picture
}

/// What `draw` does with `photo`, on a bench with nothing else.
fn drawn(photo: &RgbImage) -> (Bench, Run) {
    let bench = Bench::new();
    photo.save(bench.path().join("photo.png")).expect("the scratch folder is writable");
    let run = bench.run(&["draw", "photo.png", "--out", "deep/out", "--json"]);
    (bench, run)
}

/// Asserts that `photo` is refused with one of `sentences`, in JSON and in words, and that nothing is left behind.
fn refused(what: &str, photo: &RgbImage, sentences: &[&str]) {
    let (bench, run) = drawn(photo);
    assert_eq!(run.code, BAD_INPUT, "{what}: {}{}", run.stdout, run.stderr);
    let sentence = sentences.iter().find(|sentence| run.stderr.contains(*sentence));
    let sentence = sentence.unwrap_or_else(|| panic!("{what} is refused with {}", run.stderr));
    run.refused_json(BAD_INPUT, &[sentence]);
    bench.run(&["draw", "photo.png"]).refused(BAD_INPUT, &[sentence]);
    let left: Vec<_> = std::fs::read_dir(bench.path()).expect("a folder").flatten().map(|file| file.path()).collect();
    assert_eq!(left, [bench.path().join("photo.png")], "{what} left something behind");
}

#[test]
fn of_a_crowd_the_largest_central_one_is_drawn() {
    let mut wall = room(1600, 900);
    let crowd = [("samuel", 260, 60, 80), ("mei", 230, 1300, 90), ("walter", 300, 90, 560), ("omar", 280, 1250, 520)];
    for (name, side, x, y) in crowd {
        hung(&mut wall, name, side, x, y);
    }
    hung(&mut wall, "clara", 460, 560, 240);
    let (bench, run) = drawn(&wall);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.json()["strokes"].as_u64() > Some(0));
    let portrait = image::open(bench.path().join("deep/out/portrait.png")).expect("a picture").into_rgb8();
    // All sitters stand in the portrait's frame already: the face in it is most like its own.
    let off = |name: &str| -> u64 {
        let own = sitter(name);
        let face = (160..352).flat_map(|x| (180..420).map(move |y| (x, y)));
        let channels = face.flat_map(|(x, y)| (0..3).map(move |channel| (x, y, channel)));
        channels.map(|(x, y, c)| u64::from(portrait.get_pixel(x, y).0[c].abs_diff(own.get_pixel(x, y).0[c]))).sum()
    };
    let names = sitters::sitters().iter().map(|sitter| sitter.name);
    assert_eq!(names.min_by_key(|name| off(name)), Some("clara"));
}

#[test]
fn a_cartoon_and_an_animal_are_nobody() {
    // Whatever is taken for a face all the same has no edges as sharp as a photo's.
    refused("a cartoon", &cartoon(), &[NOBODY, BLURRED]);
    refused("a cat", &cat(), &[NOBODY, BLURRED]);
}

#[test]
fn a_photo_upside_down_is_nobody() {
    let mut wall = room(900, 900);
    hung(&mut wall, "nia", 640, 130, 130);
    refused("upside down", &imageops::rotate180(&wall), &[NOBODY]);
}

#[test]
fn a_face_of_thirty_two_pixels_is_asked_to_come_closer() {
    let mut far = room(640, 480);
    // A sitter's face is about 0.4 of the photo's side.
    hung(&mut far, "nia", 80, 280, 200);
    refused("32 px", &far, &["pixels wide, and 40 are needed; come closer", NOBODY]);
}
