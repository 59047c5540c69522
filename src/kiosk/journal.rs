//! The journal of a drawing as bytes: what survives a power cut, and what is made of it afterwards.
//!
//! Each record tells the whole state of its drawing: strokes and counts, never a picture or a word about a person. A
//! record is framed as magic, length, CRC-32 and JSON. [`decode`] takes any bytes: it passes over whatever is torn or
//! flipped and goes on at the next frame that proves itself, so that losing a record means to know an earlier state.
//!
//! Promise: the stroke that is offered for resuming is never later than the first one not confirmed. Within a run the
//! count only grows, so an older record offers an earlier stroke, and drawing a stroke twice is nearly harmless. Only
//! beginning again on a new sheet takes the count back; that writes two records (preparing, drawing) before any pen
//! moves, so that no single damage can hide it. Whoever writes makes each record durable before acting on it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::fault_codes::FaultCode;
use super::ids::JobId;
use super::ids::OrderKey;

/// The SHA-256 of a plan's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanChecksum(pub [u8; 32]);

/// A text is no checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plan's checksum is 64 hexadecimal digits in lower case")]
pub struct NoChecksum;

impl fmt::Display for PlanChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanChecksum({self})")
    }
}

impl FromStr for PlanChecksum {
    type Err = NoChecksum;

    fn from_str(text: &str) -> Result<Self, NoChecksum> {
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NoChecksum);
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NoChecksum)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PlanChecksum {
    type Error = NoChecksum;

    fn try_from(text: String) -> Result<Self, NoChecksum> {
        text.parse()
    }
}

impl From<PlanChecksum> for String {
    fn from(checksum: PlanChecksum) -> Self {
        checksum.to_string()
    }
}

/// The states of a drawing, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the state of the same name in `drawing_job`")]
pub enum Stage {
    Planned,
    Queued,
    Preparing,
    Drawing,
    Pausing,
    Paused,
    Resuming,
    Finishing,
    Drawn,
    Collected,
    Stopping,
    Cancelled,
    Failed,
    Interrupted,
    Expired,
}

/// All that is kept about a drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Which drawing.
    pub job: JobId,
    /// What makes its order the same order when it comes again.
    pub key: OrderKey,
    /// What is drawn.
    pub plan: PlanChecksum,
    /// How many strokes it has.
    pub strokes: u32,
    /// How long it takes to draw, seconds.
    pub plan_secs: u32,
    /// The number of the sheet it is drawn on.
    pub sheet: u32,
    /// How often its drawing was begun.
    pub run: u16,
    /// How many strokes are known to be on the paper.
    pub confirmed: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Why it failed or was interrupted.
    pub code: Option<FaultCode>,
}

const MAGIC: [u8; 4] = *b"PJ1\n";
/// Magic, length, CRC.
const HEADER: usize = 10;
/// A record's JSON is about 300 bytes; nothing longer is one.
const LONGEST: usize = 1024;

/// The frame of `record`, to be appended to the drawing's journal.
pub fn encode(record: &Record) -> Vec<u8> {
    let json = serde_json::to_vec(record).expect("a record of numbers and short names is JSON");
    let length = u16::try_from(json.len()).expect("a record is far shorter than 64 KiB");
    let mut frame = Vec::with_capacity(HEADER + json.len());
    frame.extend(MAGIC);
    frame.extend(length.to_le_bytes());
    frame.extend(checksum(length, &json).to_le_bytes());
    frame.extend(json);
    frame
}

/// What a journal's bytes tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// The records that prove themselves, in the order they were written.
    pub records: Vec<Record>,
    /// How many bytes prove nothing.
    pub damaged: usize,
}

/// Reads any bytes as a journal.
pub fn decode(bytes: &[u8]) -> Journal {
    let mut journal = Journal::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Some((record, length)) = first(rest) {
            journal.records.push(record);
            rest = &rest[length..];
        } else {
            journal.damaged += 1;
            rest = &rest[1..];
        }
    }
    journal
}

impl Journal {
    /// The last known state of the drawing.
    pub fn last(&self) -> Option<&Record> {
        self.records.last()
    }
}

/// The record whose frame begins these bytes, and the frame's length.
fn first(bytes: &[u8]) -> Option<(Record, usize)> {
    let body = bytes.strip_prefix(&MAGIC)?;
    let (length, body) = body.split_first_chunk::<2>()?;
    let (crc, body) = body.split_first_chunk::<4>()?;
    let length = u16::from_le_bytes(*length);
    let json = body.get(..usize::from(length)).filter(|json| json.len() <= LONGEST)?;
    (u32::from_le_bytes(*crc) == checksum(length, json)).then_some(())?;
    // A record with more confirmed than drawn is none, whatever its checksum says.
    let record: Record =
        serde_json::from_slice(json).ok().filter(|record: &Record| record.confirmed <= record.strokes)?;
    Some((record, HEADER + json.len()))
}

fn checksum(length: u16, json: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_le_bytes());
    crc.update(json);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(stage: Stage, run: u16, confirmed: u32) -> Record {
        let job = JobId::first(0xfeed);
        let key = OrderKey::try_from("0000feed-1".to_owned()).unwrap();
        let plan = PlanChecksum([0xa5; 32]);
        let sheet = 6 + u32::from(run);
        Record { job, key, plan, strokes: 9, plan_secs: 200, sheet, run, confirmed, stage, code: None }
    }

    /// A drawing that is interrupted at its fifth stroke and begun again on a new sheet.
    fn story() -> Vec<Record> {
        vec![
            record(Stage::Queued, 0, 0),
            record(Stage::Preparing, 1, 0),
            record(Stage::Drawing, 1, 0),
            record(Stage::Drawing, 1, 1),
            record(Stage::Drawing, 1, 3),
            record(Stage::Drawing, 1, 4),
            record(Stage::Interrupted, 1, 4),
            record(Stage::Preparing, 2, 0),
            record(Stage::Drawing, 2, 0),
            record(Stage::Drawing, 2, 1),
            record(Stage::Drawing, 2, 2),
        ]
    }

    fn bytes(records: &[Record]) -> Vec<u8> {
        records.iter().flat_map(encode).collect()
    }

    /// The stroke that would be offered is on the sheet that lies there, and not past its first unconfirmed one.
    fn check(read: &Journal, truth: &Record, what: &str) {
        let Some(last) = read.last() else { return };
        if last.sheet == truth.sheet {
            assert!(last.confirmed <= truth.confirmed, "{what}: {} of {}", last.confirmed, truth.confirmed);
        } else {
            panic!("{what}: sheet {} is offered, but {} lies there", last.sheet, truth.sheet);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let read = decode(&bytes(&story()));
        assert_eq!((read.records, read.damaged), (story(), 0));
        assert_eq!(decode(&[]), Journal::default());
    }

    #[test]
    fn torn_at_any_byte_it_offers_no_later_stroke() {
        let story = story();
        let whole = bytes(&story);
        let mut ends = Vec::new();
        for record in &story {
            ends.push(ends.last().copied().unwrap_or(0) + encode(record).len());
        }
        for cut in 0..=whole.len() {
            let read = decode(&whole[..cut]);
            let complete = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(read.records, story[..complete], "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_offers_no_later_stroke() {
        let story = story();
        // Every moment at which the power may fail from the first run on, and every bit of what is on the disk then.
        // The record that announces a run is durable before the pen moves; from its second record on it is drawn.
        for written in (3..=story.len()).filter(|written| story[written - 1].stage == Stage::Drawing) {
            let whole = bytes(&story[..written]);
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let read = decode(&flipped);
                assert_eq!(read.records.len(), written - 1, "bit {bit} costs its own record and no other");
                check(&read, &story[written - 1], &format!("bit {bit} of {written} records"));
            }
        }
    }

    #[test]
    fn a_flipped_bit_and_a_torn_tail_together_do_no_more() {
        let story = story();
        let whole = bytes(&story);
        let last = encode(&story[story.len() - 1]).len();
        for cut in whole.len() - last..whole.len() {
            for bit in 0..(whole.len() - last) * 8 / 7 {
                let mut flipped = whole[..cut].to_vec();
                flipped[bit * 7 / 8] ^= 1 << (bit % 8);
                check(&decode(&flipped), &story[story.len() - 2], &format!("cut {cut}, bit {bit}"));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(noise in proptest::collection::vec(any::<u8>(), 0..600), before: bool) {
            let frame = encode(&record(Stage::Drawing, 1, 4));
            let both = if before { [&noise[..], &frame].concat() } else { [&frame[..], &noise].concat() };
            let read = decode(&both);
            prop_assert_eq!(read.records, vec![record(Stage::Drawing, 1, 4)]);
            prop_assert_eq!(read.damaged, noise.len());
        }

        #[test]
        fn a_checksum_reads_back(bytes: [u8; 32]) {
            let checksum = PlanChecksum(bytes);
            prop_assert_eq!(checksum.to_string().parse(), Ok(checksum));
        }
    }
}
