//! The artists of our own draw the sample sitters: clean paper around them, as many lines as a portrait needs, eyes alike.

use imageproc::region_labelling::Connectivity;
use imageproc::region_labelling::connected_components;
use portraitist::artists::Artist;
use portraitist::config;
use portraitist::config::LoadRequest;
use portraitist::face::Side;
use portraitist::photo;
use portraitist::photo::sitters;
use portraitist::raster::Gray;
use portraitist::sitter;
use portraitist::sitter::Sitting;

/// The sample sitters, read by the networks that ship.
fn sittings() -> Vec<(&'static str, Sitting)> {
    let loaded = config::load(&LoadRequest::default()).expect("the defaults");
    let config = loaded.config();
    let networks = config.models.face_networks().expect("they ship");
    let sit = |sample: &sitters::Sitter| {
        let photo = photo::decode(sample.jpeg).expect("a JPEG");
        let faces = sitter::faces(&photo, &networks, &config.sitter).expect("memory enough");
        (sample.name, sitter::sit(&photo, &faces, &networks, &config.sitter).expect("fit to be drawn"))
    };
    sitters::sitters().iter().map(sit).collect()
}

fn drawn(artist: Artist, hand: usize, sitting: &Sitting) -> Gray {
    artist.draw(hand, 7, &sitting.portrait, &sitting.face).expect("the artist has such a hand")
}

fn coverage(drawing: &Gray) -> f64 {
    drawing.as_raw().iter().map(|v| 1.0 - f64::from(*v) / 255.0).sum::<f64>() / drawing.as_raw().len() as f64
}

#[test]
fn every_artist_leaves_the_backdrop_paper() {
    /// Contours lie on the border, and a hand wavers.
    const BESIDE_PX: u8 = 8;
    for (name, sitting) in sittings() {
        let share = sitting.face.matte().share();
        let person = Gray::from_fn(share.width(), share.height(), |x, y| {
            image::Luma([u8::from(share.get_pixel(x, y)[0] > 0.05) * 255])
        });
        let near = imageproc::morphology::dilate(&person, imageproc::distance_transform::Norm::L2, BESIDE_PX);
        for artist in Artist::ALL {
            let drawing = drawn(artist, 0, &sitting);
            let stray = drawing.iter().zip(near.iter()).filter(|(ink, near)| **near == 0 && **ink < 250).count();
            assert_eq!(stray, 0, "{} puts {stray} pixels behind {name}", artist.name());
        }
    }
}

#[test]
fn line_studies_have_the_lines_of_a_portrait() {
    for (name, sitting) in sittings() {
        let drawing = drawn(Artist::Lines, 0, &sitting);
        let marked = Gray::from_fn(512, 512, |x, y| image::Luma([u8::from(drawing.get_pixel(x, y)[0] < 128)]));
        let pieces = connected_components(&marked, Connectivity::Eight, image::Luma([0])).into_raw();
        let pieces = pieces.into_iter().max().unwrap_or(0);
        assert!((0.03..=0.10).contains(&coverage(&drawing)), "{name}: {:.3} of the paper", coverage(&drawing));
        assert!((25..=150).contains(&pieces), "{name}: {pieces} connected strokes");
    }
}

#[test]
fn both_eyes_are_dark_discs_with_one_highlight_at_the_same_place() {
    for (name, sitting) in sittings() {
        for artist in Artist::ALL {
            let drawing = drawn(artist, 0, &sitting);
            let looks = Side::BOTH.map(|side| {
                let iris = sitting.face.landmarks().iris(side);
                let (x, y) = (iris.centre.x.round() as i64, iris.centre.y.round() as i64);
                let at = |dx: i64, dy: i64| f64::from(drawing.get_pixel((x + dx) as u32, (y + dy) as u32)[0]);
                let disc: Vec<f64> =
                    (-4..=4).flat_map(|dy| (-6..=6).map(move |dx| (dx, dy))).map(|(dx, dy)| at(dx, dy)).collect();
                disc.iter().sum::<f64>() / disc.len() as f64
            });
            assert!(looks.iter().all(|gray| *gray < 150.0), "{} draws {name}'s eyes {looks:.0?}", artist.name());
            assert!((looks[0] - looks[1]).abs() < 45.0, "{} draws {name}'s eyes {looks:.0?}", artist.name());
        }
    }
}

#[test]
fn hands_differ_and_each_is_the_same_again() {
    let sittings = sittings();
    let (_, sitting) = &sittings[0];
    for artist in Artist::ALL {
        let drawings: Vec<Gray> = (0..artist.hands().len()).map(|hand| drawn(artist, hand, sitting)).collect();
        assert_eq!(drawings[0], drawn(artist, 0, sitting), "{}", artist.name());
        assert!(drawings.windows(2).all(|pair| pair[0] != pair[1]), "{}", artist.name());
        assert!(artist.draw(drawings.len(), 7, &sitting.portrait, &sitting.face).is_none());
    }
}
