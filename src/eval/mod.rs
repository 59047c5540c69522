//! How good drawings are, in the field's numbers: distances between sets of drawings, likeness of pairs, and properties of
//! single drawings, each with the interval that chance leaves.
//!
//! Pure. A number says nothing without its protocol: whoever prints one prints the network whose features were compared,
//! the patches, and how many drawings there were.

mod frechet;
mod interval;
mod kernel;
mod marks;
mod scoot;
mod strokes;

pub use frechet::frechet_distance;
pub use interval::Interval;
pub use interval::interval;
pub use kernel::kernel_distance;
pub use marks::Marks;
pub use marks::marks;
pub use scoot::scoot;
pub use strokes::StrokeScore;
pub use strokes::stroke_score;

/// Why drawings cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is documented by its sentence; fields are what the sentence names")]
pub enum EvalError {
    #[error("a distance between sets takes two pictures of each at least, not {real} and {drawn}")]
    TooFew { real: usize, drawn: usize },
    #[error("features of {real} and of {drawn} numbers cannot be compared: take both from one network")]
    Features { real: usize, drawn: usize },
    #[error("pictures of {real:?} and {drawn:?} px cannot be compared pixel by pixel: make them one size")]
    Sizes { real: (u32, u32), drawn: (u32, u32) },
    #[error("Scoot is not defined for a picture of one single gray value")]
    Constant,
}

/// One row of numbers a picture.
pub type Features = Vec<Vec<f64>>;

/// Whether the two sets can be compared.
fn check(real: &Features, drawn: &Features) -> Result<(), EvalError> {
    if real.len() < 2 || drawn.len() < 2 {
        return Err(EvalError::TooFew { real: real.len(), drawn: drawn.len() });
    }
    let size = real[0].len();
    match real.iter().chain(drawn).find(|row| row.len() != size) {
        Some(other) => Err(EvalError::Features { real: size, drawn: other.len() }),
        None => Ok(()),
    }
}
