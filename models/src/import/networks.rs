//! What each published network's tensors are called, what they become, and what is refused of them.
//!
//! A gray drawing is shown to a network of three planes as three equal ones. Its first convolution then computes the same from
//! one plane with the planes' weights summed (and whatever shifts and scales the planes before it): that is done. Behind the
//! last convolution it is not so simple: AdaIN's decoder is linear there, and the mean of its planes is the drawing; behind a
//! generator's tanh only planes that are equal can be one, and any other generator of colour is refused.
//!
//! Sources: pix2pixHD `models/networks.py` (GlobalGenerator), pytorch-AdaIN `net.py`, torchvision `vgg.py` and `inception.py`,
//! pytorch-fid `inception.py`.

use candle_core::Device;
use candle_core::Tensor;
use safetensors::Dtype;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::ImportError;
use super::Imported;
use super::state::Block;
use super::state::State;
use crate::ModelError;
use crate::encoder::Encoder;
use crate::generator::Generator;
use crate::inception;
use crate::inception::Inception;
use crate::inception::Port;
use crate::line_drawer::LineDrawer;
use crate::line_drawer::Style;

/// Which network a checkpoint is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// pix2pixHD's global generator of four halvings and nine blocks, as sRender has it.
    Generator,
    /// VGG-19.
    Vgg,
    /// Inception-v3.
    Inception,
}

/// A drawing: `width` × `height` values row by row, paper 1 and ink 0.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// Its values.
    pub plane: &'a [f32],
    /// Its width, px.
    pub width: usize,
    /// Its height, px.
    pub height: usize,
}

/// The widest generator: twice pix2pixHD's.
const WIDEST: usize = 128;
/// Our convolutions of an encoder, and which place of the `Sequential` each has in AdaIN's and in torchvision's VGG-19.
const VGG: [(&str, usize, usize); 13] = [
    ("conv1_1", 2, 0),
    ("conv1_2", 5, 2),
    ("conv2_1", 9, 5),
    ("conv2_2", 12, 7),
    ("conv3_1", 16, 10),
    ("conv3_2", 19, 12),
    ("conv3_3", 22, 14),
    ("conv3_4", 25, 16),
    ("conv4_1", 29, 19),
    ("conv4_2", 32, 21),
    ("conv4_3", 35, 23),
    ("conv4_4", 38, 25),
    ("conv5_1", 42, 28),
];
/// How many of them an encoder has that ends at relu4_1, as a line drawer's does.
const VGG_SHALLOW: usize = 9;
/// Which places the convolutions have that lie behind relu5_1.
const VGG_DEEPER: [[usize; 3]; 2] = [[45, 48, 51], [30, 32, 34]];
/// Mean and deviation of ImageNet's planes, red, green and blue, by which torchvision's networks are fed.
const IMAGENET: [(f64, f64); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];
/// Our convolutions of a decoder, their places in AdaIN's, and between which of the encoder's widths they lie.
const DECODER: [(&str, usize, usize, usize); 8] = [
    ("conv4_1", 1, 3, 2),
    ("conv3_4", 5, 2, 2),
    ("conv3_3", 8, 2, 2),
    ("conv3_2", 11, 2, 2),
    ("conv3_1", 14, 2, 1),
    ("conv2_2", 18, 1, 1),
    ("conv2_1", 21, 1, 0),
    ("conv1_2", 25, 0, 0),
];
/// The decoder's last convolution.
const DECODER_LAST: usize = 28;
/// What torchvision's and pytorch-fid's batch normalisations add to the variance.
const INCEPTION_EPS: f64 = 1e-3;

/// The network of `kind` that the checkpoint `bytes` holds.
///
/// # Errors
/// The checkpoint is none, is damaged, asks for code, or is not of that kind.
pub fn import(kind: Kind, bytes: &[u8]) -> Result<Imported, ImportError> {
    let state = State::read(bytes)?;
    match kind {
        Kind::Generator => generator(state),
        Kind::Vgg => vgg(state),
        Kind::Inception => inception(state),
    }
}

fn generator(mut state: State) -> Result<Imported, ImportError> {
    const WHAT: &str = "generator of pix2pixHD";
    let other = |what: String| ImportError::Other { kind: WHAT, what };
    let (width, planes) = match state.dims("model.1.weight") {
        Some(&[width @ 1..=WIDEST, planes, 7, 7]) => (width, planes),
        Some(dims) => return Err(other(format!("its first convolution is {dims:?}, not [width, planes, 7, 7]"))),
        None => return Err(other("it has no \"model.1.weight\"".to_owned())),
    };
    if planes != 1 && planes != 3 {
        return Err(ImportError::Unlike {
            what: format!("its generator is fed {planes} planes (labels and edges, it seems)"),
            remedy: "only generators that are fed a drawing, of 1 or 3 planes, can sketch one",
        });
    }
    if state.dims("model.2.weight").is_some() {
        return Err(ImportError::Unlike {
            what: "its generator normalises by learned scales".to_owned(),
            remedy: "only instance normalisation without them (--norm instance) is known here",
        });
    }
    let mut file = File::default();
    let mut notes = Vec::new();
    // Before PyTorch 0.4 an instance normalisation kept statistics that it never used.
    let statistics = state.leave(|name| name.contains(".running_"));
    let first = state.take("model.1.weight", &[width, planes, 7, 7])?;
    file.add("model.1.weight", summed(first, &vec![1.0; planes]));
    if planes == 3 {
        notes.push("its input of three planes became one, exactly what it computes of a gray drawing".to_owned());
    }
    let mut dead = 0;
    let mut layer = |file: &mut File, state: &mut State, name: String, dims: [usize; 4]| -> Result<(), ImportError> {
        let name = format!("model.{name}");
        file.add(format!("{name}.weight"), state.take(&format!("{name}.weight"), &dims)?);
        dead += state.leave(|left| left.strip_suffix(".bias") == Some(&name));
        Ok(())
    };
    let deep = width << 4;
    for at in 0..4 {
        layer(&mut file, &mut state, (4 + 3 * at).to_string(), [width << (at + 1), width << at, 3, 3])?;
    }
    for (at, place) in (16..25).flat_map(|at| [(at, 1), (at, 5)]) {
        layer(&mut file, &mut state, format!("{at}.conv_block.{place}"), [deep, deep, 3, 3])?;
    }
    for at in 0..4 {
        layer(&mut file, &mut state, (25 + 3 * at).to_string(), [deep >> at, deep >> (at + 1), 3, 3])?;
    }
    dead += state.leave(|left| left == "model.1.bias");
    let outputs = state.dims("model.38.weight").and_then(|dims| dims.first().copied()).unwrap_or(1);
    if outputs != 1 && outputs != 3 {
        return Err(other(format!("it draws {outputs} planes")));
    }
    let weight = state.take("model.38.weight", &[outputs, width, 7, 7])?;
    let bias = state.take("model.38.bias", &[outputs])?;
    let one = |block: &Block| block.values[..block.values.len() / outputs].to_vec();
    let alike = |block: &Block| block.values.chunks(block.values.len() / outputs).all(|plane| plane == one(block));
    if !alike(&weight) || !alike(&bias) {
        return Err(ImportError::Unlike {
            what: "its generator draws three planes that differ".to_owned(),
            remedy: "behind its tanh they cannot become one gray plane; name one trained with --output_nc 1",
        });
    }
    if outputs == 3 {
        notes.push("its three equal planes of output became one".to_owned());
    }
    file.add("model.38.weight", Block { dims: vec![1, width, 7, 7], values: one(&weight) });
    file.add("model.38.bias", Block { dims: vec![1], values: one(&bias) });
    if dead + statistics > 0 {
        notes.push(format!("{} tensors that a normalisation makes ineffective are left out", dead + statistics));
    }
    nothing_left(WHAT, &state)?;
    file.finish(format!("generator, {width} channels wide"), notes, |bytes| Generator::read(bytes).map(drop))
}

fn vgg(mut state: State) -> Result<Imported, ImportError> {
    const WHAT: &str = "VGG-19";
    let other = |what: String| ImportError::Other { kind: WHAT, what };
    let prefix = if state.dims("features.0.weight").is_some() { "features." } else { "" };
    let first = state.dims(&format!("{prefix}0.weight"));
    let first = first.ok_or_else(|| other("it has neither \"0.weight\" nor \"features.0.weight\"".to_owned()))?;
    let adain = first == [3, 3, 1, 1];
    if state.dims(&format!("{prefix}1.weight")).is_some() {
        return Err(ImportError::Unlike {
            what: "it is a VGG with batch normalisations".to_owned(),
            remedy: "name the plain VGG-19, vgg19-*.pth",
        });
    }
    let mut notes = vec!["its input of three planes became one, exactly what it computes of a gray picture".to_owned()];
    // What is done to each plane before the first 3 × 3 convolution, of a gray picture: factor and shift.
    let before: Vec<(f64, f64)> = if adain {
        let (weight, bias) = (state.take("0.weight", &[3, 3, 1, 1])?, state.take("0.bias", &[3])?);
        let factor = |row: &[f32]| row.iter().map(|&value| f64::from(value)).sum();
        weight.values.chunks(3).map(factor).zip(bias.values.iter().map(|&shift| f64::from(shift))).collect()
    } else {
        notes.push("ImageNet's normalisation is in its first convolution: it takes light from 0 to 1".to_owned());
        notes.push("it was trained with zeros around its pictures, here they are mirrored: edges differ".to_owned());
        IMAGENET.iter().map(|&(mean, deviation)| (1.0 / deviation, -mean / deviation)).collect()
    };
    let place = |&(_, in_adain, in_torchvision): &(&str, usize, usize)| {
        format!("{prefix}{}", if adain { in_adain } else { in_torchvision })
    };
    let goes_deep = state.dims(&format!("{}.weight", place(&VGG[VGG.len() - 1]))).is_some();
    let layers = if goes_deep { &VGG[..] } else { &VGG[..VGG_SHALLOW] };
    let mut file = File::default();
    let mut widths = Vec::new();
    let mut inputs = 3;
    for layer in layers {
        let (name, place) = (layer.0, place(layer));
        let outputs = match state.dims(&format!("{place}.weight")) {
            Some(&[outputs, ..]) => outputs,
            _ => return Err(other(format!("it has no convolution \"{place}.weight\""))),
        };
        let weight = state.take(&format!("{place}.weight"), &[outputs, inputs, 3, 3])?;
        let mut bias = state.take(&format!("{place}.bias"), &[outputs])?;
        if name == "conv1_1" {
            let shifts: Vec<f64> = before.iter().map(|&(_, shift)| shift).collect();
            add_shift(&mut bias, &weight, &shifts);
            file.add("conv1_1.weight", summed(weight, &before.iter().map(|&(factor, _)| factor).collect::<Vec<_>>()));
        } else {
            file.add(format!("{name}.weight"), weight);
        }
        file.add(format!("{name}.bias"), bias);
        if name.ends_with("_1") {
            widths.push(outputs.to_string());
        }
        inputs = outputs;
    }
    let deeper = VGG_DEEPER[usize::from(!adain)].map(|place| format!("{prefix}{place}."));
    let unused: Vec<String> =
        VGG[layers.len()..].iter().map(|layer| format!("{}.", place(layer))).chain(deeper).collect();
    let left = state
        .leave(|name| name.starts_with("classifier.") || unused.iter().any(|place| name.starts_with(place.as_str())));
    if left > 0 {
        let last = if goes_deep { "relu5_1" } else { "relu4_1" };
        notes.push(format!("{left} tensors behind {last} are left out"));
    }
    nothing_left(WHAT, &state)?;
    let what = format!("encoder with VGG-19's plan, {} channels wide", widths.join(", "));
    file.finish(what, notes, |bytes| Encoder::read_cpu(bytes).map(drop))
}

/// The line drawer of AdaIN's decoder in the checkpoint `decoder`, the encoder it was trained with (this crate's file of it,
/// as [`import`] makes), and a drawing to draw like.
///
/// # Errors
/// The checkpoint or the encoder cannot be used, or they do not belong to each other; the drawing is below 16 px a side.
pub fn line_drawer(decoder: &[u8], encoder: &[u8], drawing: Drawing) -> Result<Imported, ImportError> {
    const WHAT: &str = "decoder of AdaIN";
    let mut state = State::read(decoder)?;
    let network = Encoder::read_cpu(encoder)?;
    let widths = network.plan().widths;
    let mut file = File::default();
    for (name, place, from, to) in DECODER {
        for (part, dims) in [("weight", vec![widths[to], widths[from], 3, 3]), ("bias", vec![widths[to]])] {
            file.add(format!("decoder.{name}.{part}"), state.take(&format!("{place}.{part}"), &dims)?);
        }
    }
    let weight = state.take(&format!("{DECODER_LAST}.weight"), &[3, widths[0], 3, 3])?;
    file.add("decoder.conv1_1.weight", weight);
    file.add("decoder.conv1_1.bias", state.take(&format!("{DECODER_LAST}.bias"), &[3])?);
    nothing_left(WHAT, &state)?;

    let input = |what: String| ModelError::Input { what };
    let Drawing { plane, width, height } = drawing;
    if plane.len() != width * height || width.min(height) < 16 {
        let what = format!("a drawing of {width} x {height} px; a side has 16 px at least");
        return Err(input(what).into());
    }
    let style = || -> candle_core::Result<(Vec<f32>, Vec<f32>)> {
        let x = Tensor::from_slice(plane, (1, 1, height, width), &Device::Cpu)?;
        let style = Style::of(&network.forward(&x)?[3])?;
        Ok((style.mean.flatten_all()?.to_vec1()?, style.std.flatten_all()?.to_vec1()?))
    };
    let (mean, std) = style().map_err(|error| input(error.to_string()))?;
    file.add("style.mean", Block { dims: vec![widths[3]], values: mean });
    file.add("style.std", Block { dims: vec![widths[3]], values: std });
    file.add_encoder(encoder)?;
    let notes = vec!["it draws in gray by the mean of its three planes, exactly".to_owned()];
    let what = format!("line drawer, {} channels wide", widths.map(|width| width.to_string()).join(", "));
    file.finish(what, notes, |bytes| LineDrawer::read(bytes).map(drop))
}

fn inception(mut state: State) -> Result<Imported, ImportError> {
    const WHAT: &str = "Inception-v3";
    let other = |what: String| ImportError::Other { kind: WHAT, what };
    // ImageNet's 1000 classes and one for the background, in TensorFlow's numbers of 2015, make 1008.
    let port = match state.dims("fc.weight") {
        Some(&[1008, _]) => Port::Fid,
        Some(&[1000, _]) => Port::Torchvision,
        Some(dims) => return Err(other(format!("it tells {} classes, not 1008 or 1000", dims.first().unwrap_or(&0)))),
        None => return Err(other("it has no \"fc.weight\", which tells FID's network from torchvision's".to_owned())),
    };
    let mut file = File::default();
    for (name, height, width) in inception::layers() {
        let first = file.tensors.is_empty();
        let (outputs, inputs) = match state.dims(&format!("{name}.conv.weight")) {
            Some(&[outputs, inputs, ..]) => (outputs, inputs),
            _ => return Err(other(format!("it has no convolution \"{name}.conv.weight\""))),
        };
        let mut weight = state.take(&format!("{name}.conv.weight"), &[outputs, inputs, height, width])?;
        let mut of_norm = |part: &str| state.take(&format!("{name}.bn.{part}"), &[outputs]);
        let (scale, mut bias) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
        let one = weight.values.len() / outputs;
        for (at, kernel) in weight.values.chunks_mut(one).enumerate() {
            let factor = f64::from(scale.values[at]) / (f64::from(variance.values[at]) + INCEPTION_EPS).sqrt();
            if !factor.is_finite() {
                let what = "a variance of it is negative".to_owned();
                return Err(ImportError::Tensor { name: format!("{name}.bn.running_var"), what });
            }
            kernel.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
            bias.values[at] = (f64::from(bias.values[at]) - f64::from(mean.values[at]) * factor) as f32;
        }
        if first {
            weight = summed(weight, &vec![1.0; inputs]);
        }
        file.add(format!("{}{name}.weight", port.prefix()), weight);
        file.add(format!("{}{name}.bias", port.prefix()), bias);
    }
    let left = state.leave(|name| name.starts_with("AuxLogits.") || name.starts_with("fc."));
    nothing_left(WHAT, &state)?;
    let which = match port {
        Port::Fid => "FID's Inception-v3",
        Port::Torchvision => "torchvision's Inception-v3",
    };
    let notes = vec![
        "its input of three planes became one, exactly what it computes of a gray picture".to_owned(),
        format!("its normalisations are folded in; {left} tensors of its classifiers are left out"),
    ];
    let mut features = 0;
    let mut imported = file.finish(String::new(), notes, |bytes| {
        features = Inception::read(bytes)?.features();
        Ok(())
    })?;
    imported.what = format!("{which}, {features} features");
    Ok(imported)
}

/// The convolution `weight` over planes that are all one plane, each times its factor: over that one plane.
fn summed(weight: Block, factors: &[f64]) -> Block {
    let Block { mut dims, values } = weight;
    let planes = factors.len();
    let area = dims[2..].iter().product::<usize>();
    let sum = |kernels: &[f32], at: usize| -> f64 {
        (0..planes).map(|plane| f64::from(kernels[plane * area + at]) * factors[plane]).sum()
    };
    let values =
        values.chunks(planes * area).flat_map(|kernels| (0..area).map(move |at| sum(kernels, at) as f32)).collect();
    dims[1] = 1;
    Block { dims, values }
}

/// Adds to `bias` what the convolution `weight` makes of planes that are `shifts` everywhere.
fn add_shift(bias: &mut Block, weight: &Block, shifts: &[f64]) {
    let area = weight.dims[2..].iter().product::<usize>();
    for (bias, kernels) in bias.values.iter_mut().zip(weight.values.chunks(shifts.len() * area)) {
        let sum = |kernel: &[f32]| kernel.iter().map(|&value| f64::from(value)).sum::<f64>();
        let shift: f64 = kernels.chunks(area).zip(shifts).map(|(kernel, shift)| sum(kernel) * shift).sum();
        *bias = (f64::from(*bias) + shift) as f32;
    }
}

fn nothing_left(kind: &'static str, state: &State) -> Result<(), ImportError> {
    let mut names = state.names();
    match names.next() {
        None => Ok(()),
        Some(first) => {
            let what = format!("{} tensors are none of its, the first is \"{first}\"", names.count() + 1);
            Err(ImportError::Other { kind, what })
        }
    }
}

/// A safetensors file in the making.
#[derive(Default)]
struct File {
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
    /// Whether a sum or a product was too large for a number of single precision.
    overflows: bool,
}

impl File {
    fn add(&mut self, name: impl Into<String>, block: Block) {
        self.overflows |= block.values.iter().any(|value| !value.is_finite());
        let bytes = block.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensors.push((name.into(), Dtype::F32, block.dims, bytes));
    }

    /// The tensors of the encoder's file that a line drawer looks through.
    fn add_encoder(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let encoder = SafeTensors::deserialize(bytes)
            .map_err(|error| ModelError::Tensors { what: format!("the encoder is no safetensors file ({error})") })?;
        let is_behind = |name: &str| VGG[VGG_SHALLOW..].iter().any(|layer| name.split('.').next() == Some(layer.0));
        for (name, view) in encoder.tensors().into_iter().filter(|(name, _)| !is_behind(name)) {
            let name = format!("encoder.{name}");
            self.tensors.push((name, view.dtype(), view.shape().to_vec(), view.data().to_vec()));
        }
        Ok(())
    }

    /// The file, once `read` has read it back.
    fn finish(
        self,
        what: String,
        notes: Vec<String>,
        read: impl FnOnce(&[u8]) -> Result<(), ModelError>,
    ) -> Result<Imported, ImportError> {
        let broken = |error: safetensors::SafeTensorError| ModelError::Tensors { what: error.to_string() };
        if self.overflows {
            return Err(ImportError::Damaged {
                what: "its weights are so large that their sums are no numbers".to_owned(),
            });
        }
        let tensors = self.tensors.len();
        let mut views = Vec::new();
        for (name, dtype, dims, bytes) in &self.tensors {
            views.push((name, TensorView::new(*dtype, dims.clone(), bytes).map_err(broken)?));
        }
        let bytes = safetensors::serialize(views, None).map_err(broken)?;
        // A wide generator is large enough not to be there thrice.
        drop(self);
        read(&bytes)?;
        Ok(Imported { bytes, what, tensors, notes })
    }
}
