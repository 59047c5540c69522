//! Checkpoints of others: a file that `torch.save` wrote in, the same network as this crate's safetensors file out.
//!
//! Nothing of a file is executed: its pickle is read by a small machine (`pickle.rs`) that knows numbers, texts, dictionaries
//! and tensors and refuses everything else by name. A file says how long everything in it is; nothing longer than the file
//! itself is ever made room for. Every network is read back by its own constructor, which wants each tensor once and no other,
//! before its file is handed out. What each kind looks like, and what is refused of it, is told in `networks.rs`:
//!
//! | [`Kind`] | published as | becomes |
//! |---|---|---|
//! | `Generator` | pix2pixHD's and sRender's `*_net_G.pth` | [`Generator`](crate::generator::Generator) |
//! | `Vgg` | AdaIN's `vgg_normalised.pth`, torchvision's `vgg19-*.pth` | [`Encoder`](crate::encoder::Encoder) |
//! | `Inception` | `pt_inception-2015-12-05-*.pth`, torchvision's `inception_v3_*.pth` | [`Inception`](crate::inception::Inception) |
//! | AdaIN's `decoder.pth` ([`line_drawer`]) | needs its encoder and a drawing to draw like | [`LineDrawer`](crate::line_drawer::LineDrawer) |

mod archive;
mod networks;
mod pickle;
mod state;

pub use networks::Drawing;
pub use networks::Kind;
pub use networks::import;
pub use networks::line_drawer;

use crate::ModelError;

/// A network that came from elsewhere.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The safetensors file that its constructor reads.
    pub bytes: Vec<u8>,
    /// What it is, with its width or widths: "generator, 64 channels wide".
    pub what: String,
    /// How many tensors the file has.
    pub tensors: usize,
    /// What was changed or left out on the way, one sentence each.
    pub notes: Vec<String>,
}

/// Why a checkpoint cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is documented by its sentence; fields are what the sentence names")]
pub enum ImportError {
    #[error("this is no checkpoint of PyTorch's: {what}; name a .pth or .pt file that torch.save wrote")]
    NotPyTorch { what: &'static str },
    #[error("the checkpoint is damaged: {what}; copy or download it again")]
    Damaged { what: String },
    #[error("the checkpoint is damaged: {what}, at byte {at} of its pickle; copy or download it again")]
    Pickle { what: String, at: usize },
    #[error(
        "the checkpoint asks for \"{name}\", which no network's weights need, so it is not read any further; where you trust \
         the file, load it in PyTorch and save net.state_dict() alone"
    )]
    Foreign { name: String },
    #[error(
        "the checkpoint holds no single set of weights ({what}); in PyTorch, save the state_dict() of the one network that \
         you want"
    )]
    Unclear { what: String },
    #[error(
        "its tensor \"{name}\" cannot be used: {what}; name the file of another network, or save it in PyTorch again"
    )]
    Tensor { name: String, what: String },
    #[error("it is no {kind}: {what}; check --as, and the file")]
    Other { kind: &'static str, what: String },
    #[error("{what}; {remedy}")]
    Unlike { what: String, remedy: &'static str },
    #[error(transparent)]
    Network(#[from] ModelError),
}
