//! The networks that only training needs, every loss of the drawing networks with its gradient, and ten steps of each kind of
//! training are PyTorch's; `fixtures/objective_numbers.py` made the numbers.

use std::collections::HashMap;

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::detail_drawer::DetailNet;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::generator::Generator;
use models::line_drawer::Decoder;
use models::line_drawer::DrawerNet;
use models::stroke_classifier::StrokeClassifier;
use training::details;
use training::discriminator::Discriminators;
use training::objective::adversarial::Ought;
use training::objective::adversarial::answered;
use training::objective::adversarial::answered_where;
use training::objective::adversarial::feature_matching;
use training::objective::adversarial::least_squares;
use training::objective::adversarial::telling;
use training::objective::lines::consistency;
use training::objective::lines::pyramid;
use training::objective::lines::sparsity;
use training::objective::perceptual::content;
use training::objective::perceptual::perceptual;
use training::objective::perceptual::style;
use training::objective::pix2pix;
use training::objective::sketch::Judges;
use training::objective::sketch::Weights;
use training::objective::strokes::likelihood;
use training::objective::strokes::strokes;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::pix2pix::PixDiscriminator;
use training::pix2pix::PixGenerator;
use training::recipe::named;
use training::squeezenet::Teacher;

#[path = "../../tests/numbers/mod.rs"]
mod numbers;

use numbers::check_digest;
use numbers::check_network;
use numbers::floats;
use numbers::light;
use numbers::noise;
use numbers::weights;

/// Relative to a tensor's norm: rounding through some twenty layers.
const TOLERANCE: f32 = 2e-4;
/// Of losses, relative, in the first five rows of a table and in the others: each step builds on the one before, and once
/// rounding has bent a rectifier the other way, two runs part slowly.
const TABLE_TOLERANCES: [f64; 2] = [2e-4, 2e-2];
const WIDTHS: [usize; 4] = [3, 4, 5, 6];
/// Adam as sRender sets it.
const ADAM: Settings =
    Settings { first: 0.5, second: 0.999, epsilon: 1e-8, decay: 0.0, clip: f64::INFINITY, average: 0.999 };
/// How much each stroke type counts.
const TYPE_WEIGHTS: [f32; 7] = [1.0, 0.5, 2.0, 3.0, 4.0, 1.5, 2.5];

fn fixture() -> HashMap<String, Tensor> {
    numbers::fixture(include_bytes!("fixtures/objective_numbers.safetensors"))
}

/// A network with the numbers of `seed` as weights, and its variables.
fn made<T>(seed: u32, build: impl Fn(&VarBuilder) -> candle_core::Result<T>) -> Result<(T, VarMap)> {
    let map = VarMap::new();
    let net = build(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    weights(&map, seed);
    Ok((net, map))
}

/// A file of such a network, which does not learn.
fn file<T>(seed: u32, build: impl Fn(&VarBuilder) -> candle_core::Result<T>) -> Result<Vec<u8>> {
    let (_, map) = made(seed, build)?;
    let tensors: Vec<_> = named(&map).into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    Ok(safetensors::serialize(tensors, None)?)
}

fn encoder() -> Result<Encoder> {
    let plan = Plan { planes: 1, widths: WIDTHS, mixes: false, deep: true };
    Ok(Encoder::read(&file(300, |vb| Encoder::new(vb, plan))?, &Device::Cpu)?)
}

fn classifier() -> Result<StrokeClassifier> {
    Ok(StrokeClassifier::read(&file(400, StrokeClassifier::new)?, &Device::Cpu)?)
}

#[test]
fn discriminators_and_pix2pix_are_pytorchs() -> Result<()> {
    let numbers = fixture();
    let (net, map) = made(10, |vb| Discriminators::new(vb, 2, 4))?;
    let verdicts = net.forward(&noise(1, (1, 2, 64, 56)))?;
    let outputs: Vec<Tensor> =
        verdicts.into_iter().flat_map(|verdict| verdict.features.into_iter().chain([verdict.answer])).collect();
    check_network("discriminators", &outputs, &weights(&map, 10), None, &numbers, TOLERANCE);
    let (net, map) = made(10, |vb| PixGenerator::new(vb, 4))?;
    let x = noise(1, (1, 1, 32, 36));
    // Twenty normalisations and rectifiers one behind the other.
    check_network("pix_generator", &[net.forward(&x, None)?], &weights(&map, 10), None, &numbers, 1e-3);
    let (net, map) = made(10, |vb| PixDiscriminator::new(vb, 2, 4))?;
    let y = net.forward(&noise(1, (2, 2, 48, 56)))?;
    check_network("pix_discriminator", &[y], &weights(&map, 10), None, &numbers, TOLERANCE);
    Ok(())
}

#[test]
fn dropout_takes_half_and_is_the_same_for_the_same_lots() -> Result<()> {
    let (net, _) = made(10, |vb| PixGenerator::new(vb, 4))?;
    let x = noise(1, (1, 1, 32, 36));
    let drawn = |lots: Option<u64>| -> Result<Vec<f32>> {
        let mut lots = lots.map(|seed| training::recipe::lot(seed, 0, 0));
        Ok(numbers::floats(&net.forward(&x, lots.as_mut().map(|lots| lots as &mut dyn rand::RngCore))?))
    };
    assert_eq!(drawn(Some(1))?, drawn(Some(1))?);
    assert_ne!(drawn(Some(1))?, drawn(Some(2))?);
    assert_ne!(drawn(Some(1))?, drawn(None)?);
    Ok(())
}

#[test]
fn the_teachers_layout_is_squeezenets() -> Result<()> {
    let numbers = fixture();
    // The layers' names and shapes come from the constructor; they are filled as the script fills them.
    let map = VarMap::new();
    Teacher::new(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    weights(&map, 10);
    let tensors: Vec<_> = named(&map).into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    let teacher = Teacher::read(&safetensors::serialize(tensors, None)?, &Device::Cpu)?;
    for (at, feature) in teacher.features(&light(1, (1, 1, 64, 48)))?.iter().enumerate() {
        check_digest(&format!("teacher.y{at}"), feature, &numbers[&format!("teacher.y{at}")], TOLERANCE);
    }
    assert!(Teacher::read(&file(1, StrokeClassifier::new)?, &Device::Cpu).is_err());
    Ok(())
}

/// Fails where a loss, or its gradient with respect to `by`, is not the fixture's.
fn check_loss(name: &str, loss: &Tensor, what: &str, by: &Var, numbers: &HashMap<String, Tensor>) -> Result<()> {
    let (ours, theirs) = (loss.to_scalar::<f32>()?, numbers[&format!("{name}.y0")].to_vec1::<f32>()?[0]);
    assert!((ours - theirs).abs() < 1e-4 * theirs.abs(), "{name}: {ours}, not {theirs}");
    let gradients = loss.backward()?;
    let gradient = gradients.get(by).expect("a gradient");
    check_digest(name, gradient, &numbers[&format!("{name}.grad.{what}")], 5e-4);
    Ok(())
}

#[test]
fn every_loss_and_its_gradient_is_pytorchs() -> Result<()> {
    let numbers = fixture();
    let (encoder, psi) = (encoder()?, classifier()?);
    let (judges, _) = made(500, |vb| Discriminators::new(vb, 2, 4))?;
    let judges = judges.frozen();
    let (lines, real) = (noise(2, (1, 1, 64, 64)), noise(3, (1, 1, 64, 64)));
    let drew = Var::from_tensor(&noise(1, (1, 1, 64, 64)))?;
    let on = |x: &Tensor| judges.judge(&lines, x);
    let shown = |x: &Tensor| encoder.forward(&x.affine(0.5, 0.5)?);
    let by_drew = |name: &str, loss: candle_core::Result<Tensor>| check_loss(name, &loss?, "drew", &drew, &numbers);
    by_drew("least_squares", least_squares(&on(&drew)?, Ought::Real))?;
    by_drew("telling", telling(&on(&real)?, &on(&drew)?))?;
    by_drew("matching", feature_matching(&on(&drew)?, &on(&real)?))?;
    by_drew("perceptual", perceptual(&shown(&drew)?, &shown(&real)?))?;
    by_drew("content", content(&shown(&drew)?, &noise(4, (1, 6, 8, 8))))?;
    by_drew("style", style(&shown(&drew)?, &shown(&real)?))?;
    by_drew("consistency", consistency(&drew, &real))?;
    by_drew("sparsity", sparsity(&drew, &light(5, (1, 1, 64, 64))))?;
    by_drew("pyramid", pyramid(&drew, &real, 4))?;
    by_drew("strokes", strokes(&psi, &drew, &real, Mode::Learning))?;
    by_drew("strokes_running", strokes(&psi, &drew, &real, Mode::Drawing))?;
    let logits = noise(6, (16, 7));
    let answer = Var::from_tensor(&candle_nn::ops::log_softmax(&logits, 1)?)?;
    let types: Vec<u8> = (0..16).map(|at| at % 8).collect();
    check_loss("likelihood", &likelihood(&answer, &types, &TYPE_WEIGHTS)?, "answer", &answer, &numbers)?;
    assert!(likelihood(&answer, &types[1..], &TYPE_WEIGHTS).is_err());
    Ok(())
}

/// Ten rows of losses, each row from `step`, against the fixture's table.
fn check_table(name: &str, mut step: impl FnMut() -> Result<Vec<f32>>) -> Result<()> {
    let table = &fixture()[name];
    let mut shown = String::new();
    for row in 0..10 {
        let theirs: Vec<f32> = table.get(row)?.flatten_all()?.to_vec1()?;
        let ours = step()?;
        shown += &format!("\n{row}: {ours:?}, PyTorch {theirs:?}");
        assert_eq!(ours.len(), theirs.len(), "{shown}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            let apart = f64::from(ours - theirs).abs();
            assert!(apart < TABLE_TOLERANCES[row / 5] * f64::from(theirs.abs()), "{name}: {shown}");
        }
    }
    Ok(())
}

#[test]
fn ten_steps_of_the_stroke_classifier_are_pytorchs() -> Result<()> {
    let (net, map) = made(10, StrokeClassifier::new)?;
    let mut optimiser = AdamW::new(named(&map), ADAM)?;
    let types: Vec<u8> = (0..12).map(|at| at % 7).collect();
    check_table("steps.psi", || {
        let answer = net.forward(&noise(1, (12, 1, 16, 16)), Mode::Learning)?.answer;
        let loss = likelihood(&answer, &types, &TYPE_WEIGHTS)?;
        optimiser.step(&loss.backward()?, 1e-3)?;
        Ok(vec![loss.to_scalar()?])
    })
}

#[test]
fn ten_steps_of_a_detail_drawer_are_pytorchs() -> Result<()> {
    let (net, map) = made(10, |vb| DetailNet::new(vb, 4))?;
    let mut optimiser = AdamW::new(named(&map), ADAM)?;
    let (crops, wanted) = (light(1, (3, 2, 24, 20)), floats(&light(2, (3, 1, 24, 20))));
    check_table("steps.detail", || {
        let loss = details::asked(&net.logits(&crops, Mode::Learning)?, &wanted)?;
        optimiser.step(&loss.total.backward()?, 1e-3)?;
        Ok(loss.parts.into_iter().map(|part| part.1).collect())
    })
}

#[test]
fn ten_steps_of_the_line_drawer_are_pytorchs() -> Result<()> {
    let (decoder, map) = made(50, |vb| Decoder::new(vb, WIDTHS, true))?;
    let net = DrawerNet::new(encoder()?, decoder);
    let mut optimiser = AdamW::new(named(&map), ADAM)?;
    let (photo, drawing, unwanted) = (light(1, (2, 1, 48, 48)), light(2, (1, 1, 48, 48)), light(3, (2, 1, 48, 48)));
    check_table("steps.drawer", || {
        let drawn = net.forward_with(&photo, &drawing)?;
        let (seen, like) = (net.encoder().forward(&drawn.lines)?, net.encoder().forward(&drawing)?);
        let again = net.forward_with(&drawing, &drawing)?.lines;
        let terms = [
            content(&seen, &drawn.target)?,
            style(&seen, &like)?,
            consistency(&again, &drawing)?,
            sparsity(&drawn.lines, &unwanted)?,
        ];
        let mut total = (&terms[0] * 1.0)?;
        for (term, weight) in terms[1..].iter().zip([10.0, 5.0, 0.5]) {
            total = (total + (term * weight)?)?;
        }
        optimiser.step(&total.backward()?, 1e-3)?;
        Ok(terms.iter().map(Tensor::to_scalar).collect::<candle_core::Result<_>>()?)
    })
}

#[test]
fn ten_steps_of_the_generator_and_its_discriminators_are_pytorchs() -> Result<()> {
    let (generator, of_generator) = made(10, |vb| Generator::new(vb, 2))?;
    let (discriminators, of_discriminators) = made(500, |vb| Discriminators::new(vb, 2, 4))?;
    let (encoder, psi) = (encoder()?, classifier()?);
    let judges =
        Judges { discriminators: &discriminators, encoder: &encoder, strokes: &psi, stroke_mode: Mode::Learning };
    let mut players = [AdamW::new(named(&of_generator), ADAM)?, AdamW::new(named(&of_discriminators), ADAM)?];
    let (lines, real) = (noise(2, (1, 1, 128, 128)), noise(3, (1, 1, 128, 128)));
    check_table("steps.generator", || {
        let drew = generator.forward(&lines)?;
        let of_g = judges.generator(&lines, &drew, &real, &Weights::RELEASED)?;
        players[0].step(&of_g.total.backward()?, 5e-5)?;
        let of_d = judges.discriminators(&lines, &drew, &real)?;
        players[1].step(&of_d.total.backward()?, 5e-5)?;
        Ok(of_g.parts.into_iter().chain(of_d.parts).map(|part| part.1).collect())
    })
}

#[test]
fn the_generators_step_leaves_the_discriminators_alone() -> Result<()> {
    let (discriminators, map) = made(500, |vb| Discriminators::new(vb, 2, 4))?;
    let (encoder, psi) = (encoder()?, classifier()?);
    let judges =
        Judges { discriminators: &discriminators, encoder: &encoder, strokes: &psi, stroke_mode: Mode::Drawing };
    let (lines, real) = (noise(2, (1, 1, 64, 64)), noise(3, (1, 1, 64, 64)));
    let drew = Var::from_tensor(&noise(1, (1, 1, 64, 64)))?;
    let of_g = judges.generator(&lines, &drew, &real, &Weights::SLIDE)?;
    let names: Vec<_> = of_g.parts.iter().map(|part| part.0).collect();
    assert_eq!(names, ["adversarial", "matching", "perceptual", "strokes"]);
    let gradients = of_g.total.backward()?;
    assert!(gradients.get(&drew).is_some());
    assert!(named(&map).iter().all(|(_, var)| gradients.get(var).is_none()));
    let gradients = judges.discriminators(&lines, &drew, &real)?.total.backward()?;
    assert!(gradients.get(&drew).is_none());
    assert!(named(&map).iter().all(|(_, var)| gradients.get(var).is_some()));
    let bare = judges.generator(&lines, &drew, &real, &Weights::RELEASED.without_strokes())?;
    assert_eq!(bare.parts.len(), 3);
    assert_eq!((Weights::named("slide"), Weights::named("tango")), (Some(Weights::SLIDE), None));
    Ok(())
}

#[test]
fn the_ablations_generator_is_asked_for_ten_times_l1_and_leaves_its_discriminators_kernels_alone() -> Result<()> {
    let (judge, map) = made(10, |vb| PixDiscriminator::new(vb, 2, 4))?;
    let (lines, real) = (noise(2, (1, 1, 64, 64)), noise(3, (1, 1, 64, 64)));
    let drew = Var::from_tensor(&noise(1, (1, 1, 64, 64)))?;
    let of_g = pix2pix::generator(&judge, &lines, &drew, &real)?;
    let [("adversarial", adversarial), ("absolute", absolute)] = of_g.parts[..] else { panic!("{:?}", of_g.parts) };
    let l1 = (drew.as_tensor() - &real)?.abs()?.mean_all()?.to_scalar::<f32>()?;
    let passing = answered(&judge.judge(&lines, &drew)?, Ought::Real)?.to_scalar::<f32>()?;
    assert!((absolute - l1).abs() < 1e-5 && (adversarial - passing).abs() < 1e-5);
    assert!((of_g.total.to_scalar::<f32>()? - (adversarial + 10.0 * absolute)).abs() < 1e-4);
    let gradients = of_g.total.backward()?;
    let learns = |gradients: &candle_core::backprop::GradStore| {
        named(&map).iter().filter(|(name, var)| name.starts_with("layer") && gradients.get(var).is_some()).count()
    };
    assert!(gradients.get(&drew).is_some() && learns(&gradients) == 0);
    let of_d = pix2pix::discriminator(&judge, &lines, &drew, &real)?;
    let gradients = of_d.total.backward()?;
    assert!(gradients.get(&drew).is_none());
    assert_eq!(learns(&gradients), named(&map).iter().filter(|(name, _)| name.starts_with("layer")).count());
    Ok(())
}

#[test]
fn answers_that_do_not_count_have_no_part_in_the_loss() -> Result<()> {
    let answer = Var::from_slice(&[0.5f32, 3.0, 0.0, -7.0], (1, 1, 2, 2), &Device::Cpu)?;
    let counts = |counts: [f32; 4]| Tensor::from_slice(&counts, (1, 1, 2, 2), &Device::Cpu);
    let some = answered_where(&answer, Ought::Real, &counts([1.0, 0.0, 1.0, 0.0])?)?.expect("two count");
    assert_eq!(some.to_scalar::<f32>()?, (0.25 + 1.0) / 2.0);
    let gradient: Vec<f32> = some.backward()?.get(&answer).expect("it learns").flatten_all()?.to_vec1()?;
    assert_eq!(gradient, [-0.5, 0.0, -1.0, 0.0]);
    let all = answered_where(&answer, Ought::Drawn, &counts([1.0; 4])?)?.expect("all count");
    assert_eq!(all.to_scalar::<f32>()?, answered(&answer, Ought::Drawn)?.to_scalar::<f32>()?);
    assert!(answered_where(&answer, Ought::Real, &counts([0.0; 4])?)?.is_none());
    Ok(())
}
