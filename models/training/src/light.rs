//! What a camera and its room do to a picture: light, colour, blur, noise, JPEG.
//!
//! Each function changes a [`Canvas`] in place and keeps its geometry, so that labels stay where they are. Ranges are
//! chosen for exhibition rooms and cheap webcams; [`Weather`] draws one whole set. Values may leave 0..1 in between
//! and are cut at the end of [`Weather::apply`].

use rand::Rng;

use crate::canvas::Canvas;
use crate::geometry::normal;

/// How hard the pictures of a task are treated.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Probability of hard light from one side.
    pub side_light: f64,
    /// Probability of a blurred picture.
    pub blur: f64,
    /// Largest deviation of the blur, px.
    pub most_blur_px: f32,
    /// Probability of sensor noise.
    pub noise: f64,
    /// Probability of JPEG.
    pub jpeg: f64,
    /// Probability of a picture without colours.
    pub gray: f64,
}

impl Weather {
    /// Draws and applies light, colour, blur, noise and JPEG.
    pub fn apply(&self, canvas: &mut Canvas, rng: &mut impl Rng) {
        if rng.random_bool(self.side_light) {
            side_light(canvas, rng);
        }
        let gray = rng.random_bool(self.gray);
        tone(canvas, rng, gray);
        if rng.random_bool(self.blur) {
            let sigma = self.most_blur_px * rng.random::<f32>().powi(2);
            let vertical = if rng.random_bool(0.3) { sigma * rng.random::<f32>() } else { sigma };
            blur(canvas, sigma, vertical);
        }
        if rng.random_bool(self.noise) {
            noise(canvas, 0.07 * rng.random::<f32>().powi(2), rng);
        }
        canvas.rgb.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        if rng.random_bool(self.jpeg) {
            jpeg(canvas, rng.random_range(20..=92));
        }
    }
}

/// Exposure, contrast, gamma, colour cast and saturation.
pub fn tone(canvas: &mut Canvas, rng: &mut impl Rng, gray: bool) {
    let gain = normal(rng, 0.22).exp().min(1.6);
    let contrast = normal(rng, 0.15).exp();
    let gamma = normal(rng, 0.22).exp();
    let saturation = if gray { 0.0 } else { (1.0 + normal(rng, 0.3)).max(0.0) };
    let warm = normal(rng, 0.09);
    let cast = [warm + normal(rng, 0.03), normal(rng, 0.03), -warm + normal(rng, 0.03)].map(f32::exp);
    let lift = 0.06 * rng.random::<f32>().powi(3);
    // The curve of one channel is a table: powf on every value would cost more than the network's stem.
    let curve: Vec<f32> = (0..=CURVE)
        .map(|at| {
            let value = (at as f32 / CURVE as f32).powf(gamma) * gain;
            lift + (1.0 - lift) * (0.45 + (value - 0.45) * contrast)
        })
        .collect();
    for pixel in canvas.rgb.chunks_exact_mut(3) {
        let toned: [f32; 3] = std::array::from_fn(|channel| {
            let place = pixel[channel].clamp(0.0, 1.0) * CURVE as f32;
            let below = (place as usize).min(CURVE - 1);
            curve[below] + (curve[below + 1] - curve[below]) * (place - below as f32)
        });
        let luma = 0.299 * toned[0] + 0.587 * toned[1] + 0.114 * toned[2];
        for channel in 0..3 {
            pixel[channel] = (luma + (toned[channel] - luma) * saturation) * cast[channel];
        }
    }
}

/// Steps of [`tone`]'s table.
const CURVE: usize = 256;

/// A soft step or slope of light across the picture, up to nearly dark on one side.
pub fn side_light(canvas: &mut Canvas, rng: &mut impl Rng) {
    let angle = rng.random_range(0.0..std::f32::consts::TAU);
    let (sine, cosine) = angle.sin_cos();
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let size = width.max(height);
    let middle = [width / 2.0 + normal(rng, 0.15) * width, height / 2.0 + normal(rng, 0.15) * height];
    let steep = 2.0f32.powf(rng.random_range(1.0..4.5)) / size;
    let dark = rng.random_range(0.15..0.8);
    let bright = rng.random_range(1.0..1.35);
    let tint = [1.0 + normal(rng, 0.06), 1.0, 1.0 + normal(rng, 0.06)];
    for row in 0..canvas.height {
        for column in 0..canvas.width {
            let along = (column as f32 - middle[0]) * cosine + (row as f32 - middle[1]) * sine;
            let step = along * steep;
            let share = 0.5 + 0.5 * step / (1.0 + step.abs());
            for (value, tint) in canvas.pixel(column, row).iter_mut().zip(tint) {
                *value *= dark + (bright * tint - dark) * share;
            }
        }
    }
}

/// A Gaussian of `across` px deviation in x and `down` px in y.
pub fn blur(canvas: &mut Canvas, across: f32, down: f32) {
    let (width, height) = (canvas.width, canvas.height);
    let mut out = vec![0.0; canvas.rgb.len()];
    if let Some(kernel) = gaussian(across) {
        let reach = kernel.len() / 2;
        for (from, to) in canvas.rgb.chunks_exact(width * 3).zip(out.chunks_exact_mut(width * 3)) {
            for column in 0..width {
                let mut sum = [0.0; 3];
                for (tap, weight) in kernel.iter().enumerate() {
                    let at = (column + tap).saturating_sub(reach).min(width - 1) * 3;
                    for channel in 0..3 {
                        sum[channel] += from[at + channel] * weight;
                    }
                }
                to[column * 3..column * 3 + 3].copy_from_slice(&sum);
            }
        }
        std::mem::swap(&mut canvas.rgb, &mut out);
    }
    if let Some(kernel) = gaussian(down) {
        let reach = kernel.len() / 2;
        out.iter_mut().for_each(|value| *value = 0.0);
        for (row, to) in out.chunks_exact_mut(width * 3).enumerate() {
            for (tap, weight) in kernel.iter().enumerate() {
                let at = (row + tap).saturating_sub(reach).min(height - 1) * width * 3;
                for (to, from) in to.iter_mut().zip(&canvas.rgb[at..at + width * 3]) {
                    *to += from * weight;
                }
            }
        }
        canvas.rgb = out;
    }
}

/// Normal noise of deviation `sigma`, two thirds of it common to the three channels.
pub fn noise(canvas: &mut Canvas, sigma: f32, rng: &mut impl Rng) {
    let deviate = |bits: u32| {
        // The sum of four uniform bytes is near enough to a normal deviate, and costs one draw.
        let sum: u32 = bits.to_le_bytes().iter().map(|&byte| u32::from(byte)).sum();
        (sum as f32 - 510.0) / 147.8
    };
    for pixel in canvas.rgb.chunks_exact_mut(3) {
        let (first, second) = (rng.random::<u64>(), rng.random::<u64>());
        let common = deviate(first as u32) * 0.8;
        let own = [(first >> 32) as u32, second as u32, (second >> 32) as u32];
        for (value, bits) in pixel.iter_mut().zip(own) {
            *value += sigma * (common + 0.6 * deviate(bits));
        }
    }
}

/// Through JPEG at `quality` (1 to 100) and back.
pub fn jpeg(canvas: &mut Canvas, quality: u8) {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
    canvas.to_rgb8().write_with_encoder(encoder).expect("a picture in memory is always a JPEG");
    let back = image::load_from_memory(&bytes).expect("our own JPEG is readable");
    *canvas = Canvas::from_rgb8(&back.into_rgb8());
}

/// Taps of a Gaussian, or nothing where it would change nothing.
fn gaussian(sigma: f32) -> Option<Vec<f32>> {
    if sigma < 0.3 {
        return None;
    }
    let reach = (2.5 * sigma).ceil() as i32;
    let taps: Vec<f32> = (-reach..=reach).map(|at| (-(at as f32 / sigma).powi(2) / 2.0).exp()).collect();
    let sum: f32 = taps.iter().sum();
    Some(taps.into_iter().map(|tap| tap / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    #[test]
    fn blur_and_noise_keep_the_mean_and_the_size() {
        let mut canvas = Canvas::new(40, 24, [0.25, 0.5, 0.75]);
        canvas.pixel(20, 12).copy_from_slice(&[1.0, 1.0, 1.0]);
        let mean = |canvas: &Canvas| canvas.rgb.iter().sum::<f32>() / canvas.rgb.len() as f32;
        let before = mean(&canvas);
        blur(&mut canvas, 2.0, 1.0);
        assert!((mean(&canvas) - before).abs() < 1e-4);
        let peak = canvas.pixel(20, 12)[0];
        assert!(peak < 0.4, "the dot of 1.0 is spread: {peak}");
        noise(&mut canvas, 0.05, &mut Pcg64Mcg::seed_from_u64(1));
        assert!((mean(&canvas) - before).abs() < 5e-3);
        let spread = canvas.rgb.iter().map(|v| v * v).sum::<f32>() / canvas.rgb.len() as f32;
        assert!(spread > before * before);
    }

    #[test]
    fn a_gray_picture_has_no_colour_and_jpeg_keeps_the_picture() {
        let mut canvas = Canvas::new(32, 32, [0.8, 0.3, 0.1]);
        let mut sharp = canvas.clone();
        jpeg(&mut sharp, 95);
        assert!(sharp.rgb.iter().zip(&canvas.rgb).all(|(a, b)| (a - b).abs() < 0.03));
        tone(&mut canvas, &mut Pcg64Mcg::seed_from_u64(3), true);
        let cast: Vec<f32> = canvas.pixel(0, 0).to_vec();
        assert!((cast[0] - cast[2]).abs() < 0.6 * cast[0], "only the cast is left: {cast:?}");
    }

    #[test]
    fn one_seed_is_one_weather() {
        let weather = Weather { side_light: 0.5, blur: 0.5, most_blur_px: 2.0, noise: 0.5, jpeg: 0.5, gray: 0.2 };
        let made = |seed: u64| {
            let mut canvas = Canvas::new(16, 16, [0.4, 0.5, 0.6]);
            weather.apply(&mut canvas, &mut Pcg64Mcg::seed_from_u64(seed));
            canvas
        };
        assert_eq!(made(5), made(5));
        assert_ne!(made(5), made(6));
    }
}
