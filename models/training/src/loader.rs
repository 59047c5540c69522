//! Makes batches ahead of the training loop, on threads of its own, and hands them over in the order of their steps.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread::Scope;

use crate::recipe::Recipe;

/// Finished batches that may wait, in all.
const WAITING: usize = 3;

/// Batches in order.
#[derive(Debug)]
pub struct Loader<B> {
    receiver: Receiver<(u64, B)>,
    early: BTreeMap<u64, B>,
    next: u64,
}

impl<B: Send> Loader<B> {
    /// Starts `threads` threads in `scope` that make `recipe`'s batches from step `first` up to `end`. They end when the
    /// loader is dropped.
    pub fn start<'scope, R>(
        scope: &'scope Scope<'scope, '_>,
        recipe: &'scope R,
        next: &'scope AtomicU64,
        end: u64,
        threads: usize,
    ) -> Self
    where
        R: Recipe<Batch = B>,
        B: 'scope,
    {
        let first = next.load(Ordering::Relaxed);
        let (sender, receiver) = sync_channel(WAITING);
        for _ in 0..threads.max(1) {
            let sender: SyncSender<(u64, B)> = sender.clone();
            scope.spawn(move || {
                loop {
                    let step = next.fetch_add(1, Ordering::Relaxed);
                    if step >= end || sender.send((step, recipe.batch(step))).is_err() {
                        return;
                    }
                }
            });
        }
        Self { receiver, early: BTreeMap::new(), next: first }
    }

    /// The next step's batch; none after the last, or if a thread has died.
    pub fn take(&mut self) -> Option<B> {
        while !self.early.contains_key(&self.next) {
            let (step, batch) = self.receiver.recv().ok()?;
            self.early.insert(step, batch);
        }
        let batch = self.early.remove(&self.next);
        self.next += 1;
        batch
    }
}
