//! Where things are: similarity transforms between a portrait's canonical frame and a picture that is being made, the
//! order of the 70 points of a face, and what a mirror does to them.
//!
//! Axes: x right, y down, px; pixel centres lie at half coordinates in every picture made here. A transform maps
//! canonical px to picture px. Points 0..68 are iBUG's, 68 and 69 are the iris centres (the sitter's right eye, which
//! is the image's left, first). Source of the order: `data/README.md`.

use euclid::default::Point2D;
use euclid::default::Transform2D;
use models::face_reader::mirrored_point;
use rand::Rng;

/// Points of a face: iBUG's 68 and two irises.
pub const POINTS: usize = 70;
/// Side of the canonical frame, px.
pub const FRAME: f32 = 512.0;
/// The canonical eye centres, px: the image's left, then its right.
pub const EYES: [[f32; 2]; 2] = [[206.0, 236.0], [306.0, 236.0]];
/// The middle of the canonical face (between brows and chin), px.
pub const FACE_CENTRE: [f32; 2] = [256.0, 310.0];

/// A map from one picture's px to another's.
pub type Transform = Transform2D<f32>;
/// The points of one face, px.
pub type Points = [[f32; 2]; POINTS];

/// Scales by `scale`, turns by `angle` radians (clockwise as seen, y down) about `from`, and puts `from` at `to`.
pub fn similarity(scale: f32, angle: f32, from: [f32; 2], to: [f32; 2]) -> Transform {
    Transform::translation(-from[0], -from[1])
        .then_rotate(euclid::Angle::radians(angle))
        .then_scale(scale, scale)
        .then_translate(euclid::default::Vector2D::new(to[0], to[1]))
}

/// The mirror image of the canonical frame.
pub fn mirror() -> Transform {
    Transform::new(-1.0, 0.0, 0.0, 1.0, FRAME, 0.0)
}

/// Where `transform` takes `point`.
pub fn place(transform: &Transform, [x, y]: [f32; 2]) -> [f32; 2] {
    transform.transform_point(Point2D::new(x, y)).to_array()
}

/// `points` under `transform`, renamed as a mirror demands if it is one: the sitter's right stays the image's left.
pub fn place_points(transform: &Transform, points: &Points) -> Points {
    let mirrored = transform.determinant() < 0.0;
    std::array::from_fn(|at| place(transform, points[if mirrored { mirrored_point(at) } else { at }]))
}

/// How many picture px a canonical px becomes.
pub fn scale_of(transform: &Transform) -> f32 {
    transform.determinant().abs().sqrt()
}

/// The middle of the bounding box of a face's points, and the mean of the box's width and height, px.
pub fn extent(points: &Points) -> ([f32; 2], f32) {
    let mut low = [f32::MAX; 2];
    let mut high = [f32::MIN; 2];
    for point in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    ([(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0], (high[0] - low[0] + high[1] - low[1]) / 2.0)
}

/// The centres of the eyes: the means of their six lid points, the image's left first.
pub fn eye_centres(points: &Points) -> [[f32; 2]; 2] {
    [mean(&points[36..42]), mean(&points[42..48])]
}

/// How far the head is turned: the nose's way from the middle of the outer eye corners along their line, in halves
/// of their distance. 0 is frontal, about ±0.8 half profile, positive towards the image's right.
pub fn turn(points: &Points) -> f32 {
    let (left, right, nose) = (points[36], points[45], points[30]);
    let across = [right[0] - left[0], right[1] - left[1]];
    let from_middle = [nose[0] - (left[0] + right[0]) / 2.0, nose[1] - (left[1] + right[1]) / 2.0];
    let square = across[0] * across[0] + across[1] * across[1];
    2.0 * (from_middle[0] * across[0] + from_middle[1] * across[1]) / square.max(1e-6)
}

/// A normal deviate of mean 0 and deviation `sigma`, cut at three deviations.
pub fn normal(rng: &mut impl Rng, sigma: f32) -> f32 {
    let deviate: f32 = rng.sample(rand_distr::StandardNormal);
    deviate.clamp(-3.0, 3.0) * sigma
}

fn mean(points: &[[f32; 2]]) -> [f32; 2] {
    let sum = points.iter().fold([0.0; 2], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
    sum.map(|axis| axis / points.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_face_keeps_its_right_on_the_left_of_the_picture() {
        let mut points: Points = std::array::from_fn(|at| [at as f32, 0.0]);
        points[36] = [180.0, 236.0];
        points[45] = [330.0, 240.0];
        let mirrored = place_points(&mirror(), &points);
        assert_eq!(mirrored[36], [182.0, 240.0]);
        assert_eq!(mirrored[45], [332.0, 236.0]);
    }

    #[test]
    fn a_similarity_puts_its_pivot_where_told_and_turns_clockwise() {
        let transform = similarity(0.5, std::f32::consts::FRAC_PI_2, [256.0, 236.0], [10.0, 20.0]);
        for (from, to) in [([256.0, 236.0], [10.0, 20.0]), ([266.0, 236.0], [10.0, 25.0])] {
            let found = place(&transform, from);
            assert!((found[0] - to[0]).abs() < 1e-4 && (found[1] - to[1]).abs() < 1e-4, "{found:?}");
        }
        assert!((scale_of(&transform) - 0.5).abs() < 1e-6);
    }
}
