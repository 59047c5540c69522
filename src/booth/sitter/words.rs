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

/// The longest message: a plan file.
const MOST_BYTES: usize = 256 << 20;

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
    /// A photo is kept, or why not.
    Burst {
        /// Which.
        take: u8,
        /// How it went.
        result: Result<(), FaultCode>,
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
