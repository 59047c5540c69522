//! How an artist's style is learnt: what it starts from, for how many steps, and how long that takes on this machine.
//!
//! The forecast does a few of the run's own steps, losses and gradients but no weight moved, and multiplies. A style that
//! starts from another one takes more steps the more sketches there are; one that starts from nothing takes all of them.

use std::time::Instant;

use anyhow::Context;
use anyhow::Result;
use portraitist::sketch::Manner;
use safetensors::SafeTensors;

use crate::data::SIDE;
use crate::page::Page;
use crate::recipe::Recipe;
use crate::style::Plan;

/// Steps of a style that starts from another one: so many, and so many more for each sketch.
const FIRST: u64 = 1_200;
/// Each sketch is seen about so often more.
const FOR_EACH: u64 = 60;
/// Side of the squares in which tone is looked for, px.
const CALM: usize = 4;
/// A square whose values lie within this of each other and is neither paper nor black is tone.
const EVEN: f32 = 0.25;
/// Neither paper nor black.
const GRAY: std::ops::Range<f32> = 0.2..0.9;
/// Drawings with a larger share of tone are tonal: pen drawings have 0.01, charcoal drawings 0.1 and more.
const TONAL: f64 = 0.05;

/// Steps to learn `sketches` sketches.
pub fn steps(sketches: usize, starts_from_a_style: bool) -> u64 {
    let most = Plan::SHIPPED.steps;
    if starts_from_a_style { (FIRST + FOR_EACH * sketches as u64).min(most) } else { most }
}

/// The name of the shipped style that drawings made so are nearest to.
pub fn nearest(manner: Manner) -> &'static str {
    match manner {
        Manner::Ink => "croquis",
        Manner::Tone => "charcoal",
    }
}

/// What the drawings on `pages` are made of: lines of ink, or tone.
pub fn manner<'a>(pages: impl Iterator<Item = &'a Page>) -> Manner {
    let (mut sum, mut count) = (0.0, 0);
    for page in pages {
        sum += tone(page);
        count += 1;
    }
    if sum > TONAL * f64::from(count) { Manner::Tone } else { Manner::Ink }
}

/// The share of a page's squares that are evenly gray.
fn tone(page: &Page) -> f64 {
    let (mut gray, mut all) = (0, 0);
    for y in (0..SIDE).step_by(CALM) {
        for x in (0..SIDE).step_by(CALM) {
            let square = page.square(x, y, CALM);
            let (low, high) = square.iter().fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
            gray += u32::from(high - low <= EVEN && GRAY.contains(&f32::midpoint(low, high)));
            all += 1;
        }
    }
    f64::from(gray) / f64::from(all)
}

/// The width of the generator in the safetensors file `bytes`.
///
/// # Errors
/// There is none in it.
pub fn width(bytes: &[u8]) -> Result<usize> {
    let tensors = SafeTensors::deserialize(bytes).context("it is no safetensors file")?;
    let first = tensors.tensor("model.1.weight").context("it holds no generator")?;
    first.shape().first().copied().context("its generator has no width")
}

/// How long the steps from `done` to `plan.steps` of `recipe` take on this machine, seconds.
///
/// # Errors
/// Those of the device.
pub fn forecast<R: Recipe>(recipe: &R, plan: &Plan, done: u64) -> Result<f64> {
    let turn = (plan.cut * plan.steps as f64).ceil() as u64;
    let squares = turn.min(plan.steps).saturating_sub(done);
    let frames = plan.steps.saturating_sub(turn.max(done));
    let mut secs = 0.0;
    for (steps, at) in [(squares, done), (frames, turn.max(done))] {
        if steps > 0 {
            secs += steps as f64 * pace(recipe, at)?;
        }
    }
    Ok(secs)
}

/// Seconds that a step takes: the second of two, since the first one also makes room.
fn pace<R: Recipe>(recipe: &R, step: u64) -> Result<f64> {
    let mut secs = 0.0;
    for _ in 0..2 {
        let began = Instant::now();
        let batch = recipe.batch(step);
        for player in 0..recipe.players().len() {
            recipe.judge(player, &batch)?.total.backward()?;
        }
        secs = began.elapsed().as_secs_f64();
    }
    Ok(secs)
}

/// `secs` as a person says it.
pub fn in_words(secs: f64) -> String {
    let minutes = (secs / 60.0).round() as u64;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..90 => format!("about {minutes} minutes"),
        _ => format!("about {:.1} hours", secs / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_sketches_take_more_steps_up_to_those_of_a_shipped_style() {
        assert_eq!([12, 30, 300].map(|sketches| steps(sketches, true)), [1_920, 3_000, Plan::SHIPPED.steps]);
        assert_eq!(steps(30, false), Plan::SHIPPED.steps);
    }

    #[test]
    fn hatching_is_ink_and_rubbed_charcoal_is_tone() {
        let page = |value: fn(usize, usize) -> f32| {
            Page::of(&(0..SIDE * SIDE).map(|at| value(at % SIDE, at / SIDE)).collect::<Vec<_>>())
        };
        let hatched = page(|x, y| if (x + y) % 7 < 2 { 0.1 } else { 1.0 });
        let rubbed = page(|x, y| if x < 200 { 0.6 + 0.03 * ((x * 7 + y * 3) % 3) as f32 } else { 1.0 });
        assert_eq!(manner([&hatched, &hatched].into_iter()), Manner::Ink);
        assert_eq!(manner([&rubbed, &hatched].into_iter()), Manner::Tone);
    }

    #[test]
    fn times_are_told_as_a_person_says_them() {
        assert_eq!(in_words(20.0), "less than a minute");
        assert_eq!(in_words(45.0 * 60.0), "about 45 minutes");
        assert_eq!(in_words(9_000.0), "about 2.5 hours");
    }
}
