//! Where the eyes of a drawn face are, by the project's own face networks.
//!
//! The networks know photos. Hatching hides a face from them until it is blurred away: of 59 pen drawings of the 1890s they
//! find 13 as they are and 52 through one blur or another, of 35 newspaper engravings 14 and 33; so a sheet is looked at through each of
//! [`BLURS`], and what the finder and the reader are surest of together counts. All faces by mistake that were seen had a
//! product below 0.06, all right ones but one 0.13 and more: [`LEAST`]. A sheet on which none is found is looked at on
//! its sides and on its head; there it has to be [`LEAST_TURNED`]. Lengths in px of the given sheet.

use anyhow::Result;
use models::ModelError;
use models::face_finder::FaceFinder;
use models::face_reader;
use models::face_reader::FaceReader;
use models::photo::Photo;
use portraitist::geom::Point;
use portraitist::geom::Px;
use portraitist::photo::smooth;
use portraitist::raster::Field;

/// Blurs through which a sheet is looked at, σ in px of the finder's picture.
const BLURS: [f32; 5] = [0.0, 0.7, 1.2, 2.0, 2.8];
/// The least product of the finder's and the reader's sureness.
const LEAST: f32 = 0.1;
/// The same of a face that does not stand upright: rarer, and so more often none.
const LEAST_TURNED: f32 = 0.3;
/// The longest side that is looked at.
const SIDE_PX: u32 = 1024;
/// The finder's least score of what the reader looks at.
const LOOKED_AT: f32 = 0.1;
/// So many of the finder's faces are read through each blur.
const READ: usize = 3;
/// Eyes no farther apart than this share of their distance are the same face's.
const SAME: f64 = 0.25;

/// The networks that find a face and its eyes.
#[derive(Debug, Clone)]
pub struct Seers {
    finder: FaceFinder,
    reader: FaceReader,
}

/// A drawn face's eyes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eyes {
    /// The centres of the sitter's right eye (the picture's left) and left eye.
    pub at: [Point<Px>; 2],
    /// How sure the networks are, 0 to 1.
    pub sure: f32,
}

impl Seers {
    /// The networks whose weights are the safetensors files `finder` and `reader`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn load(finder: &[u8], reader: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { finder: FaceFinder::load(finder)?, reader: FaceReader::load(reader)? })
    }

    /// The eyes of the surest face on `sheet`, whichever way it lies; `None` if there is none.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn eyes(&self, sheet: &Field) -> Result<Option<Eyes>> {
        let (width, height) = sheet.dimensions();
        let scale = (f64::from(SIDE_PX) / f64::from(width.max(height))).min(1.0);
        let size = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let mut turned = smooth::resized(sheet, size(width), size(height));
        for quarters in 0..4 {
            let least = if quarters == 0 { LEAST } else { LEAST_TURNED };
            if let Some(found) = self.upright(&turned)?.filter(|found| found.sure >= least) {
                let (columns, rows) = turned.dimensions();
                let back = |at: Point<Px>| turned_back(at, quarters, f64::from(columns), f64::from(rows));
                let across = f64::from(width) / f64::from(size(width));
                let down = f64::from(height) / f64::from(size(height));
                let at = found.at.map(back).map(|at| Point::new(at.x * across, at.y * down));
                return Ok(Some(Eyes { at, ..found }));
            }
            turned = image::imageops::rotate90(&turned);
        }
        Ok(None)
    }

    /// The eyes of the surest face that stands upright.
    fn upright(&self, sheet: &Field) -> Result<Option<Eyes>> {
        let (width, height) = sheet.dimensions();
        let finders_px = width.max(height) as f32 / models::face_finder::SIDE as f32;
        let mut seen: Vec<Eyes> = Vec::new();
        for blur in BLURS {
            let blurred = smooth::gaussian(sheet, blur * finders_px);
            let gray = |value: &f32| [(value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8; 3];
            let bytes: Vec<u8> = blurred.as_raw().iter().flat_map(gray).collect();
            let photo = Photo::new(&bytes, width as usize, height as usize)?;
            for face in self.finder.find(&photo, LOOKED_AT)?.iter().take(READ) {
                let read = self.reader.read(&photo, face.eyes)?;
                let at = face_reader::eye_centres(&read.points).map(|[x, y]| Point::new(f64::from(x), f64::from(y)));
                seen.push(Eyes { at, sure: face.score * read.face });
            }
        }
        // A product of nothing has no place to be.
        let Some(best) = seen.iter().copied().filter(|eyes| eyes.sure > 0.0).max_by(|a, b| a.sure.total_cmp(&b.sure))
        else {
            return Ok(None);
        };
        // Each blur sees the eyes a little elsewhere: the mean, the surest counting most, is nearest to the truth.
        let reach = SAME * (best.at[1] - best.at[0]).length();
        let same = |eyes: &&Eyes| [0, 1].iter().all(|&eye: &usize| (eyes.at[eye] - best.at[eye]).length() <= reach);
        let (mut sum, mut at) = (0.0, [Point::<Px>::zero(); 2]);
        for eyes in seen.iter().filter(same) {
            let weight = f64::from(eyes.sure);
            sum += weight;
            for (mean, eye) in at.iter_mut().zip(eyes.at) {
                *mean += eye.to_vector() * weight;
            }
        }
        Ok(Some(Eyes { at: at.map(|mean| mean / sum), sure: best.sure }))
    }
}

/// Where a point of a sheet of `columns` × `rows` px, turned clockwise by so many `quarters`, lay before.
fn turned_back(mut at: Point<Px>, quarters: usize, columns: f64, rows: f64) -> Point<Px> {
    let (mut columns, mut rows) = (columns, rows);
    for _ in 0..quarters {
        at = Point::new(at.y, columns - at.x);
        (columns, rows) = (rows, columns);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_a_turned_sheet_goes_back_to_where_it_was() {
        let mut sheet = Field::from_pixel(30, 20, image::Luma([1.0]));
        sheet.put_pixel(7, 3, image::Luma([0.0]));
        for quarters in 0..4 {
            let at = sheet.enumerate_pixels().find(|(.., value)| value.0[0] == 0.0).expect("the dot");
            let at = Point::new(f64::from(at.0) + 0.5, f64::from(at.1) + 0.5);
            let (columns, rows) = sheet.dimensions();
            assert_eq!(turned_back(at, quarters, columns.into(), rows.into()), Point::new(7.5, 3.5));
            sheet = image::imageops::rotate90(&sheet);
        }
    }
}
