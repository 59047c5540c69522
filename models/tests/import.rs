//! Checkpoints as PyTorch writes them, imported and run, against what PyTorch computes with them (`fixtures/published.py` made
//! both); and checkpoints that are wrong or mean harm, each refused in a sentence.

use std::collections::HashMap;

use candle_core::Device;
use candle_core::Tensor;
use models::encoder::Encoder;
use models::generator::Generator;
use models::import;
use models::import::Drawing;
use models::import::Kind;
use models::inception::Inception;
use models::inception::Port;
use models::line_drawer::LineDrawer;

mod checkpoint;
mod numbers;

use checkpoint::Form;
use checkpoint::Part;
use checkpoint::written;
use numbers::apart;
use numbers::check_digest;
use numbers::floats;
use numbers::light;
use numbers::noise;

/// Relative to a tensor's norm: rounding through some thirty layers, and weights folded in another order.
const TOLERANCE: f32 = 2e-4;
const GENERATOR: &[u8] = include_bytes!("fixtures/published/generator.pth");
const VGG_NORMALISED: &[u8] = include_bytes!("fixtures/published/vgg_normalised.pth");
const DECODER: &[u8] = include_bytes!("fixtures/published/decoder.pth");
const VGG19: &[u8] = include_bytes!("fixtures/published/vgg19.pth");
const INCEPTION: &[u8] = include_bytes!("fixtures/published/inception.pth");

fn computed() -> HashMap<String, Tensor> {
    numbers::fixture(include_bytes!("fixtures/published_numbers.safetensors"))
}

fn tensor(values: Vec<f32>) -> Tensor {
    let count = values.len();
    Tensor::from_vec(values, count, &Device::Cpu).expect("as many")
}

fn refused(kind: Kind, bytes: &[u8]) -> String {
    import::import(kind, bytes).expect_err("it is wrong").to_string()
}

fn check_refused(kind: Kind, bytes: &[u8], expected: &str) {
    let sentence = refused(kind, bytes);
    assert!(sentence.contains(expected), "{sentence}\nhas no\n{expected}");
    assert!(!sentence.contains('\n') && sentence.len() < 500, "{sentence}");
}

#[test]
fn a_generator_sketches_as_in_pytorch() {
    let imported = import::import(Kind::Generator, GENERATOR).expect("it is whole");
    assert_eq!((imported.what.as_str(), imported.tensors), ("generator, 1 channels wide", 29));
    assert_eq!(imported.notes.len(), 3, "{:?}", imported.notes);
    let plane = floats(&light(1, 64 * 48).affine(2.0, -1.0).expect("floats"));
    let sketch = Generator::read(&imported.bytes).expect("it is whole").draw(&plane, 48, 64).expect("it fits");
    check_digest("generator", &tensor(sketch), &computed()["generator"], TOLERANCE);
}

#[test]
fn both_published_encoders_see_as_in_pytorch() {
    for (name, bytes) in [("adain", VGG_NORMALISED), ("torchvision", VGG19)] {
        let imported = import::import(Kind::Vgg, bytes).expect("it is whole");
        assert_eq!(imported.what, "encoder with VGG-19's plan, 2, 3, 4, 5, 5 channels wide");
        let encoder = Encoder::read(&imported.bytes, &Device::Cpu).expect("it is whole");
        assert_eq!(encoder.plan().planes, 1);
        let features = encoder.forward(&light(1, (1, 1, 48, 40))).expect("it fits");
        assert_eq!(features.len(), 5);
        for (at, feature) in features.iter().enumerate() {
            check_digest(&format!("{name}.{at}"), feature, &computed()[&format!("{name}.{at}")], TOLERANCE);
        }
    }
}

#[test]
fn a_decoder_draws_in_the_manner_of_a_drawing_as_in_pytorch() {
    let encoder = import::import(Kind::Vgg, VGG_NORMALISED).expect("it is whole").bytes;
    let plane = floats(&light(2, 32 * 56));
    let drawing = Drawing { plane: &plane, width: 56, height: 32 };
    let imported = import::line_drawer(DECODER, &encoder, drawing).expect("they fit");
    assert_eq!(imported.what, "line drawer, 2, 3, 4, 5 channels wide");
    let photo = floats(&light(1, 48 * 40));
    let lines = LineDrawer::read(&imported.bytes).expect("it is whole").draw(&photo, 40, 48).expect("it fits");
    check_digest("lines", &tensor(lines), &computed()["lines"], TOLERANCE);

    let sentence = |decoder: &[u8], encoder: &[u8], drawing: Drawing| {
        import::line_drawer(decoder, encoder, drawing).expect_err("it is wrong").to_string()
    };
    let small = Drawing { plane: &plane[..56 * 8], width: 56, height: 8 };
    assert!(sentence(DECODER, &encoder, small).contains("16 px at least"));
    let narrow = Drawing { plane: &plane, width: 55, height: 32 };
    assert!(sentence(DECODER, &encoder, narrow).contains("55 x 32"));
    assert!(sentence(DECODER, DECODER, drawing).contains("no safetensors file"));
    assert!(sentence(VGG_NORMALISED, &encoder, drawing).contains("\"1.weight\" cannot be used: it is missing"));
}

#[test]
fn inception_describes_as_in_pytorch_both_as_fids_and_as_torchvisions() {
    let imported = import::import(Kind::Inception, INCEPTION).expect("it is whole");
    assert_eq!((imported.tensors, imported.notes.len()), (2 * 94, 2));
    assert_eq!(imported.what, "FID's Inception-v3, 9 features");
    let picture = |at: u32, size: f64, least: f64| floats(&light(at, 64 * 50).affine(size, least).expect("floats"));
    let pictures = [picture(0, 0.3, 0.6), picture(1, 0.9, 0.0), picture(2, 0.2, 0.2)];
    let check = |bytes: &[u8], port: Port, name: &str| {
        let inception = Inception::read(bytes).expect("it is whole");
        assert_eq!((inception.port(), inception.features()), (port, 9));
        for (at, plane) in pictures.iter().enumerate() {
            let features = tensor(inception.describe(plane, 50, 64).expect("it fits"));
            let off = apart(&features, &computed()[name].get(at).expect("a row"));
            assert!(off < TOLERANCE, "{name}, picture {at}: {off}");
        }
        assert!(inception.describe(&pictures[0], 64, 64).is_err());
    };
    check(&imported.bytes, Port::Fid, "inception.fid");
    // The same weights in the other port, which pools otherwise.
    let renamed = candle_core::safetensors::load_buffer(&imported.bytes, &Device::Cpu).expect("a file");
    let renamed = renamed.into_iter().map(|(name, tensor)| (name.replace("fid.", "torchvision."), tensor));
    let renamed = safetensors::serialize(renamed.collect::<Vec<_>>(), None).expect("a file");
    check(&renamed, Port::Torchvision, "inception.torchvision");
    assert!(apart(&computed()["inception.fid"], &computed()["inception.torchvision"]) > 10.0 * TOLERANCE);
    assert_eq!(Inception::is_in(&imported.bytes), Ok(true));
    let vgg = import::import(Kind::Vgg, VGG19).expect("it is whole").bytes;
    assert_eq!(Inception::is_in(&vgg), Ok(false));
    assert!(Inception::read(&vgg).expect_err("another").to_string().contains("no Inception-v3"));
}

#[test]
fn every_published_file_is_refused_as_another_kind() {
    check_refused(Kind::Generator, VGG19, "no generator of pix2pixHD: it has no \"model.1.weight\"; check --as");
    check_refused(Kind::Vgg, GENERATOR, "no VGG-19: it has neither");
    check_refused(Kind::Inception, VGG19, "no Inception-v3: it has no \"fc.weight\"");
    check_refused(Kind::Vgg, DECODER, "no VGG-19");
    check_refused(Kind::Vgg, INCEPTION, "no VGG-19");
}

/// The tensors of a generator so wide, of one plane.
fn generator(width: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |name: String, dims: Vec<usize>| {
        parts.push(Part::new(
            &format!("{name}.bias"),
            &[if dims[0] == 16 * width && name.len() > 8 { dims[1] } else { 1 }],
        ));
        parts.push(Part::new(&format!("{name}.weight"), &dims));
    };
    add("model.1".to_owned(), vec![width, 1, 7, 7]);
    for at in 0..4 {
        add(format!("model.{}", 4 + 3 * at), vec![width << (at + 1), width << at, 3, 3]);
    }
    for at in 16..25 {
        add(format!("model.{at}.conv_block.1"), vec![16 * width, 16 * width, 3, 3]);
        add(format!("model.{at}.conv_block.5"), vec![16 * width, 16 * width, 3, 3]);
    }
    for at in 0..4 {
        add(format!("model.{}", 25 + 3 * at), vec![(16 * width) >> at, (8 * width) >> at, 3, 3]);
    }
    add("model.38".to_owned(), vec![1, width, 7, 7]);
    parts
}

fn changed(change: impl Fn(&mut Vec<Part>)) -> Vec<u8> {
    let mut parts = generator(1);
    change(&mut parts);
    written(&parts, Form::Plain)
}

fn reshaped(name: &str, dims: &[usize]) -> Vec<u8> {
    changed(|parts| parts.iter_mut().filter(|part| part.name == name).for_each(|part| *part = Part::new(name, dims)))
}

#[test]
fn forms_that_checkpoints_have_are_all_read_alike() {
    let parts = generator(1);
    let plain = import::import(Kind::Generator, &written(&parts, Form::Plain)).expect("it is whole");
    assert_eq!(plain.notes.len(), 1, "{:?}", plain.notes);
    for form in [Form::Nested, Form::Python2, Form::Parameters, Form::Backwards, Form::Double] {
        let other = import::import(Kind::Generator, &written(&parts, form)).expect("it is whole");
        assert!(other.bytes == plain.bytes, "{form:?}");
    }
    let generator = Generator::read(&plain.bytes).expect("it is whole");
    let plane = floats(&noise(1, 32 * 32));
    assert!(generator.draw(&plane, 32, 32).expect("it fits").iter().all(|value| value.is_finite()));
}

#[test]
fn networks_of_another_make_are_refused() {
    let check = |bytes: &[u8], expected: &str| check_refused(Kind::Generator, bytes, expected);
    check(&changed(|parts| drop(parts.remove(3))), "\"model.4.weight\" cannot be used: it is missing");
    check(
        &changed(|parts| parts.push(Part::new("model.40.weight", &[1]))),
        "1 tensors are none of its, the first is \"model.40.weight\"",
    );
    check(
        &reshaped("model.7.weight", &[4, 3, 3, 3]),
        "\"model.7.weight\" cannot be used: its shape is [4, 3, 3, 3], not [4, 2, 3, 3]",
    );
    check(&reshaped("model.1.weight", &[2, 1, 7, 7]), "its shape is [2, 1, 3, 3], not [4, 2, 3, 3]");
    check(&reshaped("model.1.weight", &[1, 36, 7, 7]), "fed 36 planes");
    check(&reshaped("model.1.weight", &[4096, 1, 7, 7]), "[4096, 1, 7, 7], not [width");
    check(&reshaped("model.38.weight", &[2, 1, 7, 7]), "draws 2 planes");
    check(&changed(|parts| parts.push(Part::new("model.2.weight", &[1]))), "learned scales");
    let coloured = changed(|parts| {
        parts.retain(|part| !part.name.starts_with("model.38"));
        parts.extend([Part::new("model.38.weight", &[3, 1, 7, 7]), Part::new("model.38.bias", &[3])]);
    });
    check(&coloured, "three planes that differ; behind its tanh");
    let infinite = changed(|parts| parts[1].values[3] = f32::NAN);
    check(&infinite, "infinite or none");
    let huge = changed(|parts| {
        let first = parts.iter_mut().find(|part| part.name == "model.1.weight").expect("it is there");
        *first = Part { values: vec![f32::MAX; 3 * 49], ..Part::new("model.1.weight", &[1, 3, 7, 7]) };
    });
    check(&huge, "so large that their sums are no numbers");
    assert!(
        import::import(Kind::Generator, &changed(|parts| parts.push(Part::new("model.2.running_mean", &[1])))).is_ok()
    );

    // A VGG cut off behind relu4_1.
    let cut = [(2, 2, 3), (5, 2, 2), (9, 3, 2), (12, 3, 3), (16, 4, 3), (19, 4, 4), (22, 4, 4), (25, 4, 4), (29, 5, 4)];
    let first = [Part::new("0.weight", &[3, 3, 1, 1]), Part::new("0.bias", &[3])];
    let rest = cut.iter().flat_map(|&(at, outputs, inputs)| {
        [Part::new(&format!("{at}.weight"), &[outputs, inputs, 3, 3]), Part::new(&format!("{at}.bias"), &[outputs])]
    });
    let shallow = import::import(Kind::Vgg, &written(&first.into_iter().chain(rest).collect::<Vec<_>>(), Form::Plain));
    assert_eq!(shallow.expect("it is whole").tensors, 18);

    let vgg =
        |name: &str| written(&[Part::new("features.0.weight", &[2, 3, 3, 3]), Part::new(name, &[2])], Form::Plain);
    check_refused(Kind::Vgg, &vgg("features.1.weight"), "VGG with batch normalisations");
    check_refused(Kind::Vgg, &vgg("features.0.bias"), "no convolution \"features.2.weight\"");
    let classes = |classes| written(&[Part::new("fc.weight", &[classes, 2])], Form::Plain);
    check_refused(Kind::Inception, &classes(10), "10 classes");
    check_refused(Kind::Inception, &classes(1008), "no convolution \"Conv2d_1a_3x3.conv.weight\"");
}

#[test]
fn files_that_mean_harm_or_are_none_are_refused() {
    let check = |bytes: &[u8], expected: &str| check_refused(Kind::Generator, bytes, expected);
    let state = |pickle: &[u8]| checkpoint::in_a_row(pickle, &[]);
    check(&state(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."), "asks for \"posix.system\"");
    check(&state(b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R."), "asks for \"__builtin__.eval\"");
    check(&state(b"\x80\x02ctorch.nn.modules.conv\nConv2d\n)\x81."), "save net.state_dict() alone");
    check(&state(b"\x80\x02ctorch\nload\n\x1b[2J."), "asks for \"torch.load\"");
    check(&state(b"\x80\x02c\x1b[2J\nx\n."), "\"\u{fffd}[2J.x\"");
    check(&state(b"\x80\x02i__main__\nX\n."), "opcode 0x69");
    check(&state(b"\x80\x04."), "protocol 4");
    check(&state(b"\x80\x02."), "empty stack");
    check(&state(b"\x80\x02(."), "empty stack");
    check(&state(b"\x80\x02NN\x86Q."), "keeps numbers in a way that torch.save does not");
    check(&state(b"\x80\x02NN\x86N\x85R."), "calls a function in a way");
    check(&state(b"\x80\x02}X\xff\xff\xff\xff"), "ends too early");
    check(&state(b"\x80\x02X\x02\0\0\0\xff\xfe."), "a text that is none");
    check(&state(b"\x80\x02h\x07."), "recalls what it never kept");
    check(&state(b"\x80\x02]N}s."), "no dictionary");
    check(&state(b"\x80\x02N."), "no single set of weights (it is no dictionary)");
    check(&state(b"\x80\x02}."), "there is no tensor in it");
    check(&state(b"\x80\x02}q\0X\x01\0\0\0ah\0s."), "too deep");
    check(&state(&[&b"\x80\x02"[..], &b"N".repeat(1 << 20)].concat()), "more than 1048576 steps");
    check(&state(&[&b"\x80\x02"[..], &b"(".repeat(1 << 20)].concat()), "more than 1048576 steps");
    // A list of a thousand pairs, made into a dictionary two thousand times.
    let list = [&b"\x80\x02ccollections\nOrderedDict\nq\0]("[..], &b"NN\x86".repeat(1000), b"e\x85q\x01"].concat();
    check(&state(&[&list[..], &b"h\0h\x01R".repeat(2000), b"."].concat()), "more than 1048576 steps");

    for (bytes, expected) in [
        (&b""[..], "begins like none"),
        (b"\x93NUMPY", "begins like none"),
        (b"\x80\x02}.", "not torch.save's"),
        (b"PK\x03\x04", "not whole"),
    ] {
        check(bytes, expected);
    }
    let mut tar = vec![0; 300];
    tar[257..262].copy_from_slice(b"ustar");
    check(&tar, "tar file");
}

#[test]
fn tensors_that_are_not_there_are_refused() {
    let check = |part: Part, expected: &str| check_refused(Kind::Generator, &written(&[part], Form::Plain), expected);
    let part = || Part::new("model.1.weight", &[1, 1, 7, 7]);
    check(Part { count: Some(1 << 40), ..part() }, "not all in the file");
    check(Part { count: Some(50), ..part() }, "not all in the file");
    check(Part { offset: 1, ..part() }, "beyond its own numbers");
    check(Part { offset: (i32::MAX) as usize, ..part() }, "beyond its own numbers");
    check(Part { strides: Some(vec![49, 49, 8, 1]), ..part() }, "beyond its own numbers");
    check(Part { strides: Some(vec![49, 49, i32::MAX as usize, 1]), ..part() }, "beyond its own numbers");
    // One number shown 128 × 49 times.
    let stretched = Part { dims: vec![128, 1, 7, 7], strides: Some(vec![0; 4]), ..part() };
    check(stretched, "beyond its own numbers");
    check(Part { dims: vec![1, 1, 0, 7], ..part() }, "not [width");
    // Many tensors of the same numbers.
    let mut parts = generator(1);
    let first = parts.iter().position(|part| part.name.ends_with("conv_block.1.weight")).expect("there is one");
    for part in parts.iter_mut().filter(|part| part.name.contains("conv_block") && part.name.ends_with("weight")) {
        part.shares = Some(first);
    }
    check_refused(Kind::Generator, &written(&parts, Form::Plain), "overlaps with others");
    let whole = written(&[Part::new("model.1.weight", &[1, 1, 7, 7])], Form::Whole);
    check_refused(Kind::Generator, &whole, "whole ones");
}

#[test]
fn a_cut_or_damaged_file_never_panics_and_is_refused_where_it_can_be_told() {
    let cases: [(Kind, &[u8]); 4] =
        [(Kind::Vgg, VGG_NORMALISED), (Kind::Vgg, VGG19), (Kind::Vgg, DECODER), (Kind::Inception, INCEPTION)];
    for (kind, whole) in cases {
        for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            assert!(import::import(kind, &whole[..at]).is_err(), "{at} of {} bytes", whole.len());
        }
    }
    // A small VGG, each byte of it changed in turn; `tests/fuzz` damages larger files at random.
    let small = [Part::new("0.weight", &[1, 3, 3, 3]), Part::new("0.bias", &[1]), Part::new("2.weight", &[1, 1, 3, 3])];
    for seed in [written(&small, Form::Nested), written(&small, Form::Python2)] {
        for at in 0..seed.len() {
            for change in [1u8, 2, 16, 64, 128, 255] {
                let mut bytes = seed.clone();
                bytes[at] ^= change;
                let sentence = refused(Kind::Vgg, &bytes);
                assert!(!sentence.contains('\n') && sentence.len() < 500, "{sentence}");
            }
        }
    }
}
