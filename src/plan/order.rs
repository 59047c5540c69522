//! Order, direction, joins and start points: the strokes become one tour that costs the machine little time.
//!
//! Home is a stroke of no length in a closed tour through all strokes; the tour is built greedily
//! ([`greedy`](crate::plan::greedy)), improved by 3-opt and kicks ([`tour`](crate::plan::tour)) under a fixed budget
//! of kicks, and a closed stroke may start anywhere: its start is chosen anew between rounds of the search. A join is
//! no special step: it is the cheapest hop there is ([`hop`](crate::plan::hop)), so the search makes joins, splices
//! and unmakes them as it gains. Units: millimetres on the sheet, seconds.

use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::geom::Vector;
use crate::plan::PlanConfig;
use crate::plan::greedy;
use crate::plan::hop::End;
use crate::plan::hop::Hops;
use crate::plan::tour::Cost;
use crate::plan::tour::Search;
use crate::plan::tour::Tour;
use crate::plan::tour::other;
use crate::plan::tour::stroke_of;
use crate::strokes::Stroke;

/// One stroke of the tour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Visit {
    /// Which stroke.
    pub stroke: usize,
    /// Whether it is drawn from its last point to its first.
    pub reversed: bool,
    /// Where a closed stroke starts and ends.
    pub seam: Option<Seam>,
}

/// A place on a closed stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seam {
    /// The leg it lies on: from this point of the path to the next.
    pub leg: usize,
    /// Where on it.
    pub at: Point<Mm>,
}

impl Visit {
    /// The points of `path` in the order of this visit.
    pub fn points(&self, path: &Polyline<Mm>) -> Vec<Point<Mm>> {
        let points = path.points();
        let mut visited = match self.seam {
            None => points.to_vec(),
            Some(seam) => {
                let round = points.len() - 1;
                let mut turned = vec![seam.at];
                turned.extend((1..=round).map(|i| points[(seam.leg + i) % round]));
                turned.push(seam.at);
                turned.dedup();
                turned
            }
        };
        if self.reversed {
            visited.reverse();
        }
        visited
    }
}

/// The visits of all `strokes`, beginning and ending at `home`.
pub(super) fn order(strokes: &[Stroke], home: Point<Mm>, hops: &Hops, config: &PlanConfig) -> Vec<Visit> {
    /// How many near ends a move may consider for each end.
    const WIDTH: usize = 10;
    /// The start points of closed strokes are chosen anew after each round of the search.
    const ROUNDS: usize = 4;
    if strokes.is_empty() {
        return vec![];
    }
    let mut table = Table::new(strokes, home, hops);
    let at: Vec<Point<Mm>> = table.ends.iter().map(|end| end.at).collect();
    let (mut near, mut width) = greedy::neighbours(&at, &table, WIDTH);
    let mut tour = Tour::new(greedy::chain(&at, &table, &near, width));
    let kicks = config.kicks(strokes.len()) / ROUNDS;
    for round in 0..ROUNDS {
        if table.choose_seams(&tour) > 0 {
            let at: Vec<Point<Mm>> = table.ends.iter().map(|end| end.at).collect();
            (near, width) = greedy::neighbours(&at, &table, WIDTH);
        }
        let mut search = Search::new(&table, &near, width);
        search.descend(&mut tour);
        search.kick(&mut tour, kicks, config.seed.wrapping_add(round as u64));
    }
    table.choose_seams(&tour);
    table.visits(&tour)
}

/// The ends of all strokes and, last, of home.
struct Table<'a> {
    hops: &'a Hops,
    ends: Vec<End>,
    /// For each stroke that is closed, where it may start, and where it does now.
    loops: Vec<Option<Loop>>,
}

struct Loop {
    seams: Vec<(Seam, [End; 2])>,
    chosen: usize,
}

impl Cost for Table<'_> {
    fn secs(&self, a: u32, b: u32) -> f64 {
        let home = self.loops.len();
        let (from, to) = (&self.ends[a as usize], &self.ends[b as usize]);
        if stroke_of(a) == home || stroke_of(b) == home {
            return self.hops.lifted_secs(from.at, to.at);
        }
        self.hops.secs(from, to)
    }
}

impl<'a> Table<'a> {
    fn new(strokes: &[Stroke], home: Point<Mm>, hops: &'a Hops) -> Self {
        let loops: Vec<Option<Loop>> =
            strokes.iter().map(|s| s.path.is_closed().then(|| Loop { seams: seams(&s.path), chosen: 0 })).collect();
        let mut ends = Vec::with_capacity(2 * strokes.len() + 2);
        for (stroke, closed) in strokes.iter().zip(&loops) {
            ends.extend(match closed {
                Some(closed) => closed.seams[0].1,
                None => open_ends(stroke.path.points()),
            });
        }
        ends.extend([End { at: home, leaving: Vector::new(0.0, 0.0) }; 2]);
        Self { hops, ends, loops }
    }

    /// Starts each closed stroke where that costs least between its neighbours in `tour`; how many have moved.
    fn choose_seams(&mut self, tour: &Tour) -> usize {
        let mut moved = 0;
        for stroke in 0..self.loops.len() {
            let Some(closed) = &self.loops[stroke] else { continue };
            let entry = tour.entries()[tour.position(stroke)];
            let (before, after) = (tour.across(entry), tour.across(other(entry)));
            let mut best = (f64::INFINITY, closed.chosen);
            for (i, (_, ends)) in closed.seams.iter().enumerate() {
                let (first, last) = (&ends[(entry & 1) as usize], &ends[(other(entry) & 1) as usize]);
                let secs = self.to_secs(before, first) + self.to_secs(after, last);
                if secs < best.0 {
                    best = (secs, i);
                }
            }
            let (chosen, ends) = (closed.chosen, closed.seams[best.1].1);
            if best.1 != chosen {
                moved += 1;
                self.ends[2 * stroke..2 * stroke + 2].copy_from_slice(&ends);
                self.loops[stroke].as_mut().expect("a closed stroke").chosen = best.1;
            }
        }
        moved
    }

    fn to_secs(&self, a: u32, to: &End) -> f64 {
        let from = &self.ends[a as usize];
        if stroke_of(a) == self.loops.len() { self.hops.lifted_secs(from.at, to.at) } else { self.hops.secs(from, to) }
    }

    /// The visits in the tour's order, from home.
    fn visits(&self, tour: &Tour) -> Vec<Visit> {
        let home = self.loops.len();
        let start = tour.position(home);
        let n = tour.len();
        (1..n)
            .map(|i| {
                let entry = tour.entries()[(start + i) % n];
                let stroke = stroke_of(entry);
                let seam = self.loops[stroke].as_ref().map(|closed| closed.seams[closed.chosen].0);
                Visit { stroke, reversed: entry & 1 == 1, seam }
            })
            .collect()
    }
}

fn open_ends(points: &[Point<Mm>]) -> [End; 2] {
    let n = points.len();
    let direction = |from: Point<Mm>, to: Point<Mm>| (to - from).normalize();
    [
        End { at: points[0], leaving: direction(points[1], points[0]) },
        End { at: points[n - 1], leaving: direction(points[n - 2], points[n - 1]) },
    ]
}

/// Where a closed path may start: at its corners, and between them so that no gap is long.
fn seams(path: &Polyline<Mm>) -> Vec<(Seam, [End; 2])> {
    const LONGEST_GAP_MM: f64 = 2.0;
    const MOST: usize = 128;
    let points = path.points();
    let round = points.len() - 1;
    let gap_mm = (path.length() / MOST as f64).max(LONGEST_GAP_MM);
    let skip = round.div_ceil(MOST);
    let mut seams = vec![];
    for leg in 0..round {
        let (from, to) = (points[leg], points[leg + 1]);
        let direction = (to - from).normalize();
        if leg % skip == 0 {
            let into = (from - points[(leg + round - 1) % round]).normalize();
            seams.push((
                Seam { leg, at: from },
                [End { at: from, leaving: -direction }, End { at: from, leaving: into }],
            ));
        }
        let pieces = ((to - from).length() / gap_mm).floor().min(MOST as f64) as usize;
        for i in 1..pieces {
            let at = from.lerp(to, i as f64 / pieces as f64);
            seams.push((Seam { leg, at }, [End { at, leaving: -direction }, End { at, leaving: direction }]));
        }
    }
    seams
}
