//! Where in a picture the answers of a PatchGAN look: each is about a square patch, and the patches lie on a grid.

/// The patches of a map of answers, along either axis; px, 0 the picture's edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Side of a patch.
    pub side: f64,
    /// Middle of the first answer's patch.
    pub first: f64,
    /// From one patch's middle to the next.
    pub step: f64,
}

impl Field {
    /// Of answers behind layers of (kernel, stride, padding), the picture's side first (Araujo et al., "Computing receptive
    /// fields of convolutional neural networks", 2019, §2).
    pub fn through(layers: impl IntoIterator<Item = (usize, usize, usize)>) -> Self {
        let pixel = Self { side: 1.0, first: 0.5, step: 1.0 };
        layers.into_iter().fold(pixel, |Self { side, first, step }, (kernel, stride, padding)| {
            let reach = kernel as f64 - 1.0;
            Self {
                side: side + reach * step,
                first: first + (reach / 2.0 - padding as f64) * step,
                step: step * stride as f64,
            }
        })
    }

    /// The middle `share` of patch number `at`: where it begins and ends.
    pub fn middle(&self, at: usize, share: f64) -> [f64; 2] {
        let (middle, half) = (self.first + self.step * at as f64, share * self.side / 2.0);
        [middle - half, middle + half]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discriminator::Discriminators;
    use crate::pix2pix::PixDiscriminator;

    #[test]
    fn a_convolution_of_five_sees_two_pixels_to_either_side() {
        let field = Field::through([(5, 1, 2)]);
        assert_eq!(field, Field { side: 5.0, first: 0.5, step: 1.0 });
        assert_eq!(field.middle(7, 1.0), [5.0, 10.0]);
        assert_eq!(field.middle(7, 0.2), [7.0, 8.0]);
    }

    #[test]
    fn the_patches_are_those_the_papers_name() {
        // "70 × 70 PatchGAN" (Isola et al., 2017), its 30 answers over 256 px as far from one edge as from the other.
        let pix = PixDiscriminator::field();
        assert_eq!((pix.side, pix.step), (70.0, 8.0));
        assert_eq!(pix.first + pix.first + 29.0 * pix.step, 256.0);
        let [fine, coarse] = Discriminators::fields();
        assert_eq!((fine.side, fine.step), (70.0, 8.0));
        // The same behind a mean of 3 px at stride 2.
        assert_eq!((coarse.side, coarse.step), (141.0, 16.0));
    }
}
