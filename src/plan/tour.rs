//! The travelling pen: a closed tour through all strokes, made shorter by 3-opt moves and local kicks.
//!
//! A stroke is two *ends* (`2 s` and `2 s + 1`) that are always visited together; between strokes lie *hops*. Because
//! the partner of an end across a hop is unique, a sequential 3-opt move has few cases:
//!
//! ```text
//! remove t1-t2, t3-t4 (, t5-t6)        add t2-t3, t4-t1            (one reversal), or
//!                                          t2-t3, t4-t5, t6-t1     (two reversals, or two segments exchanged)
//! ```
//!
//! All are made of one primitive, the reversal of a run of strokes, which is journalled, so that an attempt that
//! gained nothing can be taken back. The search is an iterated local search: a double bridge between near
//! neighbours, repaired by 3-opt from a queue of the ends it touched, and kept only if the tour got no longer
//! (Lourenço, Martin & Stützle 2003; neighbour lists and queues after Bentley 1992 and Johnson & McGeoch 1997).
//! It knows neither time nor threads: its budget is a number of kicks, so equal input gives equal output.

/// Hop cost between two ends, and nothing else, is what the search knows of the drawing.
pub(super) trait Cost {
    /// Seconds from end `a` to end `b`, the same both ways.
    fn secs(&self, a: u32, b: u32) -> f64;
}

/// For each end, ends near it and what a hop there costs, cheapest first; all lists are of one length.
#[derive(Debug, Clone)]
pub(super) struct Neighbours {
    pub lists: Vec<(f64, u32)>,
    pub width: usize,
}

impl Neighbours {
    pub fn of(&self, end: u32) -> &[(f64, u32)] {
        &self.lists[end as usize * self.width..][..self.width]
    }
}

/// A closed tour through strokes, each drawn one way or the other.
#[derive(Debug, Clone)]
pub(super) struct Tour {
    /// The ends through which the strokes are entered, in order.
    entries: Vec<u32>,
    /// Where each stroke stands in `entries`.
    position: Vec<u32>,
    /// Reversals done since the journal was last cleared.
    journal: Vec<(u32, u32)>,
}

/// The end at the other side of the same stroke.
pub(super) fn other(end: u32) -> u32 {
    end ^ 1
}

/// The stroke of an end.
pub(super) fn stroke_of(end: u32) -> usize {
    (end >> 1) as usize
}

/// Gains smaller than this (seconds) are rounding, and chasing them might never end.
const LEAST_GAIN: f64 = 1e-9;

impl Tour {
    /// The tour that enters the strokes through `entries` in this order: every stroke exactly once.
    pub fn new(entries: Vec<u32>) -> Self {
        let mut position = vec![0; entries.len()];
        for (i, &end) in entries.iter().enumerate() {
            position[stroke_of(end)] = i as u32;
        }
        Self { entries, position, journal: vec![] }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entries(&self) -> &[u32] {
        &self.entries
    }

    /// What all its hops cost.
    pub fn secs(&self, cost: &impl Cost) -> f64 {
        (0..self.len()).map(|i| cost.secs(other(self.entries[i]), self.entries[self.next(i)])).sum()
    }

    /// Where a stroke stands in [`entries`](Self::entries).
    pub fn position(&self, stroke: usize) -> usize {
        self.position[stroke] as usize
    }

    fn next(&self, i: usize) -> usize {
        if i + 1 == self.len() { 0 } else { i + 1 }
    }

    fn is_entry(&self, end: u32) -> bool {
        self.entries[self.position(stroke_of(end))] == end
    }

    /// The end at the other side of the hop.
    pub fn across(&self, end: u32) -> u32 {
        let i = self.position(stroke_of(end));
        if self.entries[i] == end {
            other(self.entries[if i == 0 { self.len() - 1 } else { i - 1 }])
        } else {
            self.entries[self.next(i)]
        }
    }

    /// Replaces the hops at `a` and at `b` by a hop `a`-`b` and one between their partners.
    ///
    /// Keeps one tour only if both ends are entries or both are exits.
    fn exchange(&mut self, a: u32, b: u32) {
        debug_assert_eq!(self.is_entry(a), self.is_entry(b));
        let at = |tour: &Self, end| tour.position(stroke_of(end));
        let (from, to) = if self.is_entry(a) {
            (at(self, a), at(self, self.across(b)))
        } else {
            (at(self, self.across(a)), at(self, b))
        };
        self.reverse(from, to);
    }

    /// Reverses the run from position `from` to `to` (wrapping around), or what is left of the tour if that is less:
    /// seen as a closed tour, both are the same.
    fn reverse(&mut self, from: usize, to: usize) {
        let n = self.len();
        let inside = (to + n - from) % n + 1;
        let (i, j, count) =
            if inside * 2 <= n { (from, to, inside) } else { ((to + 1) % n, (from + n - 1) % n, n - inside) };
        if count == 0 {
            return;
        }
        self.journal.push((i as u32, j as u32));
        self.flip(i, j, count);
    }

    /// Turns round the `count` strokes at positions `i` to `j` (wrapping around).
    fn flip(&mut self, mut i: usize, mut j: usize, count: usize) {
        for _ in 0..count / 2 {
            let (a, b) = (self.entries[i], self.entries[j]);
            self.put(i, other(b));
            self.put(j, other(a));
            i = self.next(i);
            j = if j == 0 { self.len() - 1 } else { j - 1 };
        }
        if count % 2 == 1 {
            self.put(i, other(self.entries[i]));
        }
    }

    fn put(&mut self, i: usize, end: u32) {
        self.entries[i] = end;
        self.position[stroke_of(end)] = i as u32;
    }

    /// Takes back every reversal in the journal.
    fn undo(&mut self) {
        let mut journal = std::mem::take(&mut self.journal);
        for (i, j) in journal.drain(..).rev() {
            let (i, j) = (i as usize, j as usize);
            self.flip(i, j, (j + self.len() - i) % self.len() + 1);
        }
        self.journal = journal;
    }

    /// Whether `x` lies in the run of strokes that is walked from `from` to `to` (entered at `from`'s side).
    fn between(&self, from: usize, x: usize, to: usize) -> bool {
        if from <= to { from <= x && x <= to } else { from <= x || x <= to }
    }
}

/// A 3-opt move that was found to gain.
#[derive(Debug, Clone, Copy)]
struct Move {
    gain: f64,
    kind: MoveKind,
    t: [u32; 6],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum MoveKind {
    /// Add t2-t3, t4-t1.
    Two,
    /// Add t2-t3, t4-t5, t6-t1 by two exchanges.
    Sequential,
    /// The same, where t2..t3 would close upon itself: reverse both parts of it.
    BothReversed,
    /// The same: exchange the two parts.
    Swapped,
}

/// A search for a better tour.
pub(super) struct Search<'a, C> {
    cost: &'a C,
    near: &'a Neighbours,
    queue: Vec<u32>,
    queued: Vec<bool>,
}

impl<'a, C: Cost> Search<'a, C> {
    /// A search among the hops of `near`, whose costs must be `cost`'s.
    pub fn new(cost: &'a C, near: &'a Neighbours) -> Self {
        let ends = near.lists.len() / near.width.max(1);
        Self { cost, near, queue: vec![], queued: vec![false; ends] }
    }

    /// Makes `tour` a local optimum, starting from every end.
    pub fn descend(&mut self, tour: &mut Tour) {
        for i in (0..tour.len()).rev() {
            self.enqueue(tour.entries[i]);
            self.enqueue(other(tour.entries[i]));
        }
        self.run_queue(tour);
        tour.journal.clear();
    }

    /// Kicks `tour` `kicks` times and keeps what makes it no longer. Returns the seconds gained.
    pub fn kick(&mut self, tour: &mut Tour, kicks: usize, seed: u64) -> f64 {
        let mut gained = 0.0;
        let mut random = Random(seed);
        for _ in 0..kicks {
            tour.journal.clear();
            let Some(lost) = self.double_bridge(tour, &mut random) else { return gained };
            let won = self.run_queue(tour);
            if won - lost < -LEAST_GAIN {
                tour.undo();
            } else {
                gained += won - lost;
            }
        }
        tour.journal.clear();
        gained
    }

    fn enqueue(&mut self, end: u32) {
        if !self.queued[end as usize] {
            self.queued[end as usize] = true;
            self.queue.push(end);
        }
    }

    /// Applies improving moves until the queue is empty; returns the seconds gained.
    fn run_queue(&mut self, tour: &mut Tour) -> f64 {
        let mut gained = 0.0;
        while let Some(t1) = self.queue.pop() {
            self.queued[t1 as usize] = false;
            while let Some(found) = self.best_move(tour, t1) {
                gained += found.gain;
                apply(tour, &found);
                let touched = if found.kind == MoveKind::Two { &found.t[..4] } else { &found.t[..] };
                touched.iter().for_each(|end| self.enqueue(*end));
            }
        }
        gained
    }

    /// Exchanges two short neighbouring runs of strokes at a random place; returns the seconds it costs.
    fn double_bridge(&mut self, tour: &mut Tour, random: &mut Random) -> Option<f64> {
        const LONGEST_RUN: usize = 50;
        let n = tour.len();
        if n < 5 {
            return None;
        }
        let longest = LONGEST_RUN.min((n - 2) / 3);
        let at = random.below(n);
        let (first, second) = (1 + random.below(longest), 1 + random.below(longest));
        let t1 = other(tour.entries[at]);
        let x = other(tour.entries[(at + first) % n]);
        let t3 = other(tour.entries[(at + first + second) % n]);
        let (t2, y, t4) = (tour.across(t1), tour.across(x), tour.across(t3));
        let c = |a, b| self.cost.secs(a, b);
        let lost = c(t1, y) + c(t3, t2) + c(x, t4) - c(t1, t2) - c(x, y) - c(t3, t4);
        let t = [t1, t2, t3, t4, x, y];
        apply(tour, &Move { gain: -lost, kind: MoveKind::Swapped, t });
        t.iter().for_each(|end| self.enqueue(*end));
        Some(lost)
    }

    /// The best 3-opt move that removes the hop at `t1`.
    fn best_move(&self, tour: &Tour, t1: u32) -> Option<Move> {
        /// How many neighbours are tried for the third hop.
        const THIRD_WIDTH: usize = 6;
        let t2 = tour.across(t1);
        let removed = self.cost.secs(t1, t2);
        let mut best: Option<Move> = None;
        let mut offer = |gain: f64, kind: MoveKind, t: [u32; 6]| {
            if gain > best.map_or(LEAST_GAIN, |b| b.gain) {
                best = Some(Move { gain, kind, t });
            }
        };
        let at = |end: u32| tour.position(stroke_of(end));
        for &(added, t3) in self.near.of(t2) {
            let g1 = removed - added;
            if g1 <= LEAST_GAIN {
                break; // the lists are sorted
            }
            if t3 == t1 || t3 == t2 {
                continue;
            }
            let t4 = tour.across(t3);
            let g2 = g1 + self.cost.secs(t3, t4);
            let plain = tour.is_entry(t2) == tour.is_entry(t3);
            if plain {
                offer(g2 - self.cost.secs(t4, t1), MoveKind::Two, [t1, t2, t3, t4, 0, 0]);
            }
            // positions of the run t2..t4 (plain) or t2..t3, walked forwards in the array
            let far = if plain { t4 } else { t3 };
            let (from, to) = if tour.is_entry(t2) { (at(t2), at(far)) } else { (at(far), at(t2)) };
            for &(added, t5) in self.near.of(t4).iter().take(THIRD_WIDTH) {
                let g3 = g2 - added;
                if g3 <= LEAST_GAIN {
                    break;
                }
                let t6 = tour.across(t5);
                // a hop that is already removed or added cannot be removed
                if t5 == t1 || t5 == t2 || t5 == t3 || t5 == t4 {
                    continue;
                }
                let inside = tour.between(from, at(t5), to);
                let kind = if plain {
                    // after the first exchange the run t2..t4 lies the other way round
                    let role = tour.is_entry(t5) != inside;
                    if role != tour.is_entry(t2) {
                        continue;
                    }
                    MoveKind::Sequential
                } else if !inside || !tour.between(from, at(t6), to) {
                    continue;
                } else if tour.is_entry(t5) == tour.is_entry(t3) {
                    MoveKind::Swapped
                } else {
                    MoveKind::BothReversed
                };
                let gain = g3 + self.cost.secs(t5, t6) - self.cost.secs(t6, t1);
                offer(gain, kind, [t1, t2, t3, t4, t5, t6]);
            }
        }
        best
    }
}

fn apply(tour: &mut Tour, found: &Move) {
    let [t1, t2, t3, _, _, t6] = found.t;
    match found.kind {
        MoveKind::Two => tour.exchange(t2, t3),
        MoveKind::Sequential => {
            tour.exchange(t2, t3);
            tour.exchange(t1, t6);
        }
        // here t6 is the end of t2..t3's first part
        MoveKind::BothReversed => {
            tour.exchange(t1, t6);
            tour.exchange(t2, t3);
        }
        // and here t5 is, so that t6 begins the second part
        MoveKind::Swapped => {
            tour.exchange(t1, t3);
            tour.exchange(t1, t6);
            tour.exchange(t3, t2);
        }
    }
}

/// Numbers without pattern (splitmix64, Steele, Lea & Flood 2014): equal seeds give equal numbers everywhere.
pub(super) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Flat(Vec<(f64, f64)>);

    impl Cost for Flat {
        fn secs(&self, a: u32, b: u32) -> f64 {
            let (p, q) = (self.0[a as usize], self.0[b as usize]);
            (p.0 - q.0).hypot(p.1 - q.1)
        }
    }

    impl Flat {
        fn random(strokes: usize, seed: u64) -> Self {
            let mut random = Random(seed);
            Self((0..2 * strokes).map(|_| (random.below(1000) as f64, random.below(1000) as f64)).collect())
        }

        fn neighbours(&self, width: usize) -> Neighbours {
            let ends = self.0.len() as u32;
            let mut lists = vec![];
            for a in 0..ends {
                let mut near: Vec<u32> = (0..ends).filter(|b| stroke_of(*b) != stroke_of(a)).collect();
                near.sort_by(|b, c| self.secs(a, *b).total_cmp(&self.secs(a, *c)));
                lists.extend(near[..width].iter().map(|b| (self.secs(a, *b), *b)));
            }
            Neighbours { lists, width }
        }
    }

    fn is_a_tour(tour: &Tour, strokes: usize) {
        let mut seen: Vec<usize> = tour.entries().iter().map(|end| stroke_of(*end)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..strokes).collect::<Vec<_>>());
        for i in 0..strokes {
            assert_eq!(tour.position(stroke_of(tour.entries()[i])), i);
        }
    }

    #[test]
    fn every_move_gains_exactly_what_it_promised() {
        for seed in 0..40 {
            let flat = Flat::random(30, seed);
            let near = flat.neighbours(12);
            let search = Search::new(&flat, &near);
            let mut random = Random(seed);
            let mut tour = Tour::new((0..30).map(|s| 2 * s + random.below(2) as u32).collect());
            for t1 in (0..60).cycle().take(600) {
                let before = tour.secs(&flat);
                if let Some(found) = search.best_move(&tour, t1) {
                    apply(&mut tour, &found);
                    is_a_tour(&tour, 30);
                    let gain = before - tour.secs(&flat);
                    assert!((gain - found.gain).abs() < 1e-6, "{found:?} gained {gain}");
                }
            }
        }
    }

    #[test]
    fn kicks_never_lengthen_the_tour_and_report_what_they_gain() {
        let flat = Flat::random(120, 7);
        let near = flat.neighbours(10);
        let mut search = Search::new(&flat, &near);
        let mut tour = Tour::new((0..120).map(|s| 2 * s).collect());
        search.descend(&mut tour);
        let before = tour.secs(&flat);
        let gained = search.kick(&mut tour, 2000, 1);
        is_a_tour(&tour, 120);
        assert!(gained > 0.0 && (before - tour.secs(&flat) - gained).abs() < 1e-6);
    }

    #[test]
    fn taking_back_restores_the_order() {
        let flat = Flat::random(50, 3);
        let near = flat.neighbours(10);
        let mut search = Search::new(&flat, &near);
        let mut tour = Tour::new((0..50).map(|s| 2 * s).collect());
        let before = tour.entries().to_vec();
        search.run_queue(&mut tour);
        let mut random = Random(1);
        for _ in 0..20 {
            search.double_bridge(&mut tour, &mut random);
            search.run_queue(&mut tour);
        }
        assert_ne!(tour.entries(), before);
        tour.undo();
        assert_eq!(tour.entries(), before);
    }

    #[test]
    fn small_tours_are_solved() {
        // all orders and directions of 5 strokes, the first fixed: the search must find the best
        for seed in 0..30 {
            let flat = Flat::random(5, 100 + seed);
            let mut best = f64::INFINITY;
            permute(&mut vec![1, 2, 3, 4], 0, &mut |order| {
                for flips in 0..16u32 {
                    let entries =
                        std::iter::once(0).chain(order.iter().enumerate().map(|(i, s)| 2 * s + (flips >> i & 1)));
                    best = best.min(Tour::new(entries.collect()).secs(&flat));
                }
            });
            let near = flat.neighbours(8);
            let mut tour = Tour::new((0..5).map(|s| 2 * s).collect());
            let mut search = Search::new(&flat, &near);
            search.descend(&mut tour);
            search.kick(&mut tour, 500, seed);
            assert!(tour.secs(&flat) <= best + 1e-6, "seed {seed}: {} and {best}", tour.secs(&flat));
        }
    }

    fn permute(items: &mut Vec<u32>, from: usize, each: &mut impl FnMut(&[u32])) {
        if from == items.len() {
            return each(items);
        }
        for i in from..items.len() {
            items.swap(from, i);
            permute(items, from + 1, each);
            items.swap(from, i);
        }
    }
}
