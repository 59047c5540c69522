//! A first tour: near ends of each end, then the cheapest hops first, as long as they close no circle.
//!
//! Hops without a lift are by far the cheapest, so this is also what joins strokes whose ends meet. (Greedy matching
//! of edges: Bentley 1992; about 15 % above the best tour, and a better start for 3-opt than nearest neighbour.)

use rayon::prelude::*;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::tour::Cost;
use crate::plan::tour::Neighbours;
use crate::plan::tour::other;
use crate::plan::tour::stroke_of;

type Site = GeomWithData<[f64; 2], u32>;

/// The `width` ends near each of `at` (its own stroke's left out), cheapest first; fewer strokes give shorter lists.
pub(super) fn neighbours(at: &[Point<Mm>], cost: &(impl Cost + Sync), width: usize) -> Neighbours {
    let width = width.min(at.len().saturating_sub(2));
    let tree = RTree::bulk_load(at.iter().zip(0..).map(|(p, end)| Site::new([p.x, p.y], end)).collect());
    let lists = (0..at.len() as u32)
        .into_par_iter()
        .flat_map_iter(|end| nearest(&tree, at[end as usize], width, |b| stroke_of(b) != stroke_of(end), cost, end))
        .collect();
    Neighbours { lists, width }
}

/// Near ends on all sides: the nearest, but up to two in each quadrant before a third in any other, so that the lines of
/// a hatched area are not each other's only neighbours.
fn nearest(
    tree: &RTree<Site>,
    at: Point<Mm>,
    width: usize,
    keep: impl Fn(u32) -> bool,
    cost: &impl Cost,
    end: u32,
) -> Vec<(f64, u32)> {
    const IN_EACH_QUADRANT: usize = 2;
    /// Ends that are looked at: beyond, a quadrant is taken to be empty.
    const MOST_SEEN: usize = 60;
    let mut wanted = [IN_EACH_QUADRANT; 4];
    let mut anywhere = width.saturating_sub(4 * IN_EACH_QUADRANT);
    let (mut near, mut spare) = (Vec::with_capacity(width), vec![]);
    let sites = tree.nearest_neighbor_iter([at.x, at.y]).filter(|site| keep(site.data));
    for (seen, site) in sites.enumerate() {
        if near.len() == width || (seen >= MOST_SEEN && near.len() + spare.len() >= width) {
            break;
        }
        let [x, y] = *site.geom();
        let in_quadrant = &mut wanted[usize::from(x > at.x) + 2 * usize::from(y > at.y)];
        let place = if *in_quadrant > 0 { in_quadrant } else { &mut anywhere };
        if *place > 0 {
            *place -= 1;
            near.push(site.data);
        } else {
            spare.push(site.data);
        }
    }
    near.extend(spare.into_iter().take(width - near.len()));
    let mut near: Vec<(f64, u32)> = near.into_iter().map(|b| (cost.secs(end, b), b)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near
}

/// The strokes chained by the cheapest hops, as the ends through which they are entered.
pub(super) fn chain(at: &[Point<Mm>], cost: &impl Cost, neighbours: &Neighbours) -> Vec<u32> {
    const ROUND_WIDTH: usize = 6;
    let mut chains = Chains::new(at.len());
    let mut hops: Vec<(f64, u32, u32)> = vec![];
    for end in 0..at.len() as u32 {
        hops.extend(neighbours.of(end).iter().filter(|near| end < near.1).map(|near| (near.0, end, near.1)));
    }
    chains.take(&mut hops);
    // What is left are chains whose ends are far from each other; each round at least halves them.
    while chains.count > 1 {
        let free: Vec<u32> = (0..at.len() as u32).filter(|end| chains.across[*end as usize].is_none()).collect();
        let tree = RTree::bulk_load(
            free.iter().map(|end| Site::new([at[*end as usize].x, at[*end as usize].y], *end)).collect(),
        );
        for &end in &free {
            let own = chains.far_end(end);
            let keep = |b: u32| b != own && b != end;
            let near = nearest(&tree, at[end as usize], ROUND_WIDTH, keep, cost, end);
            hops.extend(near.iter().map(|(secs, b)| (*secs, end.min(*b), end.max(*b))));
        }
        chains.take(&mut hops);
    }
    chains.walk()
}

/// Strokes strung together at their ends.
struct Chains {
    /// The end that each end is hopped to.
    across: Vec<Option<u32>>,
    /// For the free end of a chain, its other free end.
    far: Vec<u32>,
    count: usize,
}

impl Chains {
    fn new(ends: usize) -> Self {
        Self { across: vec![None; ends], far: (0..ends as u32).map(other).collect(), count: ends / 2 }
    }

    fn far_end(&self, end: u32) -> u32 {
        self.far[end as usize]
    }

    /// Takes the cheapest of `hops` that are still possible, and empties it.
    fn take(&mut self, hops: &mut Vec<(f64, u32, u32)>) {
        hops.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, a, b) in hops.drain(..) {
            let free = self.across[a as usize].is_none() && self.across[b as usize].is_none();
            if !free || self.far_end(a) == b {
                continue;
            }
            self.across[a as usize] = Some(b);
            self.across[b as usize] = Some(a);
            let (start, end) = (self.far_end(a), self.far_end(b));
            self.far[start as usize] = end;
            self.far[end as usize] = start;
            self.count -= 1;
        }
    }

    /// The one chain that is left, from one of its free ends.
    fn walk(&self) -> Vec<u32> {
        let start = (0..self.across.len() as u32).find(|end| self.across[*end as usize].is_none());
        let mut entries = Vec::with_capacity(self.across.len() / 2);
        let mut next = start;
        while let Some(entry) = next {
            entries.push(entry);
            next = self.across[other(entry) as usize];
        }
        entries
    }
}
