//! Order, direction, joins and start points: the strokes become one tour that costs the machine little time.
//!
//! Home is a stroke of no length in a closed tour through all strokes; the tour is built greedily (`greedy`), improved
//! by 3-opt and kicks (`tour`) under a fixed budget of kicks, and a closed stroke may start anywhere: its start is
//! chosen anew between rounds of the search. A join is no special step: it is the cheapest hop there is (`hop`), so
//! the search makes joins, splices and unmakes them as it gains. Units: millimetres on the sheet, seconds.

use rayon::prelude::*;

use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::geom::Vector;
use crate::plan::PlanConfig;
use crate::plan::greedy;
use crate::plan::hop::End;
use crate::plan::hop::Hops;
use crate::plan::tour::Cost;
use crate::plan::tour::Neighbours;
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

/// How many near ends a move may consider for each end.
const WIDTH: usize = 10;

/// The visits of all `strokes`, beginning and ending at `home`.
pub(super) fn order(strokes: &[Stroke], home: Point<Mm>, hops: &Hops, config: &PlanConfig) -> Vec<Visit> {
    /// Shares of the budget: first all strokes, then what has been joined moves as one piece. Joined ends are no
    /// longer in each other's way then, and no kick is wasted on tearing them apart.
    const SHARES: [f64; 2] = [0.25, 0.75];
    let mut pieces: Vec<Piece> = strokes.iter().enumerate().map(Piece::new).collect();
    for (level, share) in (0u64..).zip(SHARES) {
        if !pieces.is_empty() {
            let kicks = (config.kicks(pieces.len()) as f64 * share) as usize;
            pieces = searched(pieces, level == 0, home, hops, kicks, config.seed.wrapping_add(level));
            pieces = joined(pieces, hops);
        }
    }
    pieces.into_iter().flat_map(|piece| piece.visits).collect()
}

/// Strokes that are drawn without lifting the pen: at first one each, later those that have been joined.
#[derive(Debug, Clone)]
struct Piece {
    visits: Vec<Visit>,
    ends: [End; 2],
    /// Where it may start, if it is one closed stroke.
    seams: Vec<(Seam, [End; 2])>,
}

impl Piece {
    fn new((stroke, s): (usize, &Stroke)) -> Self {
        let seams = if s.path.is_closed() { seams(&s.path) } else { vec![] };
        let seam = seams.first().map(|(seam, _)| *seam);
        let ends = seams.first().map_or_else(|| open_ends(s.path.points()), |(_, ends)| *ends);
        Self { visits: vec![Visit { stroke, reversed: false, seam }], ends, seams }
    }

    fn reversed(mut self) -> Self {
        self.visits.reverse();
        self.visits.iter_mut().for_each(|visit| visit.reversed = !visit.reversed);
        self.ends.reverse();
        self.seams.iter_mut().for_each(|(_, ends)| ends.reverse());
        self
    }
}

/// `pieces` in the order and direction of a good tour from `home` and back.
fn searched(pieces: Vec<Piece>, anew: bool, home: Point<Mm>, hops: &Hops, kicks: usize, seed: u64) -> Vec<Piece> {
    /// Searches that start alike and are kicked differently; the best wins. A constant, not the number of cores: the
    /// plan must not depend on the machine that makes it.
    const TRIES: u64 = 2;
    let table = Table::new(pieces, home, hops);
    let near = greedy::neighbours(&table.places(), &table, WIDTH);
    let tour = Tour::new(if anew {
        greedy::chain(&table.places(), &table, &near)
    } else {
        (0..table.ends.len() as u32).step_by(2).collect()
    });
    let tries: Vec<_> = (0..TRIES)
        .into_par_iter()
        .map(|i| {
            let (mut table, mut tour) = (table.clone(), tour.clone());
            table.search(&mut tour, near.clone(), kicks, seed.wrapping_mul(TRIES).wrapping_add(i));
            (tour.secs(&table), table, tour)
        })
        .collect();
    let best = tries.into_iter().reduce(|best, next| if next.0 < best.0 { next } else { best });
    best.map_or(vec![], |(_, table, tour)| table.in_order(&tour))
}

/// Neighbours in the order whose ends meet, made one piece.
fn joined(pieces: Vec<Piece>, hops: &Hops) -> Vec<Piece> {
    let mut joined: Vec<Piece> = vec![];
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if hops.joins(last.ends[1].at, piece.ends[0].at) => {
                last.visits.extend(piece.visits);
                last.ends[1] = piece.ends[1];
                last.seams.clear();
            }
            _ => joined.push(piece),
        }
    }
    joined
}

/// The ends of all pieces and, last, of home.
#[derive(Clone)]
struct Table<'a> {
    hops: &'a Hops,
    pieces: Vec<Piece>,
    ends: Vec<End>,
}

impl Cost for Table<'_> {
    #[inline]
    fn secs(&self, a: u32, b: u32) -> f64 {
        let home = self.pieces.len();
        let (from, to) = (&self.ends[a as usize], &self.ends[b as usize]);
        if stroke_of(a) == home || stroke_of(b) == home {
            return self.hops.lifted_secs(from.at, to.at);
        }
        self.hops.secs(from, to)
    }
}

impl<'a> Table<'a> {
    fn new(pieces: Vec<Piece>, home: Point<Mm>, hops: &'a Hops) -> Self {
        let mut ends: Vec<End> = pieces.iter().flat_map(|piece| piece.ends).collect();
        ends.extend([End { at: home, leaving: Vector::new(0.0, 0.0) }; 2]);
        Self { hops, pieces, ends }
    }

    fn places(&self) -> Vec<Point<Mm>> {
        self.ends.iter().map(|end| end.at).collect()
    }

    /// Improves `tour` by `kicks` kicks, choosing the start points of closed strokes anew between rounds.
    fn search(&mut self, tour: &mut Tour, mut near: Neighbours, kicks: usize, seed: u64) {
        const ROUNDS: usize = 4;
        for round in 0..ROUNDS {
            if self.choose_seams(tour) > 0 {
                near = greedy::neighbours(&self.places(), self, WIDTH);
            }
            let mut search = Search::new(self, &near);
            search.descend(tour);
            search.kick(tour, kicks / ROUNDS, seed.wrapping_mul(ROUNDS as u64).wrapping_add(round as u64));
        }
        self.choose_seams(tour);
    }

    /// Starts each closed stroke where that costs least between its neighbours in `tour`; how many have moved.
    fn choose_seams(&mut self, tour: &Tour) -> usize {
        let mut moved = 0;
        for i in 0..self.pieces.len() {
            let entry = tour.entries()[tour.position(i)];
            let (before, after) = (tour.across(entry), tour.across(other(entry)));
            let side = (entry & 1) as usize;
            let mut best = (f64::INFINITY, None);
            for (seam, ends) in &self.pieces[i].seams {
                let secs = self.to_secs(before, &ends[side]) + self.to_secs(after, &ends[1 - side]);
                if secs < best.0 {
                    best = (secs, Some((*seam, *ends)));
                }
            }
            let Some((seam, ends)) = best.1 else { continue };
            let piece = &mut self.pieces[i];
            if piece.visits[0].seam != Some(seam) {
                moved += 1;
                piece.visits[0].seam = Some(seam);
                piece.ends = ends;
                self.ends[2 * i..2 * i + 2].copy_from_slice(&ends);
            }
        }
        moved
    }

    fn to_secs(&self, a: u32, to: &End) -> f64 {
        let from = &self.ends[a as usize];
        if stroke_of(a) == self.pieces.len() { self.hops.lifted_secs(from.at, to.at) } else { self.hops.secs(from, to) }
    }

    /// The pieces as `tour` visits them, from home.
    fn in_order(self, tour: &Tour) -> Vec<Piece> {
        let (start, n) = (tour.position(self.pieces.len()), tour.len());
        let mut pieces: Vec<Option<Piece>> = self.pieces.into_iter().map(Some).collect();
        let visits = (1..n).map(|i| tour.entries()[(start + i) % n]);
        visits
            .filter_map(|entry| {
                let piece = pieces[stroke_of(entry)].take();
                if entry & 1 == 1 { piece.map(Piece::reversed) } else { piece }
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
