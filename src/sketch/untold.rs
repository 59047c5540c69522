//! What lines cannot tell a network: the portrait's say in the tone of a sketch that was made from its lines.
//!
//! How light the hair is, how dark the cloth, how full brows and lips are, where a beard grows, where skin lies in the shade. Coverages are
//! those of `tone`, 0 to 1. Refuses nothing.

use super::LineDrawing;
use super::anatomy::Anatomy;
use super::beard::beard;
use super::even_light::even_light;
use super::tone;
use super::tone::ToneConfig;
use super::tone::step;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;

/// Smoothing of the light in hair.
const CALM_PX: f32 = 3.0;
/// The share of a beard below which what is dark in its place is a shadow.
pub const BEARDED: (f32, f32) = (0.1, 0.3);

/// What the portrait says beside its lines.
pub struct Untold {
    /// The portrait in even light.
    pub even: Field,
    /// How much of each place is moustache or beard.
    pub beard: Field,
    /// Where a beard would grow and none does: hatched, a chin in the shade would have one.
    pub bare: Field,
    /// How deep the tone of the hair is: 1 where it is dark, half of that where it is white.
    pub hair_depth: f32,
    /// Coverage of hair.
    pub hair: Field,
    /// Coverage of dark cloth.
    pub clothes: Field,
    /// Coverage of brows, moustache and beard.
    pub face_hair: Field,
    /// Coverage of skin in the shade.
    pub skin: Field,
    /// Coverage of lips and of the sockets of the eyes.
    pub features: Field,
    /// The angle of strokes, in radians.
    pub direction: Field,
}

impl Untold {
    /// What `portrait` says beside `lines`.
    pub fn of(portrait: &Portrait, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Self {
        let light = smooth::gaussian(&colour_model::luma(portrait.pixels()), CALM_PX);
        let even = even_light(portrait, anatomy);
        let (brows, beard) = (tone::brows(&even, anatomy), beard(portrait, anatomy));
        let features = tone::features_coverage(&even, lines, anatomy, config);
        let hairy = smooth::map2(&brows, &beard, f32::max);
        let place = smooth::map2(anatomy.beard(), anatomy.skin(), |zone, skin| zone * skin);
        let bare = smooth::map2(&place, &beard, |place, beard| place * (1.0 - step(beard, BEARDED.0, BEARDED.1)));
        Self {
            hair_depth: tone::hair_depth(&light, anatomy),
            hair: tone::hair_coverage(&light, anatomy, config.hair),
            clothes: tone::clothes_coverage(&light, lines, anatomy, config.clothes),
            face_hair: tone::face_hair_coverage(&brows, &beard, config.face_hair),
            skin: tone::skin_coverage(&even, lines, anatomy, config),
            direction: tone::directions(&even, anatomy, &hairy, &features, config),
            even,
            beard,
            bare,
            features,
        }
    }
}
