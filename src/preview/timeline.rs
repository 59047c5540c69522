//! The plan's times and places in few bytes, for the page that plays it.
//!
//! Numbers are LEB128 varints (7 bits a byte, least significant first); signed ones are zigzagged. First the count of
//! motions and the count of samples; then each motion: `act + 4 * strokes`, its count of samples, and its samples as
//! steps from the sample before (over all motions, beginning at 0): milliseconds, then x and y in 1/100 mm.
//!
//! Samples are thinned where straight, steady motion between their neighbours gives the same: within [`ACROSS_MM`]
//! beside the line and [`ALONG_MM`] along it. Plans too long for [`MAX_BYTES`] are thinned further.

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::Act;
use crate::plan::MotionPlan;

/// Most bytes, before base64: a page of some 8 MB.
pub(super) const MAX_BYTES: usize = 6_000_000;
/// Farthest that the shown line may lie beside the planned one, mm: a twentieth of a pen's width.
pub(super) const ACROSS_MM: f64 = 0.02;
/// Farthest that the shown pen may lie before or behind the planned one, mm: a pen's width.
pub(super) const ALONG_MM: f64 = 0.4;
/// Most samples between two that are kept.
const MOST_SKIPPED: usize = 48;

/// `plan`'s timeline.
pub(super) fn encode(plan: &MotionPlan) -> Vec<u8> {
    let mut slack = 1.0;
    loop {
        let bytes = encode_within(plan, slack);
        // 32 times the slack is two thirds of a millimetre: coarser than that nothing is shown.
        if bytes.len() <= MAX_BYTES || slack >= 32.0 {
            return bytes;
        }
        slack *= 2.0;
    }
}

fn encode_within(plan: &MotionPlan, slack: f64) -> Vec<u8> {
    let mut body = Vec::new();
    let mut samples = 0;
    let mut before = [0_i64; 3];
    for motion in plan.motions() {
        let act = match motion.act() {
            Act::Travel => 0,
            Act::PenDown => 1,
            Act::Draw => 2,
            Act::PenUp => 3,
        };
        let kept = thinned(&motion.samples(), ACROSS_MM * slack, ALONG_MM * slack);
        push(&mut body, act + 4 * motion.strokes().len() as u64);
        push(&mut body, kept.len() as u64);
        samples += kept.len() as u64;
        for (secs, at) in kept {
            let now = [(secs * 1e3).round() as i64, (at.x * 100.0).round() as i64, (at.y * 100.0).round() as i64];
            // Times never go back; places do.
            push(&mut body, (now[0] - before[0]).max(0) as u64);
            push(&mut body, zigzag(now[1] - before[1]));
            push(&mut body, zigzag(now[2] - before[2]));
            before = [before[0].max(now[0]), now[1], now[2]];
        }
    }
    let mut bytes = Vec::new();
    push(&mut bytes, plan.motions().len() as u64);
    push(&mut bytes, samples);
    bytes.append(&mut body);
    bytes
}

fn push(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// `samples` without those that their neighbours imply: from each kept one, the farthest other is kept between which
/// and itself no sample is missed by more than `across` and `along`.
fn thinned(samples: &[(f64, Point<Mm>)], across: f64, along: f64) -> Vec<(f64, Point<Mm>)> {
    let mut kept = vec![samples[0]];
    let mut from = 0;
    while from + 1 < samples.len() {
        let mut to = from + 1;
        while to + 1 < samples.len()
            && to - from < MOST_SKIPPED
            && samples[from + 1..=to].iter().all(|s| implied(samples[from], samples[to + 1], *s, across, along))
        {
            to += 1;
        }
        kept.push(samples[to]);
        from = to;
    }
    kept
}

fn implied(a: (f64, Point<Mm>), b: (f64, Point<Mm>), s: (f64, Point<Mm>), across: f64, along: f64) -> bool {
    let (way, secs) = (b.1 - a.1, b.0 - a.0);
    let part = if secs > 0.0 { (s.0 - a.0) / secs } else { 0.0 };
    let off = s.1 - (a.1 + way * part);
    let length = way.length();
    if length <= across {
        return (s.1 - a.1).length() <= across;
    }
    // Neither beside the chord nor beyond its ends.
    let on_chord = (s.1 - a.1).dot(way) / length;
    way.cross(off).abs() / length <= across && off.length() <= along && (-across..=length + across).contains(&on_chord)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::preview::page::tests::plan_of;

    /// Act, strokes, and samples as (secs, x mm, y mm).
    type Decoded = (u64, u64, Vec<(f64, f64, f64)>);

    /// What the page's script does with the data.
    pub fn decode(bytes: &[u8]) -> Vec<Decoded> {
        let mut at = 0;
        let mut number = || {
            let (mut value, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[at];
                at += 1;
                value |= u64::from(byte & 127) << shift;
                shift += 7;
                if byte < 128 {
                    return value;
                }
            }
        };
        let signed = |v: u64| (v >> 1) as i64 ^ -((v & 1) as i64);
        let (motions, samples) = (number(), number());
        let mut now = (0, 0, 0);
        let decoded: Vec<_> = (0..motions)
            .map(|_| {
                let head = number();
                let count = number();
                let step = |_| {
                    now = (now.0 + number(), now.1 + signed(number()), now.2 + signed(number()));
                    (now.0 as f64 / 1e3, now.1 as f64 / 100.0, now.2 as f64 / 100.0)
                };
                (head % 4, head / 4, (0..count).map(step).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(decoded.iter().map(|m| m.2.len() as u64).sum::<u64>(), samples);
        assert_eq!(at, bytes.len());
        decoded
    }

    #[test]
    fn what_is_decoded_is_the_plan() {
        let plan = plan_of(200);
        let bytes = encode(&plan);
        let motions = decode(&bytes);
        assert_eq!(motions.len(), plan.motions().len());
        assert_eq!(motions.iter().map(|m| m.1).sum::<u64>(), plan.strokes() as u64);
        let samples: Vec<_> = motions.iter().flat_map(|m| m.2.iter().copied()).collect();
        assert!(samples.windows(2).all(|w| w[0].0 <= w[1].0), "time goes on");
        let all: usize = plan.motions().iter().map(|m| m.samples().len()).sum();
        assert!(samples.len() <= all);
        let mut worst = 0.0_f64;
        for k in 0..5_000 {
            let secs = plan.total_secs() * f64::from(k) / 5_000.0;
            let i = samples.partition_point(|s| s.0 <= secs).clamp(1, samples.len() - 1);
            let (a, b) = (samples[i - 1], samples[i]);
            let part = if b.0 > a.0 { ((secs - a.0) / (b.0 - a.0)).clamp(0.0, 1.0) } else { 1.0 };
            let shown = Point::<Mm>::new(a.1 + (b.1 - a.1) * part, a.2 + (b.2 - a.2) * part);
            worst = worst.max((plan.at(secs).at - shown).length());
        }
        // Thinning, the samples' own error, and a millisecond's way at full speed.
        let bound = ALONG_MM + crate::plan::Motion::SAMPLE_ERROR_MM + 0.2;
        assert!(worst < bound, "the page shows the pen {worst} mm from where the plan has it");
    }

    #[test]
    fn steady_lines_are_thinned_and_corners_kept() {
        let steady: Vec<_> = (0..40).map(|i| (f64::from(i), Point::new(f64::from(i), 0.0))).collect();
        assert_eq!(thinned(&steady, 0.02, 0.4).len(), 2);
        let corner = [(0.0, Point::new(0.0, 0.0)), (1.0, Point::new(1.0, 0.0)), (2.0, Point::new(1.0, 1.0))];
        assert_eq!(thinned(&corner, 0.02, 0.4).len(), 3);
        let there_and_back = [(0.0, Point::new(0.0, 0.0)), (1.0, Point::new(0.3, 0.0)), (2.0, Point::new(0.0, 0.0))];
        assert_eq!(thinned(&there_and_back, 0.02, 0.4).len(), 3);
    }

    #[test]
    fn varints_hold_their_edges() {
        for value in [0, 1, -1, 63, -64, 64, 8_191, -8_192, 240_000, -240_000, i64::MAX, i64::MIN] {
            let z = zigzag(value);
            assert_eq!((z >> 1) as i64 ^ -((z & 1) as i64), value);
        }
        let mut bytes = Vec::new();
        push(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 0x02]);
    }
}
