//! The networks that draw, and their gradients, against PyTorch's numbers; `fixtures/drawing_numbers.py` made them. And their
//! files: read, drawn with, refused.

use std::collections::HashMap;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::detail_drawer::DetailDrawers;
use models::detail_drawer::DetailNet;
use models::detail_drawer::PLACES;
use models::detail_drawer::Part;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::line_drawer::Decoder;
use models::line_drawer::DrawerNet;
use models::line_drawer::LineDrawer;
use models::line_drawer::Style;
use models::stroke_classifier::StrokeClassifier;
use models::stroke_classifier::patches;

mod numbers;

use numbers::apart;
use numbers::check_network;
use numbers::floats;
use numbers::light;
use numbers::noise;
use numbers::weights;

/// Relative to a tensor's norm: rounding through some twenty layers.
const TOLERANCE: f32 = 2e-4;
const WIDTHS: [usize; 4] = [3, 4, 5, 6];
const SLIM: Plan = Plan { planes: 1, widths: WIDTHS, mixes: false, deep: false };

fn fixture() -> HashMap<String, Tensor> {
    numbers::fixture(include_bytes!("fixtures/drawing_numbers.safetensors"))
}

fn made<T>(build: impl Fn(&VarBuilder) -> candle_core::Result<T>) -> (T, VarMap) {
    let map = VarMap::new();
    let net = build(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).expect("it can be made");
    (net, map)
}

/// A safetensors file of the variables of `map`, their names behind `prefix`, and of `more`.
fn file(parts: &[(&str, &VarMap)], more: &[(&str, Tensor)], left_out: &str) -> Vec<u8> {
    let mut tensors: Vec<(String, Tensor)> = more.iter().map(|(n, t)| ((*n).to_owned(), t.clone())).collect();
    for (prefix, map) in parts {
        let vars = map.data().lock().expect("no other thread");
        tensors.extend(vars.iter().map(|(name, var)| (format!("{prefix}{name}"), var.as_detached_tensor())));
    }
    tensors.retain(|(name, _)| name != left_out);
    safetensors::serialize(tensors, None).expect("a file")
}

#[test]
fn encoders_see_and_learn_as_pytorchs_do() {
    let deep = Plan { planes: 3, mixes: true, deep: true, ..SLIM };
    for (name, plan, x) in [("slim", SLIM, light(1, (2, 1, 37, 34))), ("deep", deep, light(1, (1, 1, 48, 40)))] {
        let (net, map) = made(|vb| Encoder::new(vb, plan));
        let named = weights(&map, 10);
        let x = Var::from_tensor(&x).expect("a variable");
        let features = net.forward(&x).expect("it fits");
        check_network(name, &features, &named, Some(&x), &fixture(), TOLERANCE);
        let read = Encoder::read(&file(&[("", &map)], &[], ""), &Device::Cpu).expect("it is whole");
        assert_eq!(read.plan(), plan);
        for (ours, theirs) in features.iter().zip(read.forward(&x.detach()).expect("it fits")) {
            assert_eq!(floats(ours), floats(&theirs));
        }
    }
}

/// A drawer whose decoder learns, and the maps of its encoder and its decoder.
fn drawer() -> (DrawerNet, VarMap, VarMap) {
    let (_, of_encoder) = made(|vb| Encoder::new(vb, SLIM));
    weights(&of_encoder, 10);
    // Read back, so that it does not learn.
    let encoder = Encoder::read(&file(&[("", &of_encoder)], &[], ""), &Device::Cpu).expect("it is whole");
    let (decoder, of_decoder) = made(|vb| Decoder::new(vb, WIDTHS, true));
    weights(&of_decoder, 50);
    (DrawerNet::new(encoder, decoder), of_encoder, of_decoder)
}

#[test]
fn the_line_drawer_draws_and_learns_as_pytorchs_does() {
    let numbers = fixture();
    let (net, _, of_decoder) = drawer();
    let named = weights(&of_decoder, 50);
    let (content, style) = (light(1, (2, 1, 40, 48)), light(2, (1, 1, 48, 40)));
    let drawn = net.forward_with(&content, &style).expect("it fits");
    check_network("drawer", &[drawn.logits, drawn.lines, drawn.target], &named, None, &numbers, TOLERANCE);
    let of_style = Style::of(&net.encoder().forward(&style).expect("it fits")[3]).expect("it has one");
    for (ours, theirs) in [(of_style.mean, "drawer.style.mean"), (of_style.std, "drawer.style.std")] {
        assert!(apart(&ours.flatten_all().expect("floats"), &numbers[theirs]) < TOLERANCE);
    }
}

#[test]
fn a_line_drawers_file_is_read_drawn_with_and_refused() {
    let (net, of_encoder, of_decoder) = drawer();
    let style = light(2, (1, 1, 48, 40));
    let of_style = Style::of(&net.encoder().forward(&style).expect("it fits")[3]).expect("it has one");
    let flat = |t: &Tensor| t.flatten_all().expect("floats");
    let more = [("style.mean", flat(&of_style.mean)), ("style.std", flat(&of_style.std))];
    let parts = [("encoder.", &of_encoder), ("decoder.", &of_decoder)];
    let read = LineDrawer::read(&file(&parts, &more, "")).expect("it is whole");
    let plane = floats(&light(1, 40 * 48));
    let x = Tensor::from_slice(&plane, (1, 1, 40, 48), &Device::Cpu).expect("a plane");
    let expected = net.forward_with(&x, &style).expect("it fits").lines;
    for _ in 0..2 {
        let lines = read.draw(&plane, 48, 40).expect("it fits");
        let lines = Tensor::from_vec(lines, (1, 1, 40, 48), &Device::Cpu).expect("as many");
        assert!(apart(&lines, &expected) < 1e-5);
    }
    for (plane, width, height) in [(&plane[..], 40, 47), (&plane[1..], 48, 40), (&plane[..8 * 64], 64, 8)] {
        let sentence = read.draw(plane, width, height).expect_err("it does not fit").to_string();
        assert!(sentence.contains("multiples of 8"), "{sentence}");
    }
    let refused =
        |left_out: &str| LineDrawer::read(&file(&parts, &more, left_out)).expect_err("it is wrong").to_string();
    assert!(refused("style.std").contains("\"style.std\" is missing"));
    assert!(refused("encoder.conv3_1.weight").contains("no encoder"));
    assert!(refused("decoder.conv1_1.weight").contains("no decoder"));
    assert!(refused("decoder.lateral2.weight").contains("lateral2.weight\" is missing"));
    assert!(refused("decoder.lateral1.weight").contains("no use for 2"));
}

#[test]
fn the_detail_drawer_draws_and_learns_as_pytorchs_does() {
    for (name, mode) in [("detail.learning", Mode::Learning), ("detail.drawing", Mode::Drawing)] {
        let (net, map) = made(|vb| DetailNet::new(vb, 4));
        let named = weights(&map, 10);
        let x = Var::from_tensor(&light(1, (2, 2, 23, 20))).expect("a variable");
        let logits = net.logits(&x, mode).expect("it fits");
        if mode == Mode::Drawing {
            let whole = file(&[("nose.", &map)], &[], "");
            assert!(DetailDrawers::is_in(&whole).expect("a file") && LineDrawer::read(&whole).is_err());
            let all = DetailDrawers::read(&whole).expect("it is whole");
            assert!(all.of(Part::Eye).is_none() && all.of(Part::Mouth).is_none());
            let read = all.of(Part::Nose).expect("it is there");
            let x = floats(&x.get(0).expect("the first"));
            let (gray, lines) = x.split_at(20 * 23);
            let drawn = Tensor::from_vec(read.draw(gray, lines, 20, 23).expect("it fits"), 20 * 23, &Device::Cpu);
            // Twice the logits: ink is ink, and paper paper.
            let twice = logits.get(0).and_then(|l| l.flatten_all()? * 2.0).expect("floats");
            let expected = candle_nn::ops::sigmoid(&twice);
            assert!(apart(&drawn.expect("as many"), &expected.expect("floats")) < 1e-5);
            assert!(read.draw(gray, lines, 23, 21).is_err());
            assert!(read.draw(&gray[..49], &lines[..49], 7, 7).is_err());
            let less = |left_out: &str| {
                let error = DetailDrawers::read(&file(&[("nose.", &map), ("mouth.", &map)], &[], left_out));
                error.expect_err("it is wrong").to_string()
            };
            assert!(less("nose.lines.bias").contains("\"nose.lines.bias\" is missing"));
            assert!(less("nose.down0.conv.weight").contains("no use for"));
            let none = file(&[("chin.", &map)], &[], "");
            assert!(!DetailDrawers::is_in(&none).expect("a file"));
            let refused = DetailDrawers::read(&none).expect_err("it is wrong");
            assert!(refused.to_string().contains("no drawer of details"));
        }
        check_network(name, &[logits], &named, Some(&x), &fixture(), TOLERANCE);
    }
}

#[test]
fn crops_lie_around_their_landmarks() {
    // All of a part's landmarks at one place of its own.
    let landmarks: [[f32; 2]; 68] = std::array::from_fn(|at| match at {
        17..=21 => [200.0, 210.0],
        36..=41 => [205.0, 236.4],
        22..=26 | 42..=47 => [310.0, 230.0],
        29..=35 => [256.0, 290.0],
        48..=59 => [250.0 + at as f32 % 2.0 * 12.0, 347.0],
        _ => [999.0, 999.0],
    });
    let corners = PLACES.map(|place| (place.part, place.mirrored, place.corner(&landmarks)));
    assert_eq!(corners[0], (Part::Eye, false, [203 - 56, 223 - 40]));
    assert_eq!(corners[1], (Part::Eye, true, [310 - 56, 230 - 40]));
    assert_eq!(corners[2], (Part::Nose, false, [256 - 48, 290 - 36]));
    assert_eq!(corners[3], (Part::Mouth, false, [256 - 72, 347 - 40]));
}

#[test]
fn details_networks_are_tiny() {
    let (_, map) = made(|vb| DetailNet::new(vb, 16));
    let count: usize = map.all_vars().iter().map(|var| var.elem_count()).sum();
    assert!((150_000..300_000).contains(&count), "{count}");
}

#[test]
fn the_stroke_classifier_sees_and_learns_as_pytorchs_does() {
    let numbers = fixture();
    for (name, mode) in [("strokes.learning", Mode::Learning), ("strokes.drawing", Mode::Drawing)] {
        let (net, map) = made(StrokeClassifier::new);
        let named = weights(&map, 10);
        let x = Var::from_tensor(&noise(1, (6, 1, 16, 16))).expect("a variable");
        let strokes = net.forward(&x, mode).expect("it fits");
        let outputs: Vec<Tensor> = strokes.features.into_iter().chain([strokes.answer]).collect();
        check_network(name, &outputs, &named, Some(&x), &numbers, TOLERANCE);
        if mode == Mode::Learning {
            let moved = &map.data().lock().expect("no other thread")["transition1.norm.running_var"];
            assert!(apart(moved, &numbers["strokes.running"]) < TOLERANCE);
        }
    }
    let (net, map) = made(StrokeClassifier::new);
    assert!(StrokeClassifier::read(&file(&[("", &map)], &[], ""), &Device::Cpu).is_ok());
    assert!(net.forward(&noise(1, (1, 1, 16, 15)), Mode::Drawing).is_err());
}

#[test]
fn patches_lie_row_by_row() {
    let x = Tensor::arange(0f32, 2.0 * 33.0 * 50.0, &Device::Cpu).and_then(|x| x.reshape((2, 1, 33, 50)));
    let x = x.expect("a shape");
    let cut = patches(&x).expect("it holds patches");
    assert_eq!(cut.dims(), [12, 1, 16, 16]);
    // The second picture's second row, third patch; its fourth row, fifth column.
    let value = cut.get(11).and_then(|p| p.get(0)?.get(3)?.get(4)?.to_scalar::<f32>()).expect("a number");
    assert_eq!(value, (33 * 50 + (16 + 3) * 50 + 2 * 16 + 4) as f32);
    assert!(patches(&noise(1, (1, 1, 15, 40))).is_err());
}
