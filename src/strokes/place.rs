//! Where the drawing lies on the sheet: the one place where pixels become millimetres.
//!
//! The raster keeps its aspect and fills the sheet inside the margins as far as it can; what is left over is shared
//! evenly left and right, and above and below as the artist wants it. The working grid of the passes (finer than the
//! raster, and with a border of paper) is known here too, so that a pass only ever asks how many grid pixels a
//! millimetre has.

use crate::geom::Affine;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::geom::Px;
use crate::strokes::Sheet;

/// The margins leave no room on the sheet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "margins of {margins_mm} mm leave no room on a {width_mm:.0} x {height_mm:.0} mm sheet: make margins_mm smaller"
)]
pub struct NoRoom {
    /// The margins asked for.
    pub margins_mm: f64,
    /// The sheet's width.
    pub width_mm: f64,
    /// The sheet's height.
    pub height_mm: f64,
}

/// The working grid over a raster: `scale` grid pixels for one of the raster, and `border` grid pixels of paper around.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Grid pixels per raster pixel.
    pub scale: u32,
    /// Grid pixels of paper on every side.
    pub border: u32,
}

impl Grid {
    /// The place on the grid of a place on the raster where a pixel's centre is at whole numbers.
    pub fn place(&self, at: Point<Px>) -> Point<Px> {
        let (scale, border) = (f64::from(self.scale), f64::from(self.border));
        Point::new((at.x + 0.5) * scale + border, (at.y + 0.5) * scale + border)
    }
}

/// Where grid pixels lie on the sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    sheet: Sheet,
    grid: Grid,
    map: Affine<Px, Mm>,
    px_per_mm: f64,
}

/// Least width and height, in millimetres, that the margins must leave.
const LEAST_ROOM_MM: f64 = 1.0;

impl Placement {
    /// Lays a raster of `width_px` by `height_px` (both at least 1) on `sheet` within `margins_mm`, with `top_share` of
    /// the free height above it.
    pub fn new(
        (width_px, height_px): (u32, u32),
        grid: Grid,
        sheet: &Sheet,
        margins_mm: f64,
        top_share: f64,
    ) -> Result<Self, NoRoom> {
        let (room_w, room_h) = (sheet.width_mm() - 2.0 * margins_mm, sheet.height_mm() - 2.0 * margins_mm);
        if !(room_w >= LEAST_ROOM_MM && room_h >= LEAST_ROOM_MM) {
            return Err(NoRoom { margins_mm, width_mm: sheet.width_mm(), height_mm: sheet.height_mm() });
        }
        let (width, height) = (f64::from(width_px.max(1)), f64::from(height_px.max(1)));
        let mm_per_px = (room_w / width).min(room_h / height);
        let left = margins_mm + (room_w - width * mm_per_px) / 2.0;
        let top = margins_mm + (room_h - height * mm_per_px) * top_share;
        let mm_per_grid = mm_per_px / f64::from(grid.scale);
        let border = -f64::from(grid.border);
        let map =
            Affine::translation(border, border).then_scale(mm_per_grid, mm_per_grid).then_translate((left, top).into());
        Ok(Self { sheet: *sheet, grid, map, px_per_mm: 1.0 / mm_per_grid })
    }

    /// Grid pixels in a millimetre.
    pub fn px_per_mm(&self) -> f64 {
        self.px_per_mm
    }

    /// The working grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The sheet.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// A line of grid pixels on the sheet, kept on it; `None` if all of it falls on one point.
    pub fn place(&self, line: &[Point<Px>]) -> Option<Polyline<Mm>> {
        let bounds = self.sheet.bounds();
        Polyline::new(line.iter().map(|p| self.map.transform_point(*p).clamp(bounds.min, bounds.max)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_on_a5_is_centred_and_sits_above_the_middle() {
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        let grid = Grid { scale: 2, border: 4 };
        let placement = Placement::new((512, 512), grid, &sheet, 10.0, 0.4).expect("room");
        assert!((placement.px_per_mm() - 8.0).abs() < 1e-9);
        let corners = placement.place(&[Point::new(4.0, 4.0), Point::new(1028.0, 1028.0)]).expect("a line");
        let (a, b) = (corners.first(), corners.last());
        assert!((a.x - 10.0).abs() < 1e-9 && (b.x - 138.0).abs() < 1e-9);
        assert!((a.y - (10.0 + 0.4 * 62.0)).abs() < 1e-9 && (b.y - a.y - 128.0).abs() < 1e-9);
    }

    #[test]
    fn margins_without_room_are_refused() {
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        assert!(Placement::new((9, 9), Grid { scale: 1, border: 0 }, &sheet, 74.0, 0.4).is_err());
    }
}
