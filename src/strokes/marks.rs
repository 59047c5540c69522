//! Marks of the sketch become strokes: its lines as they are, its black shapes filled.
//!
//! They are known more finely than the raster, so nothing is traced. Lengths in grid pixels.

use crate::geom::Point;
use crate::geom::Px;
use crate::sketch::Mark;
use crate::sketch::Solid;
use crate::strokes::StrokeKind;
use crate::strokes::areas::Area;
use crate::strokes::fill::Filling;
use crate::strokes::fill::fill;
use crate::strokes::fit::Tightness;
use crate::strokes::fit::chords;
use crate::strokes::place::Grid;

/// The strokes of `mark` on `grid`.
pub fn strokes(mark: &Mark, grid: Grid, filling: Filling, tightness: Tightness) -> Vec<(StrokeKind, Vec<Point<Px>>)> {
    match mark {
        Mark::Line(points) => {
            let line: Vec<Point<Px>> = points.iter().map(|at| grid.place(*at)).collect();
            vec![(StrokeKind::Contour, chords(&line, tightness))]
        }
        Mark::Solid(solid) => {
            // As if its samples were the grid.
            let finer = f64::from(Solid::FINENESS) / f64::from(grid.scale);
            let area = Area { depth: solid.depth().clone(), left: 0, top: 0 };
            let mut strokes = fill(&area, filling.finer(finer), tightness.finer(finer));
            for at in strokes.iter_mut().flat_map(|(_, points)| points) {
                *at = grid.place(solid.place(*at));
            }
            strokes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { scale: 2, border: 4 };
    const FILLING: Filling = Filling { pen: 3.2, spacing: 5.0, angle: -0.9 };
    const TIGHT: Tightness = Tightness { tolerance: 0.8, chord: 4.0, deviation: 0.16 };

    #[test]
    fn an_iris_with_its_highlight_is_filled_to_its_edges_by_one_stroke() {
        let centre = Point::new(30.2, 20.6);
        let shine = Point::new(28.2, 18.6);
        let iris = Solid::around(centre, 7.0, |at| (7.0 - (at - centre).length()).min((at - shine).length() - 2.2));
        let strokes = strokes(&Mark::Solid(iris), GRID, FILLING, TIGHT);
        assert_eq!(strokes.len(), 1);
        let on_grid = |at: Point<Px>| GRID.place(at);
        let off = |p: &Point<Px>| (*p - on_grid(centre)).length();
        let points: Vec<_> = strokes.iter().flat_map(|(_, points)| points).collect();
        let reach = points.iter().map(|p| off(p)).fold(0.0, f64::max);
        assert!((reach + FILLING.pen / 2.0 - 14.0).abs() < 0.5, "{reach}");
        let near = points.iter().map(|p| (**p - on_grid(shine)).length()).fold(f64::MAX, f64::min);
        assert!((near - FILLING.pen / 2.0 - 4.4).abs() < 0.5, "{near}");
        let length: f64 = strokes.iter().flat_map(|s| s.1.windows(2)).map(|w| (w[1] - w[0]).length()).sum();
        let black = std::f64::consts::PI * (14.0f64.powi(2) - 4.4f64.powi(2));
        assert!(length * FILLING.pen > 0.9 * black, "{length} px of line for {black} px");
    }

    #[test]
    fn a_line_is_drawn_where_it_is() {
        let line = Mark::Line(vec![Point::new(3.0, 4.0), Point::new(9.0, 4.0)]);
        let strokes = strokes(&line, GRID, FILLING, TIGHT);
        assert_eq!(strokes.len(), 1);
        assert_eq!(
            (strokes[0].1.first(), strokes[0].1.last()),
            (Some(&Point::new(11.0, 13.0)), Some(&Point::new(23.0, 13.0)))
        );
    }
}
