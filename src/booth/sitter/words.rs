//! What the booth and the sitter's process say to each other: JSON after its length in four bytes (little-endian).
//!
//! Pictures have no word here. It refuses what is longer than [`MOST_BYTES`] or says nothing known.

use std::io;
use std::io::Read;
use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kiosk::FaultCode;
use crate::kiosk::Language;

/// The longest message: a plan file.
const MOST_BYTES: usize = 256 << 20;

/// One visitor's link, as phones may use it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What its address ends with; nobody else knows it.
    pub token: String,
    /// What its page speaks.
    pub language: Language,
    /// Which photo is asked for, if one is.
    pub take: Option<u8>,
    /// The photo that was sent before it did not work.
    pub again: bool,
    /// The drawing, as a plan file's text, once it is chosen.
    pub drawing: Option<String>,
}

/// What a camera sees, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Its picture's width, px.
    pub width_px: u32,
    /// Its height, px.
    pub height_px: u32,
    /// How light it is on the average: 0 is black, 255 white.
    pub luma: u8,
    /// The parts of a hundred that are as light as can be: too much, and the exposure is wrong.
    pub burnt_percent: u8,
    /// How sharp it is, as bursts are judged.
    pub sharpness: u32,
    /// What keeps it from being a good photo, if something does; without a sitter that is that there is no face.
    pub hint: Option<FaultCode>,
}

/// What the sitter's process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Consent is given: open the camera; pictures are shown to who knows this token.
    Open {
        /// The token.
        token: String,
    },
    /// Close the camera.
    Close,
    /// The staff wants to know what it sees: open it, measure a picture, close it.
    Look,
    /// Take a burst and keep its best photo in the place of any earlier one.
    Burst {
        /// Which photo it is.
        take: u8,
    },
    /// Read a photo that lies on the disk already, in the place of any earlier one; answered as a burst is.
    Photo {
        /// Which photo it is.
        take: u8,
        /// Its file.
        path: PathBuf,
    },
    /// Keep the photo that a phone sent, in the place of any earlier one; answered as a burst is.
    Sent {
        /// Which photo it is.
        take: u8,
    },
    /// From now on a link is so.
    Link(Link),
    /// A link is over.
    Unlink {
        /// Its token.
        token: String,
    },
    /// All links that there are have been told: phones are answered.
    Links,
    /// Draw that photo in every style.
    Styles {
        /// Which photo it is.
        take: u8,
    },
}

/// What the sitter's process says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Says {
    /// All networks are loaded.
    Warm {
        /// Whether its memory is kept from being swapped.
        locked: bool,
    },
    /// It cannot draw: networks that are not there.
    Unable {
        /// Why, in one sentence.
        why: String,
    },
    /// Pictures come; and what keeps them from being good, if something does.
    Frame {
        /// What.
        hint: Option<FaultCode>,
    },
    /// None come.
    Lost,
    /// The camera is closed.
    Closed,
    /// What the camera sees.
    Looked {
        /// Or why nothing is seen.
        result: Result<Look, FaultCode>,
    },
    /// A photo is kept, or why not.
    Burst {
        /// Which.
        take: u8,
        /// How it went.
        result: Result<(), FaultCode>,
    },
    /// A phone opened the page of a link.
    LinkOpened {
        /// Its token.
        token: String,
    },
    /// A phone sent a photo by a link.
    Sent {
        /// Its token.
        token: String,
    },
    /// One style's drawing of it.
    Style {
        /// Of which photo.
        take: u8,
        /// The style's name.
        style: String,
        /// The plan, as a plan file's text.
        plan: String,
    },
    /// All styles have been drawn, or why there are none.
    Styles {
        /// Of which photo.
        take: u8,
        /// How it went.
        result: Result<(), FaultCode>,
    },
}

/// Says `word`.
///
/// # Errors
/// Nobody listens.
pub fn say(to: &mut impl Write, word: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(word)?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length as usize <= MOST_BYTES);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&json)?;
    to.flush()
}

/// Hears the next word; `None` when nobody will speak any more.
///
/// # Errors
/// What comes is no word.
pub fn hear<W: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<W>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MOST_BYTES {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut json = vec![0; length];
    from.read_exact(&mut json)?;
    Ok(Some(serde_json::from_slice(&json)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_and_noise_is_refused() {
        let words = [
            Says::Warm { locked: false },
            Says::Burst { take: 2, result: Err(FaultCode::NoFace) },
            Says::Style { take: 2, style: "pen".into(), plan: "{\"schema\":\"x\"}".into() },
        ];
        let mut line = Vec::new();
        words.iter().for_each(|word| say(&mut line, word).expect("a vector"));
        let mut line = line.as_slice();
        for word in &words {
            assert_eq!(hear::<Says>(&mut line).expect("a word").as_ref(), Some(word));
        }
        assert_eq!(hear::<Says>(&mut line).expect("the end"), None);
        assert!(hear::<Says>(&mut [255_u8; 9].as_slice()).is_err());
        assert!(hear::<Says>(&mut [3, 0, 0, 0, b'{', b'}', b' '].as_slice()).is_err());
    }
}
