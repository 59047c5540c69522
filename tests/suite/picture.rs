//! A tolerant comparer of pictures, and its own tests.
//!
//! Two drawings are alike if, at a quarter of their size, no place differs by much and the whole differs by little.
//! Rounding on another processor moves a line by a fraction of a pixel, which a quarter of the size hides; a missing
//! or an added stroke it does not hide.

use std::path::Path;

use image::GrayImage;
use image::imageops::FilterType;
use portraitist::raster::Gray;

/// How much two pictures differ, in gray levels of 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Over the whole picture, on average.
    pub mean: f64,
    /// At the worst place (a square of 4 x 4 pixels).
    pub worst: u8,
}

/// Mean difference that still counts as alike: a 1 m drawing on A5 covers some 2 % of the sheet, so a fifth of its ink gone is noticed.
const MEAN_LIMIT: f64 = 1.0;
/// Difference at one place that still counts as alike: half a pen line moved aside.
const WORST_LIMIT: u8 = 130;

/// How much `a` and `b` differ; `None` if they are not of one size.
pub fn difference(a: &GrayImage, b: &GrayImage) -> Option<Difference> {
    if a.dimensions() != b.dimensions() {
        return None;
    }
    let (width, height) = (a.width().div_ceil(4), a.height().div_ceil(4));
    let small = |picture: &GrayImage| image::imageops::resize(picture, width, height, FilterType::Triangle);
    let (a, b) = (small(a), small(b));
    let differences: Vec<u8> = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b)).collect();
    Some(Difference {
        mean: differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len().max(1) as f64,
        worst: differences.iter().copied().max().unwrap_or(0),
    })
}

/// Whether `a` and `b` are alike enough.
pub fn alike(a: &GrayImage, b: &GrayImage) -> bool {
    difference(a, b).is_some_and(|d| d.mean <= MEAN_LIMIT && d.worst <= WORST_LIMIT)
}

/// Compares `picture` with the golden file `name`, or replaces it if `UPDATE_GOLDEN=1`.
pub fn check_golden(name: &str, picture: &Gray) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|v| v == "1") {
        picture.save(&path).expect("the golden folder is writable");
        return;
    }
    let golden = image::open(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; make it with UPDATE_GOLDEN=1 and look at it", path.display()))
        .into_luma8();
    if !alike(picture, &golden) {
        let seen = std::env::temp_dir().join(format!("portraitist-{name}"));
        picture.save(&seen).expect("the temporary folder is writable");
        panic!(
            "{name} differs from its golden file ({:?}); it is now {}: if it looks right, run UPDATE_GOLDEN=1 cargo test",
            difference(picture, &golden),
            seen.display()
        );
    }
}

fn drawing(lines: &[(i32, i32)]) -> GrayImage {
    let mut sheet = GrayImage::from_pixel(200, 200, image::Luma([255]));
    for (x, y) in lines {
        for step in 0..100 {
            for thick in 0..3 {
                sheet.put_pixel((x + step) as u32, (y + thick) as u32, image::Luma([0]));
            }
        }
    }
    sheet
}

#[test]
fn the_comparer_allows_a_pixel_and_notices_a_stroke() {
    let lines: Vec<(i32, i32)> = (0..8).map(|i| (20 + 5 * i, 20 + 20 * i)).collect();
    let golden = drawing(&lines);
    assert!(alike(&golden, &golden));

    let moved: Vec<(i32, i32)> = lines.iter().map(|(x, y)| (x + 1, *y)).collect();
    assert!(alike(&drawing(&moved), &golden), "a pixel aside is the same drawing");
    assert!(!alike(&drawing(&lines[1..]), &golden), "a stroke is missing");
    assert!(!alike(&drawing(&[lines.clone(), vec![(90, 90)]].concat()), &golden), "a stroke too many");
    assert!(!alike(&GrayImage::new(200, 200), &golden), "all black");
    assert!(!alike(&GrayImage::from_pixel(200, 200, image::Luma([255])), &golden), "nothing drawn");
    assert!(!alike(&GrayImage::new(100, 200), &golden), "another size");
}
