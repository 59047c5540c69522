//! Tells the person from the backdrop, without a network: a soft mask from where people sit in the canonical frame,
//! what colours person and backdrop turn out to have, and the edges between them.
//!
//! Refuses nothing: where colours do not tell, the answer falls back on the usual shape of head and shoulders, so that
//! hair and shoulders are kept at the price of some backdrop. A matte network gives the same [`Matte`].

use super::Portrait;
use super::colour_model;
use super::position_prior;
use super::position_prior::BACKDROP;
use super::smooth;
use super::smooth::Guide;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use imageproc::region_labelling::Connectivity;
use imageproc::region_labelling::connected_components;
use serde::Deserialize;
use serde::Serialize;

/// How much of each pixel of a portrait is the person: 1 wholly, 0 not at all. [`Portrait::SIDE`] pixels square.
#[derive(Debug, Clone)]
pub struct Matte(Field);

impl Matte {
    /// A matte of `share`; `None` unless it has a portrait's size and every share lies between 0 and 1.
    pub fn new(share: Field) -> Option<Self> {
        let sound = share.dimensions() == (Portrait::SIDE, Portrait::SIDE)
            && share.as_raw().iter().all(|v| (0.0..=1.0).contains(v));
        sound.then_some(Self(share))
    }

    /// The person's share of each pixel.
    pub fn share(&self) -> &Field {
        &self.0
    }
}

/// How the person is told from the backdrop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackdropConfig {
    /// Rounds of learning the colours, 1 to 8. Default 4: more change less than a pixel in a hundred.
    pub rounds: u32,
    /// The least probability any class has anywhere, 0 to 0.2. Default 0.01: a hat is unusual, not impossible.
    pub floor: f32,
    /// Reach of the edge-aware filter, in pixels. Default 6.
    pub edge_px: u32,
}

impl Default for BackdropConfig {
    fn default() -> Self {
        Self { rounds: 4, floor: 0.01, edge_px: 6 }
    }
}

/// Side of the small picture on which colours are learnt: a strand of hair is one pixel there.
const SMALL_SIDE: u32 = 128;

/// The person's share of each pixel of `portrait`.
pub fn matte(portrait: &Portrait, config: &BackdropConfig) -> Matte {
    let priors = position_prior::position_priors(SMALL_SIDE, config.floor.clamp(1e-4, 0.2));
    let [backdrop] = colour_model::posteriors(portrait, &priors, config.rounds.clamp(1, 8), [BACKDROP]);
    let person = in_one_piece(&smooth::map(&backdrop, |backdrop| 1.0 - backdrop));
    let light = colour_model::luma(portrait.pixels());
    let share = smooth::guided(&Guide::new(light, config.edge_px.clamp(1, 64) as usize, 1e-3), &person);
    // The filter leaves a haze on either side: a gentle contrast curve takes it off.
    Matte(smooth::map(&share, |p| {
        let t = ((p - 0.2) / 0.6).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    }))
}

/// The person without islands in the backdrop and without holes: what hangs together with the middle of the frame.
fn in_one_piece(person: &Field) -> Field {
    let (width, height) = person.dimensions();
    let solid = Gray::from_fn(width, height, |x, y| Luma([if person.get_pixel(x, y).0[0] > 0.5 { 255 } else { 0 }]));
    let bodies = connected_components(&solid, Connectivity::Four, Luma([0]));
    let middle = bodies.get_pixel(width / 2, height * 5 / 8).0[0];
    if middle == 0 {
        return person.clone();
    }
    let own = Gray::from_fn(width, height, |x, y| Luma([if bodies.get_pixel(x, y).0[0] == middle { 255 } else { 0 }]));
    let gaps = connected_components(&inverted(&own), Connectivity::Four, Luma([0]));
    let mut open = vec![false; gaps.as_raw().iter().max().map_or(1, |most| *most as usize + 1)];
    for (x, y, gap) in gaps.enumerate_pixels() {
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            open[gap.0[0] as usize] = true;
        }
    }
    Field::from_fn(width, height, |x, y| {
        let share = person.get_pixel(x, y).0[0];
        let gap = gaps.get_pixel(x, y).0[0] as usize;
        let is_own = own.get_pixel(x, y).0[0] > 0;
        Luma([match (is_own, gap > 0 && open[gap]) {
            (true, _) => share,
            (false, true) => share.min(0.1),
            (false, false) => share.max(0.9),
        }])
    })
}

fn inverted(mask: &Gray) -> Gray {
    let mut mask = mask.clone();
    image::imageops::invert(&mut mask);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::sample;

    /// Overlap of the matte with the sample sitter: intersection over union.
    fn overlap(backdrop: impl Fn(u32, u32) -> [u8; 3]) -> f64 {
        let found = matte(&sample::sitter(backdrop), &BackdropConfig::default());
        let (mut both, mut either) = (0u32, 0u32);
        for (x, y, share) in found.share().enumerate_pixels() {
            let (person, sitter) = (share.0[0] > 0.5, sample::on_sitter(x, y));
            both += u32::from(person && sitter);
            either += u32::from(person || sitter);
        }
        f64::from(both) / f64::from(either)
    }

    #[test]
    fn the_sitter_is_told_from_a_plain_and_from_a_busy_backdrop() {
        let plain = overlap(|x, _| [60, 90, 150 + (x / 16) as u8]);
        assert!(plain > 0.95, "plain backdrop: {plain}");
        let busy = overlap(|x, y| if (x / 24 + y / 24) % 2 == 0 { [40, 110, 60] } else { [200, 210, 220] });
        assert!(busy > 0.85, "busy backdrop: {busy}");
    }

    #[test]
    fn without_any_colour_the_usual_head_and_shoulders_remain() {
        let found = matte(&sample::portrait_of(|_, _| [128; 3]), &BackdropConfig::default());
        let share = |x, y| found.share().get_pixel(x, y).0[0];
        assert!(share(256, 250) > 0.9 && share(256, 480) > 0.9);
        assert!(share(8, 8) < 0.1 && share(500, 200) < 0.1);
    }

    #[test]
    fn a_matte_has_a_portraits_size_and_shares_between_0_and_1() {
        let side = Portrait::SIDE;
        assert!(Matte::new(Field::from_pixel(side, side, Luma([0.5]))).is_some());
        assert!(Matte::new(Field::from_pixel(side, side - 1, Luma([0.5]))).is_none());
        assert!(Matte::new(Field::from_pixel(side, side, Luma([1.5]))).is_none());
        assert!(Matte::new(Field::from_pixel(side, side, Luma([f32::NAN]))).is_none());
    }

    #[test]
    fn islands_go_and_holes_close() {
        let person = Field::from_fn(64, 64, |x, y| {
            let body = (16..48).contains(&x) && y > 8;
            let hole = (28..34).contains(&x) && (20..26).contains(&y);
            let island = x < 6 && y < 6;
            Luma([if (body && !hole) || island { 1.0 } else { 0.0 }])
        });
        let whole = in_one_piece(&person);
        assert!(whole.get_pixel(30, 22).0[0] > 0.8, "the hole is still open");
        assert!(whole.get_pixel(2, 2).0[0] < 0.2, "the island is still there");
        assert_eq!(whole.get_pixel(40, 40).0[0], 1.0);
    }
}
