//! From a scan to a page.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use image::DynamicImage;
use image::GrayImage;
use portraitist::photo::sitters;
use training::page::Page;
use training::sketchbook;
use training::sketchbook::Sketchbook;

use super::sheets::Lie;
use super::sheets::cut;
use super::sheets::drawings;
use super::sheets::seers;
use super::sheets::sheet;

fn open(folder: &Path) -> Result<Sketchbook> {
    sketchbook::open(folder, &seers(), false, &AtomicBool::new(false), |_, _| ())
}

/// Mean darkness of a page's rectangle.
fn ink(page: &Page, [left, top, right, bottom]: [usize; 4]) -> f32 {
    let values = page.values();
    let dark: f32 = (top..bottom).flat_map(|y| &values[y * 512 + left..y * 512 + right]).map(|value| 1.0 - value).sum();
    dark / ((right - left) * (bottom - top)) as f32
}

/// How alike two pages are where they are dark, blurred over 8 px: 1 the same.
fn alike(a: &Page, b: &Page) -> f32 {
    let soft = |page: &Page| -> Vec<f32> {
        let cell = |at: usize| ink(page, [at % 64 * 8, at / 64 * 8, at % 64 * 8 + 8, at / 64 * 8 + 8]);
        (0..64 * 64).map(cell).collect()
    };
    let (a, b) = (soft(a), soft(b));
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let (of_a, of_b) = (mean(&a), mean(&b));
    let product =
        |x: &[f32], mx: f32, y: &[f32], my: f32| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f32>();
    product(&a, of_a, &b, of_b) / (product(&a, of_a, &a, of_a) * product(&b, of_b, &b, of_b)).sqrt()
}

#[test]
fn a_turned_scaled_and_yellowed_sheet_comes_to_the_canonical_eyes_without_its_caption_and_border() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let lies = [
        Lie { scale: 1.3, turned: 7.0, middle: [520.0, 560.0] },
        Lie { scale: 0.8, turned: -6.0, middle: [195.0, 400.0] },
        Lie { scale: 1.0, turned: 3.0, middle: [600.0, 700.0] },
    ];
    // Cut off at the collar, so that the caption comes into the frame.
    let originals: Vec<GrayImage> = drawings().iter().take(3).map(|drawing| cut(drawing, 440)).collect();
    for (at, (original, lie)) in originals.iter().zip(lies).enumerate() {
        let scan = sheet(original, 1000, 1250, lie);
        // One stands on its side, as scanners like it.
        let scan = DynamicImage::ImageRgb8(if at == 2 { image::imageops::rotate270(&scan) } else { scan });
        scan.save(folder.path().join(["a.jpg", "b.tiff", "c.png"][at]))?;
    }
    let book = open(folder.path())?;
    assert_eq!(book.left_out, []);
    for ((name, page), original) in book.pages.iter().zip(&originals) {
        let original = Page::of(&original.as_raw().iter().map(|&value| f32::from(value) / 255.0).collect::<Vec<_>>());
        let score = alike(page, &original);
        // Eyes off by a twentieth of their distance, as the networks' are on the worst drawings, cost up to 0.3.
        assert!(score > 0.65, "{name} is like its original by {score}");
        // Below the cut lay the caption, and beside the second one's hair the border.
        let caption = ink(page, [0, 460, 512, 512]);
        assert!(caption < 0.002, "{name} has a caption of {caption}");
        let border = ink(page, [0, 0, 60, 512]);
        assert!(name != "b.tiff" || border < 0.002, "{name} has a border of {border}");
        assert!(page.values().iter().filter(|value| **value == 1.0).count() > 512 * 512 / 2, "{name} has gray paper");
    }
    Ok(())
}

#[test]
fn a_page_in_the_canonical_frame_stays_as_it_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (at, drawing) in drawings().iter().enumerate() {
        drawing.save(folder.path().join(format!("{at}.png")))?;
    }
    let book = open(folder.path())?;
    assert_eq!(book.pages.len(), drawings().len(), "{:?}", book.left_out);
    for ((name, page), drawing) in book.pages.iter().zip(drawings()) {
        assert!(page.picture() == *drawing, "{name} has changed");
    }
    let kept = tempfile::tempdir()?;
    book.keep(kept.path())?;
    let pages: Vec<Page> = book.pages.into_iter().map(|(_, page)| page).collect();
    assert!(sketchbook::kept(kept.path())? == pages);
    assert!(image::open(kept.path().join(sketchbook::SHEET))?.width() >= 8 * 192);
    Ok(())
}

#[test]
fn photos_empty_sheets_huge_and_unreadable_files_are_left_out_in_words() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes);
    put("b-photo.jpg", sitters::sitters()[0].jpeg)?;
    // The same photo as a larger scan, so that it would be aligned and whitened.
    image::load_from_memory(sitters::sitters()[3].jpeg)?
        .resize(700, 700, image::imageops::FilterType::Triangle)
        .save(folder.path().join("c-photo.png"))?;
    GrayImage::from_pixel(600, 800, image::Luma([240])).save(folder.path().join("d-empty.png"))?;
    put("e-cut.png", &fs::read(folder.path().join("d-empty.png"))?[..90])?;
    put("f-text.png", b"no picture at all")?;
    put("g-nothing.jpg", b"")?;
    // A bitmap whose header tells of 40,000 × 30,000 px.
    let mut huge = b"BM".to_vec();
    huge.extend([54u32, 0, 54, 40].iter().flat_map(|number| number.to_le_bytes()));
    huge.extend([40_000u32, 30_000].iter().flat_map(|number| number.to_le_bytes()));
    huge.extend([1, 0, 24, 0]);
    huge.extend([0; 24]);
    put("h-huge.bmp", &huge)?;
    put("notes.txt", b"not looked at")?;
    let book = open(folder.path())?;
    assert!(book.pages.is_empty());
    assert_eq!(book.others, 1);
    let expected = [
        ("b-photo.jpg", "like a photo"),
        ("c-photo.png", "like a photo"),
        ("d-empty.png", "no face"),
        ("e-cut.png", "cut off"),
        ("f-text.png", "no picture"),
        ("g-nothing.jpg", "empty"),
        ("h-huge.bmp", "40000 x 30000 px, more than 100 megapixels"),
    ];
    for (left_out, (name, why)) in book.left_out.iter().zip(expected) {
        assert!(left_out.name == name && left_out.why.contains(why), "{left_out:?}, not {name}: {why}");
    }
    assert_eq!(book.left_out.len(), expected.len());
    Ok(())
}

#[test]
fn a_scan_just_below_the_limit_becomes_the_same_page_as_a_small_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let small = sheet(&drawings()[0], 1000, 1250, Lie { scale: 1.3, turned: 4.0, middle: [500.0, 560.0] });
    // 99.5 megapixels in gray, each pixel of the small scan nearly nine times over.
    let huge = GrayImage::from_fn(8900, 11_180, |x, y| {
        let [red, green, blue] = small.get_pixel(x * 1000 / 8900, y * 1250 / 11_180).0.map(u32::from);
        image::Luma([((3 * red + 6 * green + blue) / 10) as u8])
    });
    huge.save(folder.path().join("huge.tiff"))?;
    huge.save(folder.path().join("huge.jpg"))?;
    small.save(folder.path().join("small.png"))?;
    let book = open(folder.path())?;
    assert_eq!(book.left_out, []);
    let page = |at: usize| &book.pages[at].1;
    for at in [0, 1] {
        let score = alike(page(at), page(2));
        assert!(score > 0.65, "{} is like the small scan by {score}", book.pages[at].0);
    }
    Ok(())
}

#[test]
fn a_folder_without_scans_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("notes.txt"), "")?;
    let refused = |folder: &Path| open(folder).expect_err("refused").to_string();
    assert!(refused(folder.path()).contains("holds no scans"));
    assert!(refused(&folder.path().join("nowhere")).contains("nowhere"));
    Ok(())
}
