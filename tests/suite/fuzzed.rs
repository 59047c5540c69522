//! The bodies of the fuzz targets (`tests/fuzz`), each run here on a few thousand damaged files with a fixed seed.
//!
//! A body must return: no panic, no endless loop, whatever the bytes.

#[path = "../fuzz/bodies.rs"]
mod bodies;

use portraitist::photo::sitters;

/// Damages `seed` in `times` reproducible ways and hands each to `body`.
fn damaged(seed: &[u8], times: u32, body: fn(&[u8])) {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        // xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators, scrambled".
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    };
    for _ in 0..times {
        let mut bytes = seed.to_vec();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at),
                2 => {
                    let end = (at + random(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    let number: &[u8] = [&b"-1"[..], b"0", b"1e308", b"99999999999", b"NaN", b"\""][random(6)];
                    bytes.splice(at..at, number.iter().copied());
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        body(&bytes);
    }
}

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='100mm' height='80mm' viewBox='0 0 100 80'>\
    <g transform='translate(3 4) rotate(7)'><path fill='none' stroke='#000' d='M1 1 C 2 3 4 5 6 7 A 3 4 5 0 1 20 20 z'/>\
    <polyline points='1,2 3,4 5,6' stroke='black'/><use href='#a' x='4'/></g>\
    <circle id='a' cx='30' cy='30' r='9' stroke='red' fill='none'/></svg>";

#[test]
fn svg() {
    damaged(SVG.as_bytes(), 1500, bodies::svg);
}

#[test]
fn config() {
    damaged(include_bytes!("../../config/default.toml"), 400, bodies::config);
}

#[test]
fn image() {
    damaged(sitters::sitters()[0].jpeg, 60, bodies::image);
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_fn(80, 70, |x, y| image::Luma([(x * y) as u8]))
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("encodes in memory");
    damaged(png.get_ref(), 600, bodies::image);
}

#[test]
fn plan() {
    damaged(&bodies::small_plan(), 600, bodies::plan);
}

#[test]
fn gcode() {
    damaged(b"G21\nG90\nM3S60\nG4P0.15\nG1X10.5Y-3F3000\n(note) X4 ; end\nG2X1Y1I2J2\n", 3000, bodies::gcode);
}

#[test]
fn checkpoint() {
    damaged(include_bytes!("../../models/tests/fixtures/published/vgg_normalised.pth"), 3000, bodies::checkpoint);
    damaged(include_bytes!("../../models/tests/fixtures/published/vgg19.pth"), 1000, bodies::checkpoint);
}
