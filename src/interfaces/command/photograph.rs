//! Where a photo comes from, told on the command line: a file, standard input, a camera, a folder as camera, or a sample
//! sitter.

use super::arguments::Picture;
use super::output;
use crate::camera;
use crate::camera::CameraConfig;
use crate::camera::Source;
use crate::config::Config;
use crate::fault::Fault;
use crate::photo;
use crate::photo::Photo;
use crate::photo::sitters;

/// The photo that `picture` names, the first sample sitter's if it names none; and a name for what is made of it.
pub fn photograph(picture: &Picture, config: &Config) -> Result<(String, Photo), Fault> {
    if let Some(path) = &picture.photo {
        let bytes = output::read_input(path, photo::MAX_FILE_BYTES as u64)?;
        let photo = photo::decode(&bytes).map_err(|e| Fault::from(e).at(path.display()))?;
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).filter(|s| s != "-");
        return Ok((name.unwrap_or_else(|| "photo".into()), photo));
    }
    let camera = match (&picture.camera, &picture.camera_dir) {
        (Some(device), _) => Some(CameraConfig {
            source: Source::Webcam,
            device: device.clone().unwrap_or_else(|| config.camera.device.clone()),
            ..config.camera.clone()
        }),
        (None, Some(folder)) => {
            Some(CameraConfig { source: Source::Folder, folder: folder.clone(), ..config.camera.clone() })
        }
        (None, None) => None,
    };
    if let Some(camera) = camera {
        return Ok(("visitor".into(), camera::open(&camera)?.still()?.photo));
    }
    let sitter = match &picture.sitter {
        Some(name) => sitters::sitter(name)?,
        None => &sitters::sitters()[0],
    };
    Ok((sitter.name.into(), photo::decode(sitter.jpeg)?))
}
