//! Losses as functions of plain slices: each gives its value and its gradient in one pass.
//!
//! A network's answer leaves candle once, is judged here, and the gradient goes back by [`pull`]: the sum of answer
//! times gradient has exactly this gradient. That is several times faster than some twenty tensor operations for a softmax with its
//! companions, and every gradient is proved by differences in a test.

use candle_core::Result;
use candle_core::Tensor;
use rayon::prelude::*;

/// A loss and its gradient with respect to what was judged, of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The loss.
    pub value: f32,
    /// Its gradient.
    pub gradient: Vec<f32>,
}

impl Judged {
    fn nothing(length: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; length] }
    }

    /// The loss `weight` times over.
    pub fn times(mut self, weight: f32) -> Self {
        self.value *= weight;
        self.gradient.iter_mut().for_each(|g| *g *= weight);
        self
    }
}

/// A scalar whose gradient with respect to `answer` is `gradient`.
///
/// # Errors
/// `gradient` is not as long as `answer`.
pub fn pull(answer: &Tensor, gradient: Vec<f32>) -> Result<Tensor> {
    let gradient = Tensor::from_vec(gradient, answer.shape(), answer.device())?;
    (answer * gradient)?.sum_all()
}

/// `answer`'s values, in the order of its axes.
///
/// # Errors
/// It is not of 32-bit numbers.
pub fn values(answer: &Tensor) -> Result<Vec<f32>> {
    answer.flatten_all()?.to_vec1()
}

/// CenterNet's focal loss of heat-map logits (Zhou et al., 2019, eq. 1: α 2, β 4), divided by the number of peaks.
/// `heat` is 1 at peaks and falls off around them; cells whose heat is negative are not judged.
pub fn focal(logits: &[f32], heat: &[f32]) -> Judged {
    let peaks = heat.iter().filter(|&&heat| heat >= 1.0).count().max(1) as f32;
    let mut judged = Judged::nothing(logits.len());
    let mut sum = 0.0f64;
    for ((&logit, &heat), gradient) in logits.iter().zip(heat).zip(&mut judged.gradient) {
        if heat < 0.0 {
            continue;
        }
        let p = sigmoid(logit);
        if heat >= 1.0 {
            let log_p = -softplus(-logit);
            sum -= f64::from((1.0 - p).powi(2) * log_p);
            *gradient = 2.0 * p * (1.0 - p).powi(2) * log_p - (1.0 - p).powi(3);
        } else {
            let weight = (1.0 - heat).powi(4);
            let log_rest = -softplus(logit);
            sum -= f64::from(weight * p * p * log_rest);
            *gradient = weight * (p.powi(3) - 2.0 * p * p * (1.0 - p) * log_rest);
        }
        *gradient /= peaks;
    }
    judged.value = sum as f32 / peaks;
    judged
}

/// The weighed sum of Huber losses: quadratic up to `knee`, then straight with slope 1.
pub fn smooth(answers: &[f32], targets: &[f32], weights: &[f32], knee: f32) -> Judged {
    let mut judged = Judged::nothing(answers.len());
    let mut sum = 0.0f64;
    for (at, gradient) in judged.gradient.iter_mut().enumerate() {
        let off = answers[at] - targets[at];
        let (value, slope) = huber(off, knee);
        sum += f64::from(weights[at] * value);
        *gradient = weights[at] * slope;
    }
    judged.value = sum as f32;
    judged
}

/// Cross entropy of logits and targets from 0 to 1, weighed, divided by the weights' sum.
pub fn binary(logits: &[f32], targets: &[f32], weights: &[f32]) -> Judged {
    let all = weights.iter().sum::<f32>().max(1e-6);
    let mut judged = Judged::nothing(logits.len());
    for (at, gradient) in judged.gradient.iter_mut().enumerate() {
        judged.value += weights[at] * (softplus(logits[at]) - targets[at] * logits[at]) / all;
        *gradient = weights[at] * (sigmoid(logits[at]) - targets[at]) / all;
    }
    judged
}

/// One minus the Dice coefficient (Milletari et al., 2016) of the ink, one minus a value, of logits and of targets from 0 (ink) to
/// 1 (paper), weighed: a thin line that is missing or out of place costs as much as a thick one.
pub fn ink_overlap(logits: &[f32], targets: &[f32], weights: &[f32]) -> Judged {
    let mut judged = Judged::nothing(logits.len());
    let (mut common, mut both) = (0.0f64, 0.0f64);
    for ((&logit, &target), &weight) in logits.iter().zip(targets).zip(weights) {
        let (drawn, wanted) = (sigmoid(-logit), 1.0 - target);
        common += f64::from(weight * drawn * wanted);
        both += f64::from(weight * (drawn + wanted));
    }
    let (twice, sum) = (2.0 * common + 1.0, both + 1.0);
    judged.value = (1.0 - twice / sum) as f32;
    let (every, wanted) = ((twice / (sum * sum)) as f32, (2.0 / sum) as f32);
    for (at, gradient) in judged.gradient.iter_mut().enumerate() {
        let drawn = sigmoid(-logits[at]);
        // More paper is less ink, so the slope by the logit turns round.
        *gradient = weights[at] * drawn * (1.0 - drawn) * (wanted * (1.0 - targets[at]) - every);
    }
    judged
}

/// What the pixels of crops are, for [`regions`].
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    /// Class of each pixel; those not below the number of classes are not judged.
    pub classes: &'a [u8],
    /// How much of each pixel is the person, 0 to 1.
    pub person: &'a [f32],
    /// How much each pixel's person counts.
    pub person_weights: &'a [f32],
}

/// How much each class counts in [`regions`].
#[derive(Debug, Clone, Copy)]
pub struct ClassWeights<'a> {
    /// In the cross entropy.
    pub entropy: &'a [f32],
    /// In the overlap (Dice) loss.
    pub overlap: &'a [f32],
}

/// The loss of one crop's maps, divided by `crops`: weighed cross entropy of the classes, plus one minus their Dice
/// coefficient (Milletari et al., 2016), plus the person's L1 distance and half its cross entropy, edges counted five-fold.
///
/// `maps` is (4 × (classes + 1), side / 2, side / 2) as the face reader answers: channel `4 m + 2 r + c` is map `m` at
/// pixel (2 x + c, 2 y + r); the last map is the person's. `truth` has `side` × `side` pixels.
pub fn regions(maps: &[f32], side: usize, truth: &Truth, weights: &ClassWeights, crops: f32) -> (Judged, [f32; 3]) {
    let classes = weights.entropy.len();
    let half = side / 2;
    let area = half * half;
    let mut judged = Judged::nothing(maps.len());
    let place = |pixel: usize| {
        let (x, y) = (pixel % side, pixel / side);
        ((2 * (y % 2) + x % 2) * area + (y / 2) * half + x / 2, 4 * area)
    };
    let mut shares = vec![0.0f32; side * side * classes];
    let (mut overlap, mut mass, mut found) = (vec![0.0f64; classes], vec![0.0f64; classes], vec![0usize; classes]);
    let mut entropy = 0.0f64;
    let mut entropy_weight = 0.0f64;
    for (pixel, shares) in shares.chunks_exact_mut(classes).enumerate() {
        let class = usize::from(truth.classes[pixel]);
        if class >= classes {
            continue;
        }
        let (first, stride) = place(pixel);
        let most = (0..classes).map(|m| maps[first + m * stride]).fold(f32::MIN, f32::max);
        let mut sum = 0.0;
        for (m, share) in shares.iter_mut().enumerate() {
            *share = (maps[first + m * stride] - most).exp();
            sum += *share;
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        entropy += f64::from(weights.entropy[class] * (sum.ln() + most - maps[first + class * stride]));
        entropy_weight += f64::from(weights.entropy[class]);
        for (mass, share) in mass.iter_mut().zip(&*shares) {
            *mass += f64::from(*share);
        }
        overlap[class] += f64::from(shares[class]);
        found[class] += 1;
    }
    // 1 - 2 I / (P + T): its slope by a pixel's share is (2 I / S - 2 t) / S, S the sum.
    let mut dice = 0.0f64;
    let (mut slope_out, mut slope_in) = (vec![0.0f32; classes], vec![0.0f32; classes]);
    let counted: f32 = weights.overlap.iter().sum::<f32>().max(1.0);
    for class in 0..classes {
        let weight = weights.overlap[class] / counted;
        if found[class] < LEAST_AREA || weight == 0.0 {
            continue;
        }
        let both = mass[class] + found[class] as f64 + 1.0;
        let twice = 2.0 * overlap[class] + 1.0;
        dice += f64::from(weight) * (1.0 - twice / both);
        slope_out[class] = weight * (twice / (both * both)) as f32;
        slope_in[class] = slope_out[class] - weight * (2.0 / both) as f32;
    }
    let entropy_weight = entropy_weight.max(1.0);
    for (pixel, shares) in shares.chunks_exact(classes).enumerate() {
        let class = usize::from(truth.classes[pixel]);
        if class >= classes {
            continue;
        }
        let (first, stride) = place(pixel);
        let slope = |m: usize| if m == class { slope_in[m] } else { slope_out[m] };
        let mean: f32 = shares.iter().enumerate().map(|(m, share)| share * slope(m)).sum();
        let factor = weights.entropy[class] / entropy_weight as f32;
        for (m, &share) in shares.iter().enumerate() {
            let by_entropy = factor * (share - f32::from(u8::from(m == class)));
            judged.gradient[first + m * stride] = (by_entropy + share * (slope(m) - mean)) / crops;
        }
    }
    let matte = matte(maps, &mut judged.gradient, truth, classes, crops, place);
    let parts = [(entropy / entropy_weight) as f32, dice as f32, matte].map(|part| part / crops);
    judged.value = parts.iter().sum();
    (judged, parts)
}

/// Classes with fewer pixels in a crop have no overlap worth judging.
const LEAST_AREA: usize = 20;

fn matte(
    maps: &[f32],
    gradient: &mut [f32],
    truth: &Truth,
    map: usize,
    crops: f32,
    place: impl Fn(usize) -> (usize, usize),
) -> f32 {
    let weight_at = |pixel: usize| {
        let edge = if (0.04..0.96).contains(&truth.person[pixel]) { 5.0 } else { 1.0 };
        truth.person_weights[pixel] * edge
    };
    let all = (0..truth.person.len()).map(weight_at).sum::<f32>().max(1.0);
    let mut sum = 0.0f64;
    for (pixel, &target) in truth.person.iter().enumerate() {
        let weight = weight_at(pixel) / all;
        if weight == 0.0 {
            continue;
        }
        let (first, stride) = place(pixel);
        let logit = maps[first + map * stride];
        let p = sigmoid(logit);
        sum += f64::from(weight * ((p - target).abs() + 0.5 * (softplus(logit) - target * logit)));
        let slope = (p - target).signum() * p * (1.0 - p) + 0.5 * (p - target);
        gradient[first + map * stride] = weight * slope / crops;
    }
    sum as f32
}

/// The loss of points found as the mean of a softmax over `side` × `side` heats: Huber of the distance in cells along each
/// axis (knee half a cell), plus `spread` times the cross entropy with a Gaussian of one cell's deviation about the point.
///
/// `targets` are in cells, a cell's middle at its index plus ½; `weights` count the points. The sum is divided by `total`.
pub fn points(heats: &[f32], side: usize, targets: &[[f32; 2]], weights: &[f32], spread: f32, total: f32) -> Judged {
    let area = side * side;
    let mut gradient = vec![0.0f32; heats.len()];
    let losses: Vec<f32> = gradient
        .par_chunks_mut(area)
        .zip(heats.par_chunks(area))
        .enumerate()
        .map(|(at, (gradient, heats))| {
            if weights[at] == 0.0 {
                0.0
            } else {
                point(heats, side, targets[at], weights[at] / total, spread, gradient)
            }
        })
        .collect();
    Judged { value: losses.iter().sum(), gradient }
}

fn point(heats: &[f32], side: usize, target: [f32; 2], weight: f32, spread: f32, gradient: &mut [f32]) -> f32 {
    let most = heats.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0f32;
    for (share, &heat) in gradient.iter_mut().zip(heats) {
        *share = (heat - most).exp();
        sum += *share;
    }
    let middle = |index: usize| index as f32 + 0.5;
    let mut mean = [0.0f32; 2];
    for (row, shares) in gradient.chunks_exact_mut(side).enumerate() {
        let mut line = 0.0;
        for (column, share) in shares.iter_mut().enumerate() {
            *share /= sum;
            mean[0] += *share * middle(column);
            line += *share;
        }
        mean[1] += line * middle(row);
    }
    let bell = |centre: f32| -> Vec<f32> {
        let bell: Vec<f32> = (0..side).map(|at| (-(middle(at) - centre).powi(2) / 2.0).exp()).collect();
        let sum = bell.iter().sum::<f32>().max(1e-12);
        bell.into_iter().map(|value| value / sum).collect()
    };
    let (across, down) = (bell(target[0]), bell(target[1]));
    let (value_x, slope_x) = huber(mean[0] - target[0], 0.5);
    let (value_y, slope_y) = huber(mean[1] - target[1], 0.5);
    let mut entropy = 0.0;
    let log_sum = sum.ln() + most;
    let lines = gradient.chunks_exact_mut(side).zip(heats.chunks_exact(side)).zip(&down).enumerate();
    for (row, ((gradient, heats), down)) in lines {
        let by_row = slope_y * (middle(row) - mean[1]);
        for (column, ((gradient, heat), across)) in gradient.iter_mut().zip(heats).zip(&across).enumerate() {
            let share = *gradient;
            let wanted = across * down;
            if wanted > 1e-9 {
                entropy += wanted * (log_sum - heat);
            }
            let by_place = slope_x * (middle(column) - mean[0]) + by_row;
            *gradient = weight * (share * by_place + spread * (share - wanted));
        }
    }
    weight * (value_x + value_y + spread * entropy)
}

fn huber(off: f32, knee: f32) -> (f32, f32) {
    if off.abs() < knee { (off * off / (2.0 * knee), off / knee) } else { (off.abs() - knee / 2.0, off.signum()) }
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + eˣ), also for large `x`.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    /// Compares a gradient with central differences.
    fn check(x: &[f32], judge: impl Fn(&[f32]) -> Judged) {
        let judged = judge(x);
        let largest = judged.gradient.iter().fold(1e-4f32, |most, g| most.max(g.abs()));
        for at in 0..x.len() {
            let moved = |by: f32| {
                let mut x = x.to_vec();
                x[at] += by;
                f64::from(judge(&x).value)
            };
            let step = 4e-3;
            let expected = ((moved(step) - moved(-step)) / (2.0 * f64::from(step))) as f32;
            let off = (judged.gradient[at] - expected).abs();
            // Values are sums of 32-bit numbers: a difference of two is good to some 1e-4 of the largest slope.
            assert!(off < 0.02 * largest + 2e-4, "at {at}: {} is not {expected}", judged.gradient[at]);
        }
    }

    fn draw(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(-2.0..2.0)).collect()
    }

    #[test]
    fn the_focal_loss_has_its_gradient_and_leaves_out_what_is_not_judged() {
        let heat = [0.0, 0.3, 1.0, 0.9, 0.0, -1.0, 1.0, 0.1];
        check(&draw(8, 1), |x| focal(x, &heat));
        let judged = focal(&[9.0; 8], &heat);
        assert_eq!(judged.gradient[5], 0.0);
        // One cell, p = 1/2, no peak: (1 - 0)^4 (1/2)^2 ln 2.
        assert!((focal(&[0.0], &[0.0]).value - 0.25 * std::f32::consts::LN_2).abs() < 1e-6);
    }

    #[test]
    fn distances_binary_entropy_and_overlap_have_their_gradients() {
        let targets = draw(6, 3);
        let weights = [1.0, 0.5, 0.0, 2.0, 1.0, 0.3];
        check(&draw(6, 2), |x| smooth(x, &targets, &weights, 0.4));
        let targets = [0.0, 1.0, 0.5, 0.2, 1.0, 0.0];
        check(&draw(6, 4), |x| binary(x, &targets, &weights));
        check(&draw(6, 7), |x| ink_overlap(x, &targets, &weights));
        let perfect = [1.0f32, 0.0, 0.0, 1.0].map(|paper| 40.0 * (2.0 * paper - 1.0));
        assert!(ink_overlap(&perfect, &[1.0, 0.0, 0.0, 1.0], &[1.0; 4]).value < 1e-6);
    }

    #[test]
    fn regions_have_their_gradient() {
        let side = 8;
        let mut classes: Vec<u8> =
            (0..64).map(|pixel| if pixel % 8 < 4 { 0 } else { 1 + (pixel / 32) as u8 }).collect();
        classes[9] = 255;
        let person: Vec<f32> = classes.iter().enumerate().map(|(at, _)| (at % 5) as f32 / 4.0).collect();
        let person_weights: Vec<f32> = (0..64).map(|at| if at == 3 { 0.0 } else { 1.0 }).collect();
        let truth = Truth { classes: &classes, person: &person, person_weights: &person_weights };
        let weights = ClassWeights { entropy: &[1.0, 2.0, 0.5], overlap: &[1.0, 0.0, 1.0] };
        check(&draw(4 * 4 * 16, 5), |x| regions(x, side, &truth, &weights, 2.0).0);
        let (judged, parts) = regions(&draw(4 * 4 * 16, 5), side, &truth, &weights, 2.0);
        assert!((parts.iter().sum::<f32>() - judged.value).abs() < 1e-6);
        // The unknown pixel (1, 1) is channel 3 of cell (0, 0) of each class map.
        assert!([0, 1, 2].iter().all(|m| judged.gradient[(4 * m + 3) * 16] == 0.0));
    }

    #[test]
    fn points_have_their_gradient_and_a_sharp_peak_costs_no_distance() {
        let targets = [[2.3, 1.9], [4.0, 3.0], [0.5, 0.5]];
        check(&draw(3 * 36, 6), |x| points(x, 6, &targets, &[1.0, 0.5, 0.0], 0.3, 1.5));
        let mut heats = vec![0.0; 36];
        heats[2 * 6 + 3] = 60.0;
        let judged = points(&heats, 6, &[[3.5, 2.5]], &[1.0], 0.0, 1.0);
        assert!(judged.value < 1e-6, "{}", judged.value);
    }
}
