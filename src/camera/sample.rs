//! A sample sitter as camera: the first of the composites that ship (nobody's face), for trying everything behind the
//! camera without one.

use super::Camera;
use super::CameraError;
use super::Shot;
use crate::photo;
use crate::photo::sitters;

/// A camera before which a sample sitter sits.
pub(super) struct Sample;

impl Camera for Sample {
    fn still(&mut self) -> Result<Shot, CameraError> {
        let sitter = &sitters::sitters()[0];
        let device = format!("the sample sitter {}", sitter.name);
        let photo = photo::decode(sitter.jpeg)
            .map_err(|error| CameraError::Driver { device: device.clone(), what: error.to_string() })?;
        Ok(Shot { photo, origin: device })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_always_takes_the_same_picture() {
        let mut camera = Sample;
        let (first, second) = (camera.still().expect("a photo"), camera.still().expect("a photo"));
        assert_eq!(first.photo.pixels(), second.photo.pixels());
        assert!(first.origin.starts_with("the sample sitter"));
    }
}
