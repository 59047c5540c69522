//! The line drawing that needs no weights: coherent lines by differences of Gaussians along the edge flow.
//!
//! Kang, Lee & Chui, "Coherent Line Drawing", 2007 (sections 2.2 and 2.3), with the thresholds of Winnemöller, Kyprianidis
//! & Olsen, "XDoG", 2012, set by place: what counts as a line is decided against the responses of the same region of
//! the same person, generously at eyes, brows, nose and mouth, sparingly on skin. The person's outline is drawn from
//! the matte where no line found it. Lengths in portrait pixels. Refuses nothing: a blank portrait gives its outline.

use super::LineDrawing;
use super::anatomy::Anatomy;
use super::contours;
use super::even_light::even_light;
use super::flow::Flow;
use super::flow::edge_flow;
use super::glasses;
use super::irises;
use super::mouth;
use super::nostrils;
use super::pieces::pieces;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::photo::smooth::Guide;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// How lines are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowConfig {
    /// Smoothing of the structure tensor, in pixels. Default 2.2.
    pub tensor_px: f32,
    /// Half the width of the lines looked for: sigma of the narrower Gaussian, in pixels. Default 1.4.
    pub line_px: f32,
    /// How far along the flow responses are gathered (sigma, in pixels). Default 3.5.
    pub along_px: f32,
    /// Weight of the wider Gaussian; below 1 it keeps flat areas from speaking. Default 0.985.
    pub balance: f32,
    /// Share of the eye, brow and mouth areas that stays paper. Default 0.70.
    pub features_quiet: f32,
    /// Share of the nose's area that stays paper. Default 0.80.
    pub nose_quiet: f32,
    /// Share of the skin that stays paper. Default 0.95.
    pub skin_quiet: f32,
    /// Share of the surroundings of hairline and collar that stays paper. Default 0.80.
    pub border_quiet: f32,
    /// Share of the ears that stays paper. Default 0.85.
    pub ear_quiet: f32,
    /// Share of glasses, rims and lenses, that stays paper. Default 0.80.
    pub glasses_quiet: f32,
    /// Share of the hair that stays paper. Default 0.93.
    pub hair_quiet: f32,
    /// Share of the clothes that stays paper. Default 0.94.
    pub clothes_quiet: f32,
    /// The least response that is ever a line: below lies the noise of photos. Default 0.004.
    pub faintest: f32,
    /// Lines with less ink than this are dropped, in square pixels. Default 40.
    pub least_area_px: u32,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            tensor_px: 2.2,
            line_px: 1.4,
            along_px: 3.5,
            balance: 0.985,
            features_quiet: 0.70,
            nose_quiet: 0.80,
            skin_quiet: 0.95,
            border_quiet: 0.80,
            ear_quiet: 0.85,
            glasses_quiet: 0.80,
            hair_quiet: 0.93,
            clothes_quiet: 0.94,
            faintest: 0.004,
            least_area_px: 40,
        }
    }
}

/// Where the backdrop's share is above this, nothing is computed.
const EMPTY: f32 = 0.98;

/// The lines of `portrait`.
pub fn flow_lines(portrait: &Portrait, anatomy: &Anatomy, config: &FlowConfig) -> LineDrawing {
    let even = even_light(portrait, anatomy);
    let calm = smooth::guided(&Guide::new(even.clone(), 2, 4e-4), &even);
    let flow = edge_flow(&calm, config.tensor_px);
    let response = response(&calm, &flow, config, anatomy);
    let threshold = thresholds(&response, anatomy, config);
    let ink = hysteresis(&response, &threshold, &flow, config.least_area_px);
    let ink = contours::with_contours(ink, portrait, anatomy);
    let ink = glasses::with_rims(ink, portrait, anatomy);
    let ink = nostrils::with_nostrils(ink, portrait, anatomy);
    let ink = mouth::with_mouth(ink, portrait, anatomy);
    LineDrawing::new(irises::with_irises(ink, portrait, anatomy, irises::Pale::Open))
}

/// How much each place of the person in `picture` is a dark line along `flow`: positive on lines.
pub fn response(picture: &Field, flow: &Flow, config: &FlowConfig, anatomy: &Anatomy) -> Field {
    let person = |x: usize, y: usize| anatomy.backdrop().as_raw()[y * Portrait::SIDE as usize + x] < EMPTY;
    along(&across(picture, flow, config, &person), flow, config.along_px, &person)
}

/// The difference of Gaussians across the flow: positive on dark lines.
fn across(picture: &Field, flow: &Flow, config: &FlowConfig, person: &(impl Fn(usize, usize) -> bool + Sync)) -> Field {
    const WIDER: f32 = 1.6;
    let radius = (2.5 * WIDER * config.line_px).ceil() as i32;
    let gauss = |sigma: f32| {
        let weights: Vec<f32> = (-radius..=radius).map(|i| (-((i * i) as f32) / (2.0 * sigma * sigma)).exp()).collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(move |w| w / sum)
    };
    let kernel: Vec<f32> = gauss(config.line_px)
        .zip(gauss(config.line_px * WIDER))
        .map(|(narrow, wide)| config.balance * wide - narrow)
        .collect();
    per_pixel(picture, |x, y| {
        if !person(x, y) {
            return 0.0;
        }
        let [tx, ty] = flow.tangent(x, y);
        let mut sum = 0.0;
        for (weight, i) in kernel.iter().zip(-radius..=radius) {
            sum += weight * sampled(picture, x as f32 - ty * i as f32, y as f32 + tx * i as f32);
        }
        sum
    })
}

/// `response` gathered along the flow by a Gaussian of `sigma_px`, in steps of a pixel both ways.
pub fn along(response: &Field, flow: &Flow, sigma_px: f32, person: &(impl Fn(usize, usize) -> bool + Sync)) -> Field {
    let (width, height) = flow.size();
    let steps = (2.0 * sigma_px).ceil() as i32;
    let weight = |i: i32| (-((i * i) as f32) / (2.0 * sigma_px * sigma_px)).exp();
    per_pixel(response, |x, y| {
        if !person(x, y) {
            return 0.0;
        }
        let start = flow.tangent(x, y);
        let mut sum = response.as_raw()[y * width + x];
        let mut total = 1.0;
        for sense in [1.0f32, -1.0] {
            let (mut px, mut py) = (x as f32, y as f32);
            let mut heading = [start[0] * sense, start[1] * sense];
            for i in 1..=steps {
                px += heading[0];
                py += heading[1];
                if px < 0.0 || py < 0.0 || px > (width - 1) as f32 || py > (height - 1) as f32 {
                    break;
                }
                let w = weight(i);
                sum += w * sampled(response, px, py);
                total += w;
                let next = flow.tangent(px.round() as usize, py.round() as usize);
                let same = if next[0] * heading[0] + next[1] * heading[1] < 0.0 { -1.0 } else { 1.0 };
                heading = [next[0] * same, next[1] * same];
            }
        }
        sum / total
    })
}

/// At every pixel the response from which on it is a line: quantiles of each region, blended by the anatomy.
fn thresholds(response: &Field, anatomy: &Anatomy, config: &FlowConfig) -> Field {
    const BORDER_PX: f32 = 4.0;
    /// Lines end this far from where the picture ends.
    const FRAME_PX: f32 = 3.0;
    let features = smooth::map2(&smooth::map2(anatomy.eyes(), anatomy.brows(), f32::max), anatomy.mouth(), f32::max);
    let features = smooth::map2(&features, anatomy.skin(), |f, skin| f * skin.max(0.5));
    let within = |part: &Field, without: &Field| smooth::map2(part, without, |part, without| part * (1.0 - without));
    let on_skin = |part: &Field| smooth::map2(part, anatomy.skin(), |part, skin| part * skin);
    let nose = on_skin(anatomy.nose());
    let glasses = within(anatomy.glasses(), anatomy.eyes());
    let features = within(&features, &glasses);
    let special = [&nose, &glasses, anatomy.ears()].into_iter();
    let special = special.fold(features.clone(), |sum, part| smooth::map2(&sum, part, f32::max));
    let border = anatomy.skin_border(BORDER_PX);
    let border = within(&border, &smooth::map2(&glasses, anatomy.ears(), f32::max));
    let plain = within(&within(anatomy.skin(), &special), &border);
    let (hair, clothes) = (within(anatomy.hair(), &border), within(anatomy.clothes(), &border));
    // Children's faces have few lines, and each one ages them.
    let youthful = |quiet: f32| 1.0 - (1.0 - quiet) * (1.0 - 0.5 * anatomy.youth());
    let parts: [(&Field, f32); 8] = [
        (&features, config.features_quiet),
        (&nose, config.nose_quiet),
        (&plain, youthful(config.skin_quiet)),
        (&border, config.border_quiet),
        (anatomy.ears(), config.ear_quiet),
        (&glasses, config.glasses_quiet),
        (&hair, config.hair_quiet),
        (&clothes, config.clothes_quiet),
    ];
    // The person's outline is drawn anyhow: it must not set the measure for what lies within.
    let inside = smooth::map(&smooth::gaussian(anatomy.backdrop(), 5.0), |near| if near < 0.04 { 1.0 } else { 0.0 });
    let levels = parts.map(|(weight, quiet)| {
        let weight = smooth::map2(weight, &inside, |w, inside| w * inside);
        weighted_quantile(response, &weight, quiet).max(config.faintest)
    });
    let mut out = Field::new(response.width(), response.height());
    for (i, value) in out.as_mut().iter_mut().enumerate() {
        let (mut sum, mut total) = (0.0, 0.0);
        for ((weight, _), level) in parts.iter().zip(levels) {
            let weight = weight.as_raw()[i];
            sum += weight * level;
            total += weight;
        }
        // In the backdrop nothing is a line; at its border the person's thresholds rise steeply.
        *value = if total > 0.25 && anatomy.room().as_raw()[i] >= FRAME_PX { sum / total } else { f32::INFINITY };
    }
    out
}

/// The value of `field` below which the share `quantile` of `weight` lies, to a four-thousandth of the field's range; 0
/// where there is no weight.
pub fn weighted_quantile(field: &Field, weight: &Field, quantile: f32) -> f32 {
    const STEPS: usize = 4096;
    let range = |f: fn(f32, f32) -> f32, start| field.as_raw().iter().copied().fold(start, f);
    let (least, most) = (range(f32::min, f32::INFINITY), range(f32::max, f32::NEG_INFINITY));
    let scale = (STEPS - 1) as f32 / (most - least).max(f32::MIN_POSITIVE);
    let mut counts = vec![0.0f64; STEPS];
    for (value, weight) in field.as_raw().iter().zip(weight.as_raw()) {
        if *weight > 0.3 {
            counts[((value - least) * scale) as usize] += f64::from(*weight);
        }
    }
    let total: f64 = counts.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let mut sum = 0.0;
    let below = counts.iter().take_while(|count| {
        sum += **count;
        sum < f64::from(quantile) * total
    });
    least + below.count() as f32 / scale
}

/// Ink where `response` passes three quarters of `threshold`, in pieces that somewhere pass five quarters of it.
fn hysteresis(response: &Field, threshold: &Field, flow: &Flow, least_area_px: u32) -> Gray {
    const WEAK: f32 = 0.75;
    const STRONG: f32 = 1.25;
    /// A line ends, sideways, where the response has fallen to this share of its ridge: strong edges stay thin.
    const FLANK: f32 = 0.5;
    const ACROSS_PX: i32 = 4;
    let over = smooth::map2(response, threshold, |r, t| r / t);
    let strength = per_pixel(&over, |x, y| {
        let own = over.get_pixel(x as u32, y as u32).0[0];
        if own <= WEAK {
            return 0.0;
        }
        let [tx, ty] = flow.tangent(x, y);
        let ridge = (-ACROSS_PX..=ACROSS_PX)
            .map(|i| sampled(&over, x as f32 - ty * i as f32, y as f32 + tx * i as f32))
            .fold(own, f32::max);
        ((own - WEAK) / 0.35).min((own / ridge - FLANK) / 0.15 + 0.5).clamp(0.0, 1.0)
    });
    let marked = Gray::from_fn(over.width(), over.height(), |x, y| {
        Luma([if strength.get_pixel(x, y).0[0] > 0.0 { 255 } else { 0 }])
    });
    let pieces = pieces(&marked);
    let mut peaks = vec![0.0f32; pieces.count()];
    for (piece, over) in pieces.labels().iter().zip(over.as_raw()) {
        peaks[*piece as usize] = peaks[*piece as usize].max(*over);
    }
    Gray::from_fn(over.width(), over.height(), |x, y| {
        let piece = pieces.labels()[(y * over.width() + x) as usize];
        let drawn = piece != 0 && pieces.area(piece) >= least_area_px && peaks[piece as usize] >= STRONG;
        Luma([if drawn { (255.0 * (1.0 - strength.get_pixel(x, y).0[0])).round() as u8 } else { 255 }])
    })
}

/// `f` of every pixel, rows shared among threads.
fn per_pixel(like: &Field, f: impl Fn(usize, usize) -> f32 + Sync) -> Field {
    let width = like.width() as usize;
    let mut values = vec![0.0f32; like.as_raw().len()];
    values.par_chunks_mut(width.max(1)).enumerate().for_each(|(y, row)| {
        for (x, value) in row.iter_mut().enumerate() {
            *value = f(x, y);
        }
    });
    smooth::of_size(like.width(), like.height(), values)
}

/// `field` at (`x`, `y`), bilinear, whole numbers being pixel centres; beyond its edge the last pixels go on.
fn sampled(field: &Field, x: f32, y: f32) -> f32 {
    let (width, height) = (field.width() as usize, field.height() as usize);
    let x = x.clamp(0.0, (width - 1) as f32);
    let y = y.clamp(0.0, (height - 1) as f32);
    let (left, above) = (x as usize, y as usize);
    let (right, below) = ((left + 1).min(width - 1), (above + 1).min(height - 1));
    let (tx, ty) = (x - left as f32, y - above as f32);
    let values = field.as_raw();
    let upper = values[above * width + left] * (1.0 - tx) + values[above * width + right] * tx;
    let lower = values[below * width + left] * (1.0 - tx) + values[below * width + right] * tx;
    upper * (1.0 - ty) + lower * ty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::BackdropConfig;
    use crate::photo::matte;
    use crate::photo::sample;
    use crate::sketch::Anatomy;

    fn drawn(portrait: &Portrait) -> Gray {
        let anatomy = Anatomy::guessed(portrait, &matte(portrait, &BackdropConfig::default()));
        flow_lines(portrait, &anatomy, &FlowConfig::default()).ink().clone()
    }

    /// Share of inked pixels in a rectangle.
    fn inked(ink: &Gray, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> f64 {
        let all = f64::from((x.end - x.start) * (y.end - y.start));
        let places = y.flat_map(|y| x.clone().map(move |x| (x, y)));
        places.filter(|(x, y)| ink.get_pixel(*x, *y).0[0] < 128).count() as f64 / all
    }

    #[test]
    fn a_sitter_gets_eyes_mouth_and_outline_on_a_quiet_ground() {
        let ink = drawn(&sample::sitter(|x, y| if (x + y) % 40 < 20 { [70, 100, 170] } else { [80, 112, 180] }));
        for eye in [206, 306] {
            assert!(inked(&ink, eye - 6..eye + 6, 230..242) > 0.5, "the eye at {eye} is not dark");
        }
        assert!(inked(&ink, 226..286, 336..356) > 0.08, "no mouth");
        assert!(inked(&ink, 180..332, 255..285) < 0.02, "lines on the cheeks");
        assert!(inked(&ink, 0..100, 0..360) < 0.002, "lines in the backdrop");
        // Every ray from the head's middle to the sides and up must meet the outline.
        for degrees in (-170..=-10).step_by(4) {
            let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
            let meets = (60..250).any(|r| {
                let (x, y) = (256.0 + cos * f64::from(r), 230.0 + sin * f64::from(r));
                let near =
                    |x: f64, y: f64| ink.get_pixel(x.clamp(0.0, 511.0) as u32, y.clamp(0.0, 511.0) as u32).0[0] < 160;
                near(x, y) || near(x + 1.0, y) || near(x, y + 1.0)
            });
            assert!(meets, "the outline is open at {degrees} degrees");
        }
    }

    #[test]
    fn a_dark_line_on_the_face_is_drawn_where_it_is() {
        let sitter = sample::sitter(|_, _| [70, 100, 170]);
        let scarred = sample::portrait_of(|x, y| {
            let scar = (300..303).contains(&y) && (200..312).contains(&x);
            if scar { [120, 80, 60] } else { sitter.pixels().get_pixel(x, y).0 }
        });
        let ink = drawn(&scarred);
        let hit = (210..302).filter(|x| inked(&ink, *x..*x + 1, 299..305) > 0.2).count();
        assert!(hit > 85, "only {hit} of 92 columns show the line");
    }

    #[test]
    fn any_photo_gives_a_drawing_of_the_right_size_whatever_the_number_of_threads() {
        let noise = |x: u32, y: u32| {
            let v = x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B);
            let v = (v ^ (v >> 15)).wrapping_mul(0x2C1B_3C6D);
            [v as u8, (v >> 8) as u8, (v >> 16) as u8]
        };
        let line = |x: u32, _: u32| if x == 256 { [0; 3] } else { [255; 3] };
        for portrait in [
            sample::portrait_of(|_, _| [0; 3]),
            sample::portrait_of(|_, _| [255; 3]),
            sample::portrait_of(line),
            sample::portrait_of(noise),
        ] {
            let ink = drawn(&portrait);
            assert_eq!(ink.dimensions(), (Portrait::SIDE, Portrait::SIDE));
            let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
            assert_eq!(alone.install(|| drawn(&portrait)), ink);
        }
    }
}
