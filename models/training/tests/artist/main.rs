//! What an artist meets: scans of every kind become pages, what is no drawing is left out in words, and a folder of them a
//! style. The drawings are the pen artist's, of the sample sitters.

mod ablation;
mod desk;
mod networks;
mod scans;
mod sheets;
mod style;
