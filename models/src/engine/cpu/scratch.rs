//! Buffers that live as long as their thread, so that no layer asks the system for memory a second time.

use std::cell::Cell;

/// Buffers a thread keeps; more at once are made and given back.
const KEPT: usize = 4;

thread_local! {
    static KEEP: Cell<Vec<Vec<f32>>> = const { Cell::new(Vec::new()) };
}

/// Calls `work` with `len` floats of any value.
pub(super) fn with<T>(len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let mut kept = KEEP.take();
    let mut buffer = kept.pop().unwrap_or_default();
    KEEP.set(kept);
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    let result = work(&mut buffer[..len]);
    let mut kept = KEEP.take();
    if kept.len() < KEPT {
        kept.push(buffer);
    }
    KEEP.set(kept);
    result
}
