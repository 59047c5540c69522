//! The face reader: what each pixel of a face's crop belongs to, how much of it is the person, and where its points are.
//!
//! In: (batch, 3, [`SIDE`], [`SIDE`]), red, green, blue from 0 to 1 less 0.5: the canonical frame of the portraits at
//! half size, eyes near (103, 118) and (153, 118). Out, three tensors:
//!
//! - maps (batch, 4 × [`MAPS`], 128, 128): logits of nine classes ([`CLASSES`]) and of the person. Channel
//!   `4 m + 2 r + c` is map `m` at pixel (2 x + c, 2 y + r): each cell speaks for its 2 × 2 pixels (Shi et al., 2016);
//! - heats (batch, [`POINTS`], [`HEAT_SIDE`], [`HEAT_SIDE`]): a point lies at the mean of the cells' middles weighed by
//!   the softmax of its map (Sun et al., "Integral human pose regression", 2018). 0..68 iBUG's points, then both irises;
//! - face (batch, 1, 1, 1): logit, whether a face is there at all.
//!
//! A U-Net (Ronneberger et al., 2015) of plain 3 × 3 convolutions whose ways across are sums. The finest level sees the
//! photo's own pixels again, so that hair keeps its edge. 0.55 M weights, 0.71 G multiplications.

use candle_core::Device;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;

use crate::ModelError;
use crate::blocks::ConvNorm;
use crate::blocks::Mode;
use crate::blocks::up_onto;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::engine::upsample_bilinear2x;
use crate::photo::Map;
use crate::photo::Photo;

/// Width and height of the crop, px.
pub const SIDE: usize = 256;
/// Names of the classes, in the order of the maps.
pub const CLASSES: [&str; 9] = ["background", "skin", "hair", "brow", "eye", "lips", "ear", "clothes", "glasses"];
/// Maps: the classes, then the person.
pub const MAPS: usize = CLASSES.len() + 1;
/// iBUG's 68 points and two irises.
pub const POINTS: usize = 70;
/// Width and height of the points' maps; a cell is `SIDE / HEAT_SIDE` px wide.
pub const HEAT_SIDE: usize = 64;

/// Channels at strides 2, 4, 8, 16 and 32.
const WIDTHS: [usize; 5] = [16, 32, 48, 64, 96];
/// Residual convolutions on the way down at these strides.
const DEPTHS: [usize; 5] = [1, 2, 2, 2, 2];
/// Residual convolutions on the way up at strides 4, 8 and 16.
const MERGES: [usize; 3] = [2, 2, 1];
/// Channels at stride 2 on the way up, and what comes up to it.
const FINE: [usize; 2] = [24, 16];
/// Channels before the points' maps.
const POINT_WIDTH: usize = 48;

/// The reader, ready to look at faces.
#[derive(Debug, Clone)]
pub struct FaceReader {
    net: ReaderNet,
}

/// A face that was read: everything about the crop, and where the crop lies in the photo.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceReading {
    /// From px of the crop to px of the photo: a similarity.
    pub to_photo: Map,
    /// The class of each of the crop's [`SIDE`] × [`SIDE`] px, an index of [`CLASSES`].
    pub classes: Vec<u8>,
    /// How much of each is the person, 0 to 1.
    pub person: Vec<f32>,
    /// iBUG's 68 points and both irises, px of the photo.
    pub points: Vec<[f32; 2]>,
    /// How sure it is that there is a face, 0 to 1.
    pub face: f32,
}

/// The network's weights.
#[derive(Debug, Clone)]
pub struct ReaderNet {
    down: Vec<ConvNorm>,
    refine: Vec<Vec<ConvNorm>>,
    /// 1 × 1 convolutions to the width of the next finer level, from stride 32, 16, 8 and 4.
    laterals: Vec<ConvNorm>,
    merges: Vec<Vec<ConvNorm>>,
    fine: [ConvNorm; 2],
    maps: Conv2d,
    points: ConvNorm,
    heats: Conv2d,
    face: Conv2d,
}

/// What the network says, as the file's letter tells.
#[derive(Debug, Clone)]
pub struct Reading {
    /// (batch, 4 × [`MAPS`], 128, 128).
    pub maps: Tensor,
    /// (batch, [`POINTS`], [`HEAT_SIDE`], [`HEAT_SIDE`]).
    pub heats: Tensor,
    /// (batch, 1, 1, 1).
    pub face: Tensor,
}

impl FaceReader {
    /// The reader whose weights are `bytes`, a safetensors file.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn load(bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { net: Tensors::read(bytes)?.fill(|vb| ReaderNet::load(&vb)?.folded())? })
    }

    /// The face of `photo` whose eyes lie about `eyes` (the image's left first), px. It is looked at again, better aligned, if its own
    /// eye points lie far from there.
    ///
    /// # Errors
    /// [`ModelError::Input`], if the machine is out of memory.
    pub fn read(&self, photo: &Photo, eyes: [[f32; 2]; 2]) -> Result<FaceReading, ModelError> {
        let failed = |error: candle_core::Error| ModelError::Input { what: error.to_string() };
        let first = self.look(photo, &aligned(eyes)).map_err(failed)?;
        let seen = eye_centres(&first.points);
        let length = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let off = length(seen[0], eyes[0]).max(length(seen[1], eyes[1])) / length(eyes[0], eyes[1]).max(1e-3);
        // Written so that points that are no numbers end here.
        if off > SECOND_LOOK && first.face > 0.5 && length(seen[0], seen[1]) > 1.0 {
            return self.look(photo, &aligned(seen)).map_err(failed);
        }
        Ok(first)
    }

    /// Both the crop and its mirror image are read, and the mean is the answer: what either gets wrong by chance is half as
    /// wrong then.
    fn look(&self, photo: &Photo, map: &Map) -> candle_core::Result<FaceReading> {
        let crop = photo.crop(SIDE, map);
        let images: Vec<f32> = crop.iter().copied().chain(crop.chunks_exact(SIDE).flat_map(reversed)).collect();
        let x = Tensor::from_vec(images, (2, 3, SIDE, SIDE), &Device::Cpu)?;
        let reading = self.net.forward(&x, Mode::Drawing)?;
        let halves = |values: &Tensor| -> candle_core::Result<[Vec<f32>; 2]> {
            let mut straight = values.flatten_all()?.to_vec1::<f32>()?;
            let mirrored = straight.split_off(straight.len() / 2);
            Ok([straight, mirrored])
        };
        let [maps, mirrored] = halves(&reading.maps)?;
        let (classes, person) = parted(&with_mirrored_maps(&maps, &mirrored));
        let [points, mirrored] = halves(&reading.heats)?.map(|heats| located(&heats));
        let mean = |at: usize| {
            let ([x, y], [far, level]) = (points[at], mirrored[mirrored_point(at)]);
            [0.5 * (x + SIDE as f32 - far), 0.5 * (y + level)]
        };
        let [face, mirrored] = halves(&reading.face)?;
        let logit = 0.5 * (face[0] + mirrored[0]);
        let placed = |[x, y]: [f32; 2]| [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
        Ok(FaceReading {
            to_photo: *map,
            classes,
            person,
            points: (0..POINTS).map(|at| placed(mean(at))).collect(),
            face: 1.0 / (1.0 + (-logit).exp()),
        })
    }
}

fn reversed(row: &[f32]) -> impl Iterator<Item = f32> {
    row.iter().rev().copied()
}

/// The mean of a crop's maps and those of its mirror image, in the crop's frame.
fn with_mirrored_maps(maps: &[f32], mirrored: &[f32]) -> Vec<f32> {
    let half = SIDE / 2;
    let mut mean = Vec::with_capacity(maps.len());
    for (channel, plane) in maps.chunks_exact(half * half).enumerate() {
        // Left and right of a cell change places, too.
        let twin = &mirrored[(channel ^ 1) * half * half..][..half * half];
        let rows = plane.chunks_exact(half).zip(twin.chunks_exact(half));
        mean.extend(rows.flat_map(|(row, twin)| row.iter().zip(reversed(twin)).map(|(a, b)| 0.5 * (a + b))));
    }
    mean
}

/// Which point takes the place of point `at` in a mirror: the sitter's right is the image's left there, too.
pub fn mirrored_point(at: usize) -> usize {
    match at {
        0..=16 => 16 - at,
        17..=26 => 43 - at,
        27..=30 => at,
        31..=35 => 66 - at,
        36..=39 => 81 - at,
        40..=41 => 87 - at,
        42..=45 => 81 - at,
        46..=47 => 87 - at,
        48..=54 => 102 - at,
        55..=59 => 114 - at,
        60..=64 => 124 - at,
        65..=67 => 132 - at,
        68 | 69 => 137 - at,
        _ => at,
    }
}

/// Where the eyes' centres come to lie in the crop.
pub const EYES: [[f32; 2]; 2] = [[103.0, 118.0], [153.0, 118.0]];
/// Its name in the manifest.
pub const NAME: &str = "face_reader";
/// The eyes may lie so far from where they were said to be, in parts of their distance, before they are aligned anew.
const SECOND_LOOK: f32 = 0.12;

/// The map from the crop to the photo that brings [`EYES`] to `eyes`.
pub fn aligned(eyes: [[f32; 2]; 2]) -> Map {
    let apart = EYES[1][0] - EYES[0][0];
    let (a, b) = ((eyes[1][0] - eyes[0][0]) / apart, (eyes[1][1] - eyes[0][1]) / apart);
    let [x, y] = EYES[0];
    [a, -b, eyes[0][0] - a * x + b * y, b, a, eyes[0][1] - b * x - a * y]
}

/// The means of the six lid points of each eye, the image's left first.
pub fn eye_centres(points: &[[f32; 2]]) -> [[f32; 2]; 2] {
    let mean = |points: &[[f32; 2]]| {
        let sum = points.iter().fold([0.0; 2], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
        sum.map(|axis: f32| axis / points.len() as f32)
    };
    [mean(&points[36..42]), mean(&points[42..48])]
}

impl ReaderNet {
    /// The network's tensors of `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn load(vb: &VarBuilder) -> candle_core::Result<Self> {
        let block = |name: String, inputs, outputs, kernel, stride| {
            ConvNorm::load(&vb.pp(name), inputs, outputs, kernel, stride)
        };
        let several = |name: String, count: usize, width: usize| {
            (0..count)
                .map(|at| block(format!("{name}.{at}"), width, width, 3, 1))
                .collect::<candle_core::Result<Vec<_>>>()
        };
        let mut net_down = Vec::new();
        let mut refine = Vec::new();
        for at in 0..WIDTHS.len() {
            let inputs = if at == 0 { 3 } else { WIDTHS[at - 1] };
            net_down.push(block(format!("down{at}"), inputs, WIDTHS[at], 3, 2)?);
            refine.push(several(format!("refine{at}"), DEPTHS[at], WIDTHS[at])?);
        }
        let mut laterals = Vec::new();
        let mut merges = Vec::new();
        for fine in [3, 2, 1] {
            laterals.push(block(format!("lateral{fine}"), WIDTHS[fine + 1], WIDTHS[fine], 1, 1)?);
            merges.push(several(format!("merge{fine}"), MERGES[fine - 1], WIDTHS[fine])?);
        }
        laterals.push(block("lateral0".to_owned(), WIDTHS[1], FINE[1], 1, 1)?);
        let seen = FINE[1] + WIDTHS[0] + 12;
        let fine =
            [block("fine0".to_owned(), seen, FINE[0], 3, 1)?, block("fine1".to_owned(), FINE[0], FINE[0], 3, 1)?];
        let small = Init::Randn { mean: 0.0, stdev: 0.01 };
        let answer = |name: &str, inputs: usize, outputs: usize| {
            let vb = vb.pp(name);
            Conv2d::load(&vb, inputs, outputs, 1, Conv::padded(0), small)?.with_bias(&vb)
        };
        Ok(Self {
            down: net_down,
            refine,
            laterals,
            merges,
            fine,
            maps: answer("maps", FINE[0], 4 * MAPS)?,
            points: block("points".to_owned(), WIDTHS[1], POINT_WIDTH, 3, 1)?,
            heats: answer("heats", POINT_WIDTH, POINTS)?,
            face: answer("face", WIDTHS[4], 1)?,
        })
    }

    /// What the network says of each crop of `x`.
    ///
    /// # Errors
    /// `x` is not of the shape it should be.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> candle_core::Result<Reading> {
        let mut levels: Vec<Tensor> = Vec::with_capacity(WIDTHS.len());
        for (down, refine) in self.down.iter().zip(&self.refine) {
            let mut level = down.forward(levels.last().unwrap_or(x), mode)?;
            for refine in refine {
                level = refine.refine(&level, mode)?;
            }
            levels.push(level);
        }
        let face = self.face.forward(&levels[4].mean_keepdim((2, 3))?, Act::None)?;
        let mut top = levels[4].clone();
        for (step, fine) in [3, 2, 1].into_iter().enumerate() {
            top = up_onto(&self.laterals[step].forward(&top, mode)?, &levels[fine])?;
            for merge in &self.merges[step] {
                top = merge.refine(&top, mode)?;
            }
        }
        let heats = self.heats.forward(&self.points.forward(&top, mode)?, Act::None)?;
        let raised = upsample_bilinear2x(&self.laterals[3].forward(&top, mode)?)?;
        let pixels = candle_nn::ops::pixel_unshuffle(x, 2)?;
        let seen = Tensor::cat(&[&raised, &levels[0], &pixels], 1)?;
        let fine = self.fine[1].refine(&self.fine[0].forward(&seen, mode)?, mode)?;
        Ok(Reading { maps: self.maps.forward(&fine, Act::None)?, heats, face })
    }

    /// The same network with its normalisations folded away: for drawing.
    ///
    /// # Errors
    /// None that a loaded network could have.
    pub fn folded(&self) -> candle_core::Result<Self> {
        let all = |layers: &[ConvNorm]| layers.iter().map(ConvNorm::folded).collect::<candle_core::Result<Vec<_>>>();
        let stacks =
            |layers: &[Vec<ConvNorm>]| layers.iter().map(|stack| all(stack)).collect::<candle_core::Result<Vec<_>>>();
        Ok(Self {
            down: all(&self.down)?,
            refine: stacks(&self.refine)?,
            laterals: all(&self.laterals)?,
            merges: stacks(&self.merges)?,
            fine: [self.fine[0].folded()?, self.fine[1].folded()?],
            points: self.points.folded()?,
            ..self.clone()
        })
    }
}

/// The points of one crop from its heats ([`POINTS`] planes of [`HEAT_SIDE`] × [`HEAT_SIDE`] cells), px of the crop.
pub fn located(heats: &[f32]) -> Vec<[f32; 2]> {
    let cell = (SIDE / HEAT_SIDE) as f32;
    let point = |heats: &[f32]| {
        let most = heats.iter().copied().fold(f32::MIN, f32::max);
        let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
        for (at, heat) in heats.iter().enumerate() {
            let share = (heat - most).exp();
            sum += share;
            x += share * ((at % HEAT_SIDE) as f32 + 0.5);
            y += share * ((at / HEAT_SIDE) as f32 + 0.5);
        }
        [cell * x / sum, cell * y / sum]
    };
    heats.chunks_exact(HEAT_SIDE * HEAT_SIDE).map(point).collect()
}

/// The likeliest class of each pixel of one crop and how much of it is the person (0 to 1), from its maps (4 × [`MAPS`]
/// planes of 128 × 128 cells): [`SIDE`] × [`SIDE`] values each.
pub fn parted(maps: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let half = SIDE / 2;
    let area = half * half;
    let mut classes = vec![0; SIDE * SIDE];
    let mut person = vec![0.0; SIDE * SIDE];
    for pixel in 0..SIDE * SIDE {
        let (x, y) = (pixel % SIDE, pixel / SIDE);
        let first = (2 * (y % 2) + x % 2) * area + (y / 2) * half + x / 2;
        let value = |map: usize| maps[first + 4 * map * area];
        let best = (1..CLASSES.len()).fold(0, |best, class| if value(class) > value(best) { class } else { best });
        classes[pixel] = best as u8;
        person[pixel] = 1.0 / (1.0 + (-value(MAPS - 1)).exp());
    }
    (classes, person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_brings_the_eyes_to_their_place() {
        let eyes = [[200.0, 300.0], [290.0, 270.0]];
        let map = aligned(eyes);
        for (from, to) in EYES.iter().zip(eyes) {
            let [x, y] = *from;
            let found = [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
            assert!((found[0] - to[0]).abs() < 1e-3 && (found[1] - to[1]).abs() < 1e-3, "{found:?}");
        }
    }

    #[test]
    fn a_mirror_is_its_own_inverse_and_keeps_pairs_apart() {
        for at in 0..POINTS {
            assert_eq!(mirrored_point(mirrored_point(at)), at, "point {at}");
        }
        // Outer eye corners, mouth corners, inner brow ends, upper lids near the nose, wings of the nose.
        for (left, right) in [(36, 45), (48, 54), (21, 22), (38, 43), (31, 35), (41, 46), (60, 64), (67, 65), (59, 55)]
        {
            assert_eq!(mirrored_point(left), right);
        }
        for middle in [8, 27, 30, 33, 51, 57, 62, 66] {
            assert_eq!(mirrored_point(middle), middle);
        }
    }

    #[test]
    fn maps_of_the_mirror_image_come_back_into_the_crops_frame() {
        let half = SIDE / 2;
        let at =
            |map: usize, [x, y]: [usize; 2]| (4 * map + 2 * (y % 2) + x % 2) * half * half + (y / 2) * half + x / 2;
        let (mut maps, mut mirrored) = (vec![0.0; 4 * MAPS * half * half], vec![0.0; 4 * MAPS * half * half]);
        maps[at(5, [31, 8])] = 2.0;
        mirrored[at(5, [SIDE - 1 - 31, 8])] = 4.0;
        let mean = with_mirrored_maps(&maps, &mirrored);
        assert_eq!(mean[at(5, [31, 8])], 3.0);
        assert_eq!(mean.iter().filter(|&&value| value != 0.0).count(), 1);
    }

    #[test]
    fn a_sharp_heat_is_its_cells_middle() {
        let mut heats = vec![0.0; 2 * HEAT_SIDE * HEAT_SIDE];
        heats[10 * HEAT_SIDE + 20] = 80.0;
        let points = located(&heats);
        assert_eq!(points[0], [82.0, 42.0]);
        assert_eq!(points[1], [128.0, 128.0]);
    }

    #[test]
    fn each_cell_speaks_for_four_pixels() {
        let area = 128 * 128;
        let mut maps = vec![0.0; 4 * MAPS * area];
        // Lips, third pixel of the cell at (5, 7): x 10, y 15; and the person at the fourth.
        maps[(4 * 5 + 2) * area + 7 * 128 + 5] = 3.0;
        maps[(4 * 9 + 3) * area + 7 * 128 + 5] = 20.0;
        let (classes, person) = parted(&maps);
        assert_eq!(classes[15 * SIDE + 10], 5);
        assert_eq!(classes.iter().filter(|&&class| class != 0).count(), 1);
        assert!(person[15 * SIDE + 11] > 0.99 && (person[0] - 0.5).abs() < 1e-6);
    }
}
