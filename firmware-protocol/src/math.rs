//! The few functions that `core` lacks: square root, sine and cosine, arc tangent, rounding.
//!
//! Exact to some 1e-15, which is far below one motor step. Units: radians.

use core::f64::consts::FRAC_PI_2;
use core::f64::consts::PI;

/// Square root by Newton's method; zero for what is not positive.
pub(crate) fn sqrt(x: f64) -> f64 {
    if x <= 0.0 || x.is_nan() {
        return 0.0;
    }
    // Halving the exponent gives a guess within 4 %; each round doubles the number of right digits.
    let mut guess = f64::from_bits((x.to_bits() >> 1) + 0x1FF8_0000_0000_0000);
    for _ in 0..4 {
        guess = 0.5 * (guess + x / guess);
    }
    guess
}

/// Rounded half away from zero, kept within what 32 bits hold.
pub(crate) fn round(x: f64) -> i32 {
    (if x < 0.0 { x - 0.5 } else { x + 0.5 }) as i32
}

/// The smallest whole number not below `x`, for values of either sign within 64 bits.
pub(crate) fn ceil(x: f64) -> f64 {
    let whole = x as i64 as f64;
    if whole < x { whole + 1.0 } else { whole }
}

/// Sine and cosine of an angle of a few turns.
pub(crate) fn sin_cos(angle: f64) -> (f64, f64) {
    let quarter = round(angle / FRAC_PI_2);
    let x = angle - f64::from(quarter) * FRAC_PI_2; // within ±π/4
    // Taylor's series; at π/4 the first term left out is below 1e-17.
    let (mut sin, mut cos, mut term) = (0.0, 0.0, 1.0);
    for n in 0..9 {
        cos += term;
        term *= x / f64::from(2 * n + 1);
        sin += term;
        term *= -x / f64::from(2 * n + 2);
    }
    match quarter.rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// The angle of the point (x, y), within ±π; zero for the origin.
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    let length = sqrt(x * x + y * y);
    if length <= 0.0 {
        return 0.0;
    }
    // Halve the angle three times by the half-angle formula tan(a/2) = sin / (1 + cos), then sum the series.
    let (mut sin, mut cos) = (y.abs() / length, x.abs() / length);
    for _ in 0..3 {
        let (s, c) = (sin, 1.0 + cos);
        let norm = sqrt(s * s + c * c);
        (sin, cos) = (s / norm, c / norm);
    }
    let t = sin / cos; // at most tan(π/16) = 0.199
    let t2 = t * t;
    let mut sum = 0.0;
    for n in (0..12).rev() {
        sum = 1.0 / f64::from(2 * n + 1) - t2 * sum;
    }
    let quadrant = 8.0 * t * sum;
    let angle = if x < 0.0 { PI - quadrant } else { quadrant };
    if y < 0.0 { -angle } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_standard_library() {
        for i in -2000i32..2000 {
            let angle = f64::from(i) * 0.01;
            let (sin, cos) = sin_cos(angle);
            assert!((sin - angle.sin()).abs() < 1e-13 && (cos - angle.cos()).abs() < 1e-13, "{angle}");
            let (y, x) = (f64::from(i), f64::from(i * 7 % 1999));
            assert!((atan2(y, x) - y.atan2(x)).abs() < 1e-13, "{y} {x}");
            let square = f64::from(i.unsigned_abs()) * 1.7;
            assert!((sqrt(square) - square.sqrt()).abs() <= square * 1e-15, "{square}");
            assert_eq!(ceil(angle), angle.ceil());
            assert_eq!(round(angle), angle.round() as i32, "{angle}");
        }
        assert_eq!((sqrt(0.0), sqrt(-1.0), sqrt(f64::NAN)), (0.0, 0.0, 0.0));
    }
}
