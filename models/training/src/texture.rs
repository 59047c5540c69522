//! The texture of hair and coats in drawings whose faces must not be learnt, as real examples for a style's discriminators.
//!
//! The free pen drawings at hand are all of men around 1900, most with moustaches. Of each only hair and clothes are kept, and
//! nothing of them that lies within [`FROM_SKIN_PX`] of skin, brows, eyes, lips, ears or glasses or within [`FROM_FACE_PX`] of any of
//! the 68 landmarks (the labels are coarse, and ears are called hair in some); all else becomes paper, in the drawing and in F's lines
//! of it, before a discriminator sees either. A discriminator's answer counts only where [`COVERED`] of the [`MIDDLE`] of its patch is
//! hair or clothes. The generator is never asked for these drawings.
//!
//! The folder is the data card's: `landmarks.jsonl`, `aligned/ID.png` (512 px, gray), `regions/ID.png`; drawings without landmarks or
//! regions (profiles) are passed over. Shown at half size, where those drawings are sharp: they were scaled up to the frame 2.7 times.

use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use image::RgbImage;
use models::line_drawer::LineDrawer;
use rand::Rng;
use serde::Deserialize;

use crate::checkpoint;
use crate::data::SIDE;
use crate::field::Field;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::similarity;
use crate::page::Page;

/// Side of what is shown of a drawing at once, px: all of it.
pub const SHOWN: usize = SIDE / 2;
/// The folder of a run's textures, in the run's.
const FOLDER: &str = "texture";
/// No folder may list more drawings.
const MOST: usize = 2_000;
/// Classes of the data card: hair and clothes.
const WANTED: [u8; 2] = [2, 7];
/// Skin, brow, eye, lips, ear, glasses.
const FACE: [u8; 6] = [1, 3, 4, 5, 6, 8];
/// Nearer to a face's classes nothing is kept, px.
const FROM_SKIN_PX: usize = 8;
/// Nearer to a landmark nothing is kept, px: half the distance of the eyes.
const FROM_FACE_PX: f32 = 50.0;
/// Drawings of which less is left are passed over, as a share of the frame.
const LEAST: f64 = 0.02;
/// The share of a discriminator's patch, in its middle, that decides whether its answer counts: to what lies farther out an answer
/// hardly listens (Luo et al., "Understanding the effective receptive field", 2016).
const MIDDLE: f64 = 0.5;
/// How much of that middle must be hair or clothes.
const COVERED: f64 = 0.8;

/// The hair and coats of some drawings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texture(Vec<Cloth>);

/// What is left of one drawing, paper around it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cloth {
    /// What F drew of it.
    lines: Page,
    /// Its own strokes.
    strokes: Page,
    /// 1 where nothing is left.
    bare: Page,
}

/// A drawing's hair and coat as a discriminator is shown them: [`SHOWN`] px square, 0 (ink) to 1 (paper).
#[derive(Debug, Clone, PartialEq)]
pub struct Swatch {
    /// F's lines.
    pub lines: Vec<f32>,
    /// The artist's strokes.
    pub strokes: Vec<f32>,
    /// 1 where nothing is left of the drawing.
    bare: Vec<f32>,
}

/// A line of the list; what else stands in it does not matter here.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    landmarks68: Option<Vec<[f32; 2]>>,
}

impl Texture {
    /// That of the drawings in `folder`, with the lines that `drawer` draws of them.
    ///
    /// # Errors
    /// No list, a drawing that cannot be read, or none with enough hair or clothes.
    pub fn open(folder: &Path, drawer: &LineDrawer) -> Result<Self> {
        let list = folder.join("landmarks.jsonl");
        let text = std::fs::read_to_string(&list).with_context(|| format!("the drawings' list {}", list.display()))?;
        let mut cloths = Vec::new();
        for (at, line) in text.lines().enumerate() {
            ensure!(at < MOST, "{} lists more than {MOST} drawings", list.display());
            let Listed { id, landmarks68 } =
                serde_json::from_str(line).with_context(|| format!("{}, line {}", list.display(), at + 1))?;
            ensure!(!id.contains(['/', '\\']), "{}, line {}: {id} is no plain name", list.display(), at + 1);
            let regions = folder.join("regions").join(format!("{id}.png"));
            let Some(landmarks) = landmarks68.filter(|_| regions.exists()) else { continue };
            let drawing = Page::read(&folder.join("aligned").join(format!("{id}.png")))?;
            let regions = Page::read(&regions)?.into_bytes();
            let lines = Page::of(&drawer.draw(&drawing.values(), SIDE, SIDE)?);
            cloths.extend(Cloth::of(&drawing, &lines, &bare(&regions, &landmarks)));
        }
        ensure!(
            !cloths.is_empty(),
            "{} holds no drawing with enough hair or clothes (regions/ID.png)",
            folder.display()
        );
        Ok(Self(cloths))
    }

    /// How many drawings there are.
    pub fn drawings(&self) -> usize {
        self.0.len()
    }

    /// Writes it into a run's `folder`, in the place of a former one: a picture a drawing, its lines red, its strokes green, bare places
    /// blue.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub fn keep(&self, folder: &Path) -> Result<()> {
        forget(folder)?;
        let into = folder.join(FOLDER);
        std::fs::create_dir_all(&into).with_context(|| into.display().to_string())?;
        for (at, Cloth { lines, strokes, bare }) in self.0.iter().enumerate() {
            let planes = [lines, strokes, bare].map(Page::picture);
            let picture = RgbImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
                image::Rgb(std::array::from_fn(|plane| planes[plane].get_pixel(x, y).0[0]))
            });
            let mut bytes = Vec::new();
            picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))?;
            checkpoint::write(&into.join(format!("{at:04}.png")), &bytes)?;
        }
        Ok(())
    }

    /// What [`Self::keep`] wrote into a run's `folder`; none if the run has no texture.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn kept(folder: &Path) -> Result<Option<Self>> {
        let mut cloths = Vec::new();
        for at in 0..MOST {
            let path = folder.join(FOLDER).join(format!("{at:04}.png"));
            if !path.exists() {
                break;
            }
            let picture = image::open(&path).with_context(|| path.display().to_string())?.into_rgb8();
            let side = SIDE as u32;
            ensure!(picture.dimensions() == (side, side), "{} is not {side} × {side} px", path.display());
            let plane = |plane: usize| -> Page {
                Page::of(&picture.pixels().map(|pixel| f32::from(pixel.0[plane]) / 255.0).collect::<Vec<_>>())
            };
            cloths.push(Cloth { lines: plane(0), strokes: plane(1), bare: plane(2) });
        }
        Ok((!cloths.is_empty()).then_some(Self(cloths)))
    }

    /// One of them, mirrored or not, a little larger or smaller and turned.
    pub fn swatch(&self, rng: &mut impl Rng) -> Swatch {
        let Cloth { lines, strokes, bare } = &self.0[rng.random_range(0..self.0.len())];
        let (scale, angle) = (normal(rng, 0.06).exp() / 2.0, normal(rng, 3.0).to_radians());
        let placed = similarity(scale, angle, [SIDE as f32 / 2.0; 2], [SHOWN as f32 / 2.0; 2]);
        let transform = if rng.random_bool(0.5) { mirror().then(&placed) } else { placed };
        let [lines, strokes, bare] = [lines, strokes, bare].map(|page| page.under(&transform, SHOWN));
        Swatch { lines, strokes, bare }
    }
}

/// Takes what is kept of a texture away from a run's `folder`.
///
/// # Errors
/// The folder cannot be written.
pub fn forget(folder: &Path) -> Result<()> {
    let former = folder.join(FOLDER);
    if former.exists() {
        std::fs::remove_dir_all(&former).with_context(|| former.display().to_string())?;
    }
    Ok(())
}

impl Cloth {
    /// What is left of `drawing`; none if it is not enough.
    fn of(drawing: &Page, lines: &Page, bare: &[bool]) -> Option<Self> {
        let kept = bare.iter().filter(|bare| !**bare).count();
        if (kept as f64) < LEAST * bare.len() as f64 {
            return None;
        }
        let left = |page: &Page| {
            let values = page.values().into_iter().zip(bare);
            Page::of(&values.map(|(value, bare)| if *bare { 1.0 } else { value }).collect::<Vec<_>>())
        };
        let bare = Page::of(&bare.iter().map(|bare| f32::from(u8::from(*bare))).collect::<Vec<_>>());
        Some(Self { lines: left(lines), strokes: left(drawing), bare })
    }
}

impl Swatch {
    /// Which of `count` × `count` answers that look at it through `field` count: 1 or 0, rows from the top.
    pub fn counted(&self, field: &Field, count: usize) -> Vec<f32> {
        let sums = Sums::of(&self.bare, SHOWN);
        let spans: Vec<[f64; 2]> = (0..count).map(|at| field.middle(at, MIDDLE)).collect();
        let counts = |[left, right]: &[f64; 2], [top, bottom]: &[f64; 2]| {
            let inside = |at: &f64| (0.0..=SHOWN as f64).contains(at);
            let [x0, x1, y0, y1] = [left, right, top, bottom].map(|at| at.round() as usize);
            [left, right, top, bottom].into_iter().all(inside)
                && sums.within([x0, y0], [x1, y1]) <= (1.0 - COVERED) * ((x1 - x0) * (y1 - y0)) as f64
        };
        spans.iter().flat_map(|rows| spans.iter().map(|columns| f32::from(u8::from(counts(columns, rows))))).collect()
    }
}

/// Where nothing of a drawing with these `regions` and `landmarks` is kept.
fn bare(regions: &[u8], landmarks: &[[f32; 2]]) -> Vec<bool> {
    let face: Vec<f32> = regions.iter().map(|class| f32::from(u8::from(FACE.contains(class)))).collect();
    let sums = Sums::of(&face, SIDE);
    let near_face = |x: usize, y: usize| {
        let [from, to] =
            [[x, y].map(|at| at.saturating_sub(FROM_SKIN_PX)), [x, y].map(|at| (at + FROM_SKIN_PX + 1).min(SIDE))];
        let [x, y] = [x, y].map(|at| at as f32 + 0.5);
        let near = |point: &[f32; 2]| (point[0] - x).hypot(point[1] - y) <= FROM_FACE_PX;
        sums.within(from, to) > 0.0 || landmarks.iter().any(near)
    };
    let pixels = regions.iter().enumerate();
    pixels.map(|(at, class)| !WANTED.contains(class) || near_face(at % SIDE, at / SIDE)).collect()
}

/// Sums over rectangles of a square plane.
struct Sums {
    side: usize,
    /// Sum of all above and left of each corner.
    corners: Vec<f64>,
}

impl Sums {
    fn of(plane: &[f32], side: usize) -> Self {
        let wide = side + 1;
        let mut corners = vec![0.0; wide * wide];
        for (y, row) in plane.chunks_exact(side).enumerate() {
            let mut sum = 0.0;
            for (x, value) in row.iter().enumerate() {
                sum += f64::from(*value);
                corners[(y + 1) * wide + x + 1] = corners[y * wide + x + 1] + sum;
            }
        }
        Self { side, corners }
    }

    /// The sum of the pixels from `from` (inclusive) to `to` (exclusive), x and y.
    fn within(&self, from: [usize; 2], to: [usize; 2]) -> f64 {
        let corner = |x: usize, y: usize| self.corners[y * (self.side + 1) + x];
        corner(to[0], to[1]) - corner(from[0], to[1]) - corner(to[0], from[1]) + corner(from[0], from[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::lot;

    /// A head: hair above, a face with an ear that is called hair, a coat below; backdrop around.
    fn regions() -> Vec<u8> {
        let class = |x: usize, y: usize| match (x, y) {
            (100..420, 20..150) => 2,
            (100..150, 230..270) => 2,
            (150..370, 150..430) => 1,
            (40..480, 430..512) => 7,
            _ => 0,
        };
        (0..SIDE * SIDE).map(|at| class(at % SIDE, at / SIDE)).collect()
    }

    /// Down the jaw of that face, brow to chin.
    fn landmarks() -> Vec<[f32; 2]> {
        [150.0, 370.0].into_iter().flat_map(|x| (0..8).map(move |at| [x, 200.0 + 32.0 * at as f32])).collect()
    }

    /// Hair and coat gray; black where nothing may ever be seen.
    fn cloth() -> Cloth {
        let bare = bare(&regions(), &landmarks());
        let seen = |of: f32| Page::of(&bare.iter().map(|bare| if *bare { 0.0 } else { of }).collect::<Vec<_>>());
        Cloth::of(&seen(0.6), &seen(0.8), &bare).expect("there is enough of it")
    }

    #[test]
    fn no_pixel_of_the_face_or_near_it_is_in_any_swatch() {
        let regions = regions();
        let bare = bare(&regions, &landmarks());
        for (at, class) in regions.iter().enumerate() {
            let (x, y) = (at % SIDE, at / SIDE);
            if !WANTED.contains(class) {
                assert!(bare[at], "{x}, {y} is of class {class}");
            }
        }
        let kept = |x: usize, y: usize| !bare[y * SIDE + x];
        assert!(kept(256, 80) && kept(60, 500), "hair and coat are there");
        assert!(!kept(256, 145), "hair at the forehead is near skin");
        assert!(!kept(120, 250), "the ear that is called hair is near the jaw");
        let texture = Texture(vec![cloth()]);
        for step in 0..24 {
            let swatch = texture.swatch(&mut lot(1, step, 2));
            for (plane, least) in [(&swatch.strokes, 0.6), (&swatch.lines, 0.8)] {
                // What is not kept would be black; mixing with paper only makes lighter.
                assert!(plane.iter().all(|&value| value > least - 0.01), "something black was let through");
                assert!(plane.iter().any(|&value| value < least + 0.01), "there is nothing to see");
            }
        }
    }

    #[test]
    fn answers_count_where_hair_or_cloth_fill_their_patches_middle() {
        let swatch = Texture(vec![cloth()]).swatch(&mut lot(1, 0, 2));
        let field = Field { side: 70.0, first: -11.0, step: 8.0 };
        let counted = swatch.counted(&field, 35);
        let open = |at: usize| {
            let [(x0, x1), (y0, y1)] = [at % 35, at / 35].map(|at| {
                let [from, to] = field.middle(at, MIDDLE);
                (from.round().max(0.0) as usize, (to.round().max(0.0) as usize).min(SHOWN))
            });
            let bare: f32 = (y0..y1).flat_map(|y| &swatch.bare[y * SHOWN + x0..y * SHOWN + x1]).sum();
            1.0 - bare / ((x1 - x0) * (y1 - y0)).max(1) as f32
        };
        assert!(counted.contains(&1.0), "none counts");
        for (at, counts) in counted.iter().enumerate() {
            if *counts == 1.0 {
                assert!(open(at) >= 0.8 - 1e-3, "answer {at} sees {} of cloth", open(at));
            }
        }
        let all = Swatch { bare: vec![0.0; SHOWN * SHOWN], ..swatch.clone() };
        assert_eq!(all.counted(&field, 35).iter().sum::<f32>(), 28.0 * 28.0, "all but those that look beyond the edge");
        let none = Swatch { bare: vec![1.0; SHOWN * SHOWN], ..swatch };
        assert_eq!(none.counted(&field, 35).iter().sum::<f32>(), 0.0);
    }

    #[test]
    fn what_a_run_keeps_is_what_it_began_with() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Texture::kept(folder.path()).expect("readable"), None);
        let texture = Texture(vec![cloth(), cloth()]);
        texture.keep(folder.path()).expect("writable");
        assert_eq!(Texture::kept(folder.path()).expect("readable"), Some(texture));
        forget(folder.path()).expect("writable");
        assert_eq!(Texture::kept(folder.path()).expect("readable"), None);
    }
}
