//! Drawings with known strokes, of our own making: what a tracer must find again.
//!
//! Each is a list of polylines in pixels of a square [`SIDE`] wide, drawn with a pen [`PEN`] wide; points lie about a
//! pixel apart. They are made by formulas and a fixed generator of numbers, so that they are the same everywhere.

use std::f64::consts::PI;
use std::f64::consts::TAU;

/// Width and height of a drawing, px.
pub const SIDE: u32 = 600;
/// Width of its lines, px.
pub const PEN: f64 = 2.4;

/// One stroke: its points, px.
pub type Stroke = Vec<[f64; 2]>;

/// The names and the strokes of all drawings.
pub fn all() -> Vec<(&'static str, Vec<Stroke>)> {
    vec![
        ("portrait", portrait()),
        ("hatching", hatching()),
        ("signatures", signatures()),
        ("spirals", spirals()),
        ("circles", circles()),
        ("letters", letters()),
        ("hair", hair()),
        ("honeycomb", honeycomb()),
    ]
}

/// `f` sampled from `from` to `to`, about a pixel apart.
fn curve(from: f64, to: f64, f: impl Fn(f64) -> [f64; 2]) -> Stroke {
    let rough: Vec<[f64; 2]> = (0..=200).map(|k| f(from + (to - from) * f64::from(k) / 200.0)).collect();
    let length: f64 = rough.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum();
    let n = length.ceil().max(1.0) as usize;
    (0..=n).map(|k| f(from + (to - from) * k as f64 / n as f64)).collect()
}

fn line(a: [f64; 2], b: [f64; 2]) -> Stroke {
    curve(0.0, 1.0, |t| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t])
}

/// A run of straight pieces.
fn polyline(points: &[[f64; 2]]) -> Stroke {
    points.windows(2).flat_map(|w| line(w[0], w[1])).collect()
}

/// A cubic Bézier curve.
fn bezier(p: [[f64; 2]; 4]) -> Stroke {
    curve(0.0, 1.0, |t| {
        let u = 1.0 - t;
        let w = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        [0, 1].map(|k| (0..4).map(|i| w[i] * p[i][k]).sum())
    })
}

fn ellipse(centre: [f64; 2], radii: [f64; 2], from: f64, to: f64) -> Stroke {
    curve(from, to, |t| [centre[0] + radii[0] * t.cos(), centre[1] + radii[1] * t.sin()])
}

/// A face as a pen draws it: an outline with a chin, features, hair, a neck that ends on the shoulders.
fn portrait() -> Vec<Stroke> {
    let mut s = vec![
        bezier([[178.0, 250.0], [180.0, 430.0], [240.0, 520.0], [300.0, 522.0]]),
        bezier([[300.0, 522.0], [360.0, 520.0], [420.0, 430.0], [422.0, 250.0]]),
        ellipse([300.0, 240.0], [122.0, 170.0], PI + 0.2, TAU - 0.2),
        bezier([[288.0, 270.0], [285.0, 330.0], [262.0, 366.0], [276.0, 376.0]]),
        bezier([[276.0, 376.0], [292.0, 388.0], [312.0, 388.0], [324.0, 374.0]]),
        bezier([[248.0, 436.0], [280.0, 420.0], [320.0, 420.0], [352.0, 436.0]]),
        bezier([[248.0, 436.0], [285.0, 442.0], [315.0, 442.0], [352.0, 436.0]]),
        bezier([[262.0, 446.0], [285.0, 466.0], [315.0, 466.0], [338.0, 446.0]]),
        bezier([[236.0, 500.0], [236.0, 560.0], [200.0, 566.0], [110.0, 592.0]]),
        bezier([[364.0, 500.0], [364.0, 560.0], [400.0, 566.0], [490.0, 592.0]]),
        bezier([[176.0, 270.0], [140.0, 250.0], [150.0, 350.0], [186.0, 348.0]]),
        bezier([[424.0, 270.0], [460.0, 250.0], [450.0, 350.0], [414.0, 348.0]]),
    ];
    for side in [-1.0, 1.0] {
        let x = |d: f64| 300.0 + side * d;
        s.push(bezier([[x(90.0), 272.0], [x(75.0), 244.0], [x(45.0), 244.0], [x(28.0), 276.0]]));
        s.push(bezier([[x(90.0), 272.0], [x(72.0), 290.0], [x(45.0), 292.0], [x(28.0), 276.0]]));
        s.push(ellipse([x(58.0), 267.0], [14.0, 14.0], 0.0, TAU));
        s.push(ellipse([x(58.0), 267.0], [5.0, 5.0], 0.0, TAU));
        s.push(bezier([[x(98.0), 226.0], [x(80.0), 206.0], [x(50.0), 204.0], [x(24.0), 222.0]]));
        for k in 0..9 {
            let d = 30.0 + 8.0 * f64::from(k);
            s.push(line([x(d), 216.0], [x(d + 9.0), 203.0]));
        }
    }
    for k in 0..14 {
        let t = f64::from(k) / 13.0;
        let x = 190.0 + 220.0 * t;
        s.push(bezier([
            [x, 170.0 - 60.0 * (PI * t).sin()],
            [x - 20.0, 90.0],
            [x + 30.0, 60.0],
            [x + 40.0 * (t - 0.5), 30.0],
        ]));
    }
    s
}

/// Patches of hatching, crossed at right and at sharp angles, and one inside an outline.
fn hatching() -> Vec<Stroke> {
    let mut s = Vec::new();
    let mut patch = |centre: [f64; 2], half: f64, degrees: f64, spacing: f64| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let rows = (half / spacing) as i32;
        for row in -rows..=rows {
            let v = f64::from(row) * spacing;
            let u = (half * half - v * v).sqrt() * 0.98;
            let at = |u: f64| [centre[0] + u * cos - v * sin, centre[1] + u * sin + v * cos];
            s.push(line(at(-u), at(u)));
        }
    };
    patch([150.0, 150.0], 120.0, 20.0, 9.0);
    patch([150.0, 150.0], 120.0, 110.0, 9.0);
    patch([440.0, 150.0], 120.0, -30.0, 10.0);
    patch([440.0, 150.0], 120.0, 15.0, 10.0);
    patch([150.0, 445.0], 110.0, 52.0, 7.0);
    patch([440.0, 445.0], 100.0, -52.0, 8.0);
    s.push(ellipse([440.0, 445.0], [112.0, 112.0], 0.0, TAU));
    s
}

/// Running loops that cross themselves.
fn signatures() -> Vec<Stroke> {
    let mut s = Vec::new();
    for row in 0..5 {
        let y = 90.0 + 110.0 * f64::from(row);
        let turn = 1.4 + 0.25 * f64::from(row);
        s.push(curve(0.0, 9.0 * PI, |t| {
            let x = 50.0 + 16.0 * t;
            [x + 20.0 * turn * (t * 1.5).sin(), y - 30.0 * (t * 1.5).cos() - 12.0 * (t * 0.4).sin()]
        }));
        s.push(bezier([[60.0, y + 48.0], [200.0, y + 30.0], [400.0, y + 66.0], [540.0, y + 40.0]]));
    }
    s
}

fn spirals() -> Vec<Stroke> {
    vec![
        curve(0.5, 14.0 * TAU, |t| [300.0 + 3.1 * t * t.cos(), 300.0 + 3.1 * t * t.sin()])
            .into_iter()
            .filter(|p| (p[0] - 300.0).hypot(p[1] - 300.0) < 190.0)
            .collect(),
        curve(0.0, 5.0 * TAU, |t| [80.0 + 2.2 * t * t.cos(), 80.0 + 2.2 * t * t.sin()]),
        curve(0.0, 4.0 * TAU, |t| [525.0 + 2.4 * t * t.cos(), 80.0 + 2.4 * t * t.sin()]),
        curve(0.0, 2.6 * TAU, |t| [80.0 + (0.27 * t).exp() * t.cos(), 525.0 + (0.27 * t).exp() * t.sin()]),
        curve(0.0, 4.5 * TAU, |t| [520.0 + 2.4 * t * t.cos(), 520.0 + 2.4 * t * t.sin()]),
    ]
}

/// Circles that cross, touch and lie in each other.
fn circles() -> Vec<Stroke> {
    let mut numbers = Numbers(7);
    let mut s: Vec<Stroke> = (0..34)
        .map(|_| {
            let r = 14.0 + 90.0 * numbers.next() * numbers.next();
            let place = |n: f64| r + 8.0 + (f64::from(SIDE) - 2.0 * r - 16.0) * n;
            let centre = [place(numbers.next()), place(numbers.next())];
            ellipse(centre, [r, r], 0.0, TAU)
        })
        .collect();
    s.push(ellipse([300.0, 300.0], [280.0, 280.0], 0.0, TAU));
    s
}

/// Marks like letters: corners, tees, forks and bowls.
fn letters() -> Vec<Stroke> {
    let mut s = Vec::new();
    let forms: [Vec<Stroke>; 9] = [
        vec![polyline(&[[0.0, 40.0], [15.0, 0.0], [30.0, 40.0]]), line([6.0, 25.0], [24.0, 25.0])],
        vec![polyline(&[[26.0, 0.0], [0.0, 0.0], [0.0, 40.0], [26.0, 40.0]]), line([0.0, 20.0], [20.0, 20.0])],
        vec![line([0.0, 0.0], [0.0, 40.0]), polyline(&[[26.0, 0.0], [2.0, 20.0], [26.0, 40.0]])],
        vec![line([0.0, 0.0], [28.0, 40.0]), line([28.0, 0.0], [0.0, 40.0])],
        vec![polyline(&[[0.0, 40.0], [0.0, 0.0], [16.0, 26.0], [32.0, 0.0], [32.0, 40.0]])],
        vec![ellipse([15.0, 20.0], [15.0, 20.0], 0.0, TAU)],
        vec![
            bezier([[26.0, 6.0], [0.0, -14.0], [-8.0, 20.0], [14.0, 20.0]]),
            bezier([[14.0, 20.0], [36.0, 22.0], [24.0, 54.0], [0.0, 34.0]]),
        ],
        vec![line([0.0, 0.0], [30.0, 0.0]), line([15.0, 0.0], [15.0, 40.0])],
        vec![polyline(&[[0.0, 0.0], [14.0, 18.0], [28.0, 0.0]]), line([14.0, 18.0], [14.0, 40.0])],
    ];
    for row in 0..8 {
        for column in 0..11 {
            let form = &forms[(row * 5 + column * 7) % forms.len()];
            let scale = 0.75 + 0.08 * row as f64;
            let at = [20.0 + 52.0 * column as f64, 15.0 + 73.0 * row as f64];
            let moved = |stroke: &Stroke| stroke.iter().map(|p| [at[0] + scale * p[0], at[1] + scale * p[1]]).collect();
            s.extend(form.iter().map(moved));
        }
    }
    s
}

/// Locks that flow together and apart.
fn hair() -> Vec<Stroke> {
    let mut numbers = Numbers(3);
    (0..70)
        .map(|k| {
            let x = 30.0 + 7.7 * f64::from(k);
            let from = 20.0 + 120.0 * numbers.next();
            let to = from + 180.0 + 240.0 * numbers.next();
            let phase = 0.9 * numbers.next();
            curve(from, to, |y| [x + 30.0 * (y / 90.0).sin() + 5.0 * (y / 45.0 + phase * 6.0).sin(), y])
        })
        .collect()
}

/// A net of zigzags: every joint has three arms, and which two belong together cannot be seen.
fn honeycomb() -> Vec<Stroke> {
    let (w, h) = (46.0, 26.0);
    let mut s = Vec::new();
    for row in 0..7 {
        let y = 40.0 + f64::from(row) * (h + 54.0);
        let zigzag: Vec<[f64; 2]> =
            (0..24).map(|k| [30.0 + w / 2.0 * f64::from(k), y + if k % 2 == 0 { h } else { 0.0 }]).collect();
        s.push(polyline(&zigzag));
        if row < 6 {
            for k in (usize::from(row % 2 == 1)..12).step_by(1) {
                let x = 30.0 + w * k as f64;
                s.push(line([x, y + h], [x + w / 2.0, y + h + 54.0]));
            }
        }
    }
    s
}

/// Numbers from 0 to 1 in a fixed order (Knuth's MMIX generator).
pub struct Numbers(pub u64);

impl Numbers {
    /// The next one.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
