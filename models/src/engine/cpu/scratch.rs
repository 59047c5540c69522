//! Buffers that live as long as their thread, so that no layer asks the system for memory a second time: fresh pages
//! cost about as much as a convolution of few channels.

use std::cell::Cell;

/// Buffers a thread keeps of each kind; more at once are made and given back.
const KEPT: usize = 4;

thread_local! {
    /// For work within a layer.
    static WORK: Cell<Vec<Vec<f32>>> = const { Cell::new(Vec::new()) };
    /// For layers' outputs; they come from outputs that are no longer needed.
    static OUTPUTS: Cell<Vec<Vec<f32>>> = const { Cell::new(Vec::new()) };
}

/// Calls `work` with `len` floats of any value.
pub(super) fn with<T>(len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let mut kept = WORK.take();
    let mut buffer = kept.pop().unwrap_or_default();
    WORK.set(kept);
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    let result = work(&mut buffer[..len]);
    let mut kept = WORK.take();
    if kept.len() < KEPT {
        kept.push(buffer);
    }
    WORK.set(kept);
    result
}

/// Calls `work` with two buffers of so many floats of any value.
pub(super) fn with2<T>(one: usize, two: usize, work: impl FnOnce(&mut [f32], &mut [f32]) -> T) -> T {
    with(one + two, |both| {
        let (one, two) = both.split_at_mut(one);
        work(one, two)
    })
}

/// `len` floats of any value, to be kept by the caller.
pub(super) fn taken(len: usize) -> Vec<f32> {
    let mut outputs = OUTPUTS.take();
    let fitting = outputs.iter().enumerate().filter(|(_, buffer)| buffer.len() >= len);
    let best = fitting.min_by_key(|(_, buffer)| buffer.len()).map(|(at, _)| at);
    let buffer = best.map(|at| outputs.swap_remove(at));
    OUTPUTS.set(outputs);
    match buffer {
        Some(mut buffer) => {
            buffer.truncate(len);
            buffer
        }
        None => vec![0.0; len],
    }
}

/// Keeps `buffer` for a later [`taken`].
pub(super) fn give(buffer: Vec<f32>) {
    let mut outputs = OUTPUTS.take();
    if outputs.len() == KEPT {
        // The smallest is missed least.
        outputs.sort_by_key(|buffer| std::cmp::Reverse(buffer.len()));
        outputs.pop();
    }
    outputs.push(buffer);
    OUTPUTS.set(outputs);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_come_from_the_best_fitting_buffer() {
        let lengths = [100, 40, 70];
        for len in lengths {
            give(vec![1.0; len]);
        }
        assert_eq!(taken(50), vec![1.0; 50]);
        assert_eq!(taken(60), vec![1.0; 60]);
        assert_eq!(taken(60), vec![0.0; 60]);
        assert_eq!(taken(30), vec![1.0; 30]);
    }
}
