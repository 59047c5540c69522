//! Tells the classes of a picture apart by where their pixels usually lie and by the colours they turn out to have.
//!
//! Each class has a histogram over lightness and two colour differences, learnt from this one picture:
//! first weighted by the position prior alone (cubed: only the surest pixels teach), then again by what the last round believed (expectation maximisation,
//! with the edge-aware guided filter between rounds so that neighbours of one colour agree). It is the colour half of
//! Rother, Kolmogorov & Blake, "GrabCut", 2004, with histograms for mixtures and the filter for the graph cut.
//! Planes are of one size, a hundred or so pixels a side; values are probabilities.

use super::Portrait;
use super::position_prior::CLASSES;
use super::smooth;
use super::smooth::Guide;
use crate::raster::Field;
use crate::raster::Rgb;
use rayon::prelude::*;

/// One probability plane for each class, in the order of the priors.
pub type Planes = [Field; CLASSES];

/// What is believed of each pixel of `portrait`, for the classes `wanted`, after `rounds` of learning, given what
/// position alone says (`priors`).
///
/// Learning happens on a picture shrunk to the size of `priors`; the answer has the size of the portrait. Beyond the
/// photo's edge colours say little, and position decides.
pub fn posteriors<const N: usize>(portrait: &Portrait, priors: &Planes, rounds: u32, wanted: [usize; N]) -> [Field; N] {
    let (width, height) = priors[0].dimensions();
    let pixels = portrait.pixels();
    let evidence = smooth::map(portrait.beyond(), |beyond_px| 1.0 / (1.0 + beyond_px));
    let small = View::new(
        &image::imageops::thumbnail(pixels, width, height),
        smooth::resized(&evidence, width, height),
        SMALL_RADIUS,
    );
    let mut place: Planes = priors.clone();
    let mut colours = priors.each_ref().map(|plane| small.colours(plane));
    doubt_backdrop_colours(&mut colours);
    for _ in 0..rounds {
        let mut belief = small.judged(&place, &colours, [0, 1, 2, 3]);
        normalise(&mut belief);
        colours = belief.each_ref().map(|plane| small.colours(plane));
        // A pixel's surroundings are the better position prior once they are known.
        for class in 0..CLASSES {
            let around = smooth::gaussian(&belief[class], AROUND_PX);
            place[class] =
                smooth::map2(&priors[class], &around, |prior, around| prior.powf(PRIOR) * around.powf(AROUND));
        }
        normalise(&mut place);
    }
    let place = place.map(|plane| smooth::resized(&plane, pixels.width(), pixels.height()));
    View::new(pixels, evidence, FULL_RADIUS).judged(&place, &colours, wanted)
}

/// Where the usual place of the hair holds backdrop, as above a head that sits low, the backdrop's colour would pass for
/// hair's: what the borders show for sure is believed of the person only as far as it is commoner there.
fn doubt_backdrop_colours(colours: &mut [Vec<f32>; CLASSES]) {
    let [backdrop, person @ ..] = colours;
    for class in person {
        for (own, backdrop) in class.iter_mut().zip(backdrop.iter()) {
            *own *= *own / (*own + DOUBT * backdrop);
        }
    }
}

/// A picture at one scale, ready to be judged.
struct View {
    /// The histogram bin of each pixel.
    bins: Vec<u16>,
    /// How much the colour of each pixel counts.
    evidence: Field,
    guide: Guide,
}

impl View {
    fn new(pixels: &Rgb, evidence: Field, radius: usize) -> Self {
        let light = luma(pixels);
        let bins = bins(pixels, &light);
        Self { bins, evidence, guide: Guide::new(light, radius, GUIDE_EPSILON) }
    }

    /// How much each bin speaks for the class that `weights` marks: its density relative to an even spread over all
    /// bins in use, smoothed over neighbours and tempered.
    fn colours(&self, weights: &Field) -> Vec<f32> {
        histogram(&self.bins, weights, &self.evidence)
    }

    /// The probability of the classes `wanted` by place and colour, neighbours of one lightness made to agree.
    fn judged<const N: usize>(&self, place: &Planes, colours: &[Vec<f32>; CLASSES], wanted: [usize; N]) -> [Field; N] {
        let raw: Vec<[f32; N]> = self
            .bins
            .par_iter()
            .enumerate()
            .map(|(i, bin)| {
                let evidence = self.evidence.as_raw()[i];
                let mut shares = [0.0; CLASSES];
                for (class, share) in shares.iter_mut().enumerate() {
                    *share = place[class].as_raw()[i] * (1.0 + evidence * (colours[class][*bin as usize] - 1.0));
                }
                let sum: f32 = shares.iter().sum();
                wanted.map(|class| shares[class] / sum)
            })
            .collect();
        let (width, height) = self.evidence.dimensions();
        std::array::from_fn(|i| {
            let plane = smooth::of_size(width, height, raw.iter().map(|shares| shares[i]).collect());
            smooth::map(&smooth::guided(&self.guide, &plane), |p| p.clamp(1e-4, 1.0))
        })
    }
}

/// Density given to a colour a class has not shown, as a share of an even spread.
const RARE: f32 = 0.2;
/// How much a backdrop's colour counts against being the person's, in the first round.
const DOUBT: f32 = 3.0;
/// How far colour is trusted against position: neighbouring pixels are not independent witnesses.
const TRUST: f32 = 1.4;
const PRIOR: f32 = 0.8;
const AROUND: f32 = 0.5;
/// Reach of the filter on the small and on the full picture, in their pixels.
const SMALL_RADIUS: usize = 3;
const FULL_RADIUS: usize = 4;
const GUIDE_EPSILON: f32 = 3e-4;
const AROUND_PX: f32 = 4.0;

const LEVELS: usize = 16;

/// Lightness, 0 to 1 (Rec. 601 luma of the gamma-coded values).
pub fn luma(pixels: &Rgb) -> Field {
    let values =
        pixels.pixels().map(|p| (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])) / 255.0);
    smooth::of_size(pixels.width(), pixels.height(), values.collect())
}

/// The histogram bin of each pixel.
fn bins(pixels: &Rgb, light: &Field) -> Vec<u16> {
    pixels
        .pixels()
        .zip(light.as_raw())
        .map(|(p, l)| {
            let [r, g, b] = p.0.map(|v| f32::from(v) / 255.0);
            let level = |v: f32| ((v * LEVELS as f32) as usize).min(LEVELS - 1);
            // Colour differences of real photos fill about half their range: use the bins there.
            let red_green = level(((r - g) * 1.2 + 0.45).max(0.0));
            let yellow_blue = level((((r + g) / 2.0 - b) * 1.0 + 0.5).max(0.0));
            ((level(*l) * LEVELS + red_green) * LEVELS + yellow_blue) as u16
        })
        .collect()
}

fn histogram(bins: &[u16], weights: &Field, evidence: &Field) -> Vec<f32> {
    const STRIDES: [usize; 3] = [LEVELS * LEVELS, LEVELS, 1];
    let mut counts = vec![0.0f32; LEVELS * LEVELS * LEVELS];
    for ((bin, weight), evidence) in bins.iter().zip(weights.as_raw()).zip(evidence.as_raw()) {
        counts[*bin as usize] += evidence * weight * weight * weight;
    }
    for stride in STRIDES {
        let before = counts.clone();
        for (i, count) in counts.iter_mut().enumerate() {
            let place = i / stride % LEVELS;
            let below = before[if place == 0 { i } else { i - stride }];
            let above = before[if place + 1 == LEVELS { i } else { i + stride }];
            *count = 0.25 * below + 0.5 * before[i] + 0.25 * above;
        }
    }
    // A picture uses a few hundred of the bins; the scale only sets what RARE means.
    const BINS_IN_USE: f32 = 300.0;
    let sum: f32 = counts.iter().sum::<f32>().max(1e-6);
    counts.iter_mut().for_each(|count| *count = (*count * BINS_IN_USE / sum + RARE).powf(TRUST));
    counts
}

fn normalise(planes: &mut Planes) {
    for i in 0..planes[0].as_raw().len() {
        let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
        planes.iter_mut().for_each(|plane| plane.as_mut()[i] /= sum);
    }
}
