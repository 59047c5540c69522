//! Eyes, noses and mouths that networks of their own draw, on the built program: beside F alone, on sample sitters.

use image::GrayImage;

use crate::program::Bench;

/// Where a portrait has its eyes: left, top, width and height, px.
const EYES: [[u32; 4]; 2] = [[156, 196, 100, 64], [256, 196, 100, 64]];

/// F's drawing of `sitter`, its details drawn by `weights`.
fn lines(bench: &Bench, sitter: &str, weights: &str) -> GrayImage {
    let out = format!("{sitter}-{}", weights.len());
    let setting = format!("style.weights={weights}");
    let run = bench.run(&["draw", "--style", "lines", "--sitter", sitter, "--out", &out, "--set", &setting]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    image::open(bench.path().join(out).join("lines.png")).expect("it was drawn").into_luma8()
}

/// How many pixels of a box are neither ink nor paper, and how many are ink.
fn counted(lines: &GrayImage, [left, top, width, height]: [u32; 4]) -> [usize; 2] {
    let inside = || (top..top + height).flat_map(|y| (left..left + width).map(move |x| lines.get_pixel(x, y).0[0]));
    [inside().filter(|ink| (64..192).contains(ink)).count(), inside().filter(|ink| *ink < 64).count()]
}

#[test]
fn eyes_are_drawn_cleaner_than_f_alone_draws_them_and_the_rest_as_it_does() {
    let bench = Bench::new();
    for sitter in ["nia", "samuel"] {
        let [alone, detailed] =
            ["[\"line_drawer\"]", "[\"line_drawer\", \"detail_drawer\"]"].map(|weights| lines(&bench, sitter, weights));
        let shipped = bench.run(&["draw", "--style", "lines", "--sitter", sitter, "--out", sitter]);
        assert_eq!(shipped.code, 0, "{}", shipped.stderr);
        let shipped = image::open(bench.path().join(sitter).join("lines.png")).expect("it was drawn").into_luma8();
        assert!(shipped == detailed, "{sitter}: the style draws details");
        let sums = [&alone, &detailed]
            .map(|lines| EYES.map(|eye| counted(lines, eye)).into_iter().fold([0, 0], |[a, b], [c, d]| [a + c, b + d]));
        let [[smudge, ink], [smudge_left, ink_left]] = sums;
        assert!(10 * smudge_left < 8 * smudge, "{sitter}: {smudge} px between ink and paper become {smudge_left}");
        assert!(10 * ink_left > 7 * ink, "{sitter}: of {ink} px of ink {ink_left} are left");
        for (x, y, pixel) in detailed.enumerate_pixels() {
            if !(140..420).contains(&y) || !(110..402).contains(&x) {
                assert_eq!(pixel, alone.get_pixel(x, y), "{sitter}: ({x}, {y}) is no detail");
            }
        }
    }
}

#[test]
fn a_moustache_stays() {
    let bench = Bench::new();
    let lip = |weights: &str| -> u32 {
        let lines = lines(&bench, "omar", weights);
        (302..326)
            .flat_map(|y| (206..306).map(move |x| (x, y)))
            .map(|(x, y)| 255 - u32::from(lines.get_pixel(x, y).0[0]))
            .sum()
    };
    let [alone, detailed] = ["[\"line_drawer\"]", "[\"line_drawer\", \"detail_drawer\"]"].map(lip);
    assert!(10 * detailed > 7 * alone, "of {alone} of darkness on the upper lip {detailed} is left");
}
