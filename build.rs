//! Makes the kiosk page's font: Libertinus Serif from the crate `typst-assets` (SIL Open Font License 1.1), with the
//! letters of the Latin languages and nothing else, as WOFF (W3C WOFF 1.0).
//!
//! Glyphs that no text can reach become empty outlines and keep their numbers, so kerning and ligatures stay as their
//! designer made them (OpenType GPOS, GSUB; Adobe TN #5176, CFF). It refuses a font that lacks one of the letters.
//! The licence asks that a changed font be called otherwise: this one calls itself "KioskSerif".

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ttf_parser::Face;
use ttf_parser::GlyphId;
use ttf_parser::Tag;
use ttf_parser::Weight;
use ttf_parser::gsub::SingleSubstitution;
use ttf_parser::gsub::SubstitutionSubtable;
use ttf_parser::opentype_layout::ChainedContextLookup;

/// Basic Latin to Latin Extended-A, general punctuation, the euro, arrows, minus.
const LETTERS: [RangeInclusive<u32>; 6] =
    [0x20..=0x7e, 0xa0..=0x17f, 0x2010..=0x203a, 0x20ac..=0x20ac, 0x2190..=0x2193, 0x2212..=0x2212];
/// Those that a font must have, or the build ends: what the texts of our Latin languages are written with.
const NEEDED: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;?!()-–’“”„«»¿¡ÄÖÜäöüßÀÂÇÉÈÊËÎÏÔŒÙÛàâçéèêëîïôœùûÁÍÑÓÚáíñóú";
/// The substitutions that browsers make unasked, or that the page asks for.
const FEATURES: [&[u8; 4]; 9] = [b"liga", b"clig", b"calt", b"rlig", b"rclt", b"ccmp", b"locl", b"lnum", b"tnum"];
/// An outline of nothing: `endchar`.
const NOTHING: &[u8] = &[14];

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR")?;
    let wanted = |face: &Face<'_>| {
        let mut names = face.names().into_iter().filter(|name| name.name_id == ttf_parser::name_id::FAMILY);
        let family = names.any(|name| name.to_string().as_deref() == Some("Libertinus Serif"));
        family && !face.is_italic() && face.weight() == Weight::Normal
    };
    let font = typst_assets::fonts()
        .find(|bytes| Face::parse(bytes, 0).is_ok_and(|face| wanted(&face)))
        .ok_or("typst-assets has no Libertinus Serif any more")?;
    std::fs::write(Path::new(&out).join("serif.woff"), woff(font)?)?;
    Ok(())
}

/// The glyphs of all letters, and those that stand for them when the page asks for ligatures or figures.
fn reachable(face: &Face<'_>) -> Result<BTreeSet<u16>, Failure> {
    let mut glyphs = BTreeSet::from([0]);
    let letters = LETTERS.into_iter().flatten().filter_map(char::from_u32);
    glyphs.extend(letters.filter_map(|letter| face.glyph_index(letter)).map(|glyph| glyph.0));
    if let Some(missing) = NEEDED.chars().find(|letter| face.glyph_index(*letter).is_none()) {
        return Err(format!("the font lacks {missing:?}").into());
    }
    let Some(gsub) = face.tables().gsub else { return Ok(glyphs) };
    let features =
        gsub.features.into_iter().filter(|feature| FEATURES.iter().any(|tag| Tag::from_bytes(tag) == feature.tag));
    let mut lookups: BTreeSet<u16> = features.flat_map(|feature| feature.lookup_indices).collect();
    // What is substituted only beside certain letters (a Q before a u) is in lookups of its own, which others call.
    for index in lookups.clone() {
        let Some(lookup) = gsub.lookups.get(index) else { continue };
        for table in lookup.subtables.into_iter::<SubstitutionSubtable<'_>>() {
            match table {
                SubstitutionSubtable::ChainContext(ChainedContextLookup::Format3 { lookups: called, .. }) => {
                    lookups.extend(called.into_iter().map(|record| record.lookup_list_index));
                }
                SubstitutionSubtable::Context(_) | SubstitutionSubtable::ChainContext(_) => {
                    return Err("the font substitutes in a way that is not followed here".into());
                }
                _ => {}
            }
        }
    }
    // A substitute may itself be substituted; three rounds reach the end of every chain in these fonts.
    for _ in 0..3 {
        for lookup in lookups.iter().filter_map(|index| gsub.lookups.get(*index)) {
            for table in lookup.subtables.into_iter::<SubstitutionSubtable<'_>>() {
                let found: Vec<u16> = substitutes(&table, &glyphs);
                glyphs.extend(found);
            }
        }
    }
    Ok(glyphs)
}

fn substitutes(table: &SubstitutionSubtable<'_>, glyphs: &BTreeSet<u16>) -> Vec<u16> {
    let covered = |coverage: ttf_parser::opentype_layout::Coverage<'_>| {
        glyphs.iter().filter_map(move |glyph| Some((*glyph, coverage.get(GlyphId(*glyph))?))).collect::<Vec<_>>()
    };
    match table {
        SubstitutionSubtable::Single(SingleSubstitution::Format1 { coverage, delta }) => {
            covered(*coverage).into_iter().map(|(glyph, _)| glyph.wrapping_add_signed(*delta)).collect()
        }
        SubstitutionSubtable::Single(SingleSubstitution::Format2 { coverage, substitutes }) => {
            covered(*coverage).into_iter().filter_map(|(_, at)| substitutes.get(at)).map(|glyph| glyph.0).collect()
        }
        SubstitutionSubtable::Ligature(ligatures) => covered(ligatures.coverage)
            .into_iter()
            .filter_map(|(_, at)| ligatures.ligature_sets.get(at))
            .flatten()
            .filter(|ligature| ligature.components.into_iter().all(|glyph| glyphs.contains(&glyph.0)))
            .map(|ligature| ligature.glyph.0)
            .collect(),
        _ => Vec::new(),
    }
}

/// `cff` with empty outlines for all glyphs but `kept`. All else stays in its place; the room that gets free is zero.
fn emptied(cff: &[u8], kept: &BTreeSet<u16>) -> Result<Vec<u8>, Failure> {
    let names = Index::at(cff, usize::from(*cff.get(2).ok_or("an empty CFF table")?))?;
    let dicts = Index::at(cff, names.end)?;
    let outlines = Index::at(cff, charstrings_at(dicts.item(cff, 0)?)?)?;
    let mut data = Vec::new();
    let mut offsets = vec![1];
    for glyph in 0..outlines.count {
        let keeps = u16::try_from(glyph).is_ok_and(|glyph| kept.contains(&glyph));
        data.extend_from_slice(if keeps { outlines.item(cff, glyph)? } else { NOTHING });
        offsets.push(data.len() + 1);
    }
    let mut out = cff.to_vec();
    // Glyphs' names are of no use to a screen.
    let strings = Index::at(cff, dicts.end)?;
    out[strings.data_at()..strings.end].fill(b'x');
    let mut at = outlines.offsets_at;
    for offset in offsets {
        let bytes = u32::try_from(offset)?.to_be_bytes();
        out[at..at + outlines.offset_size].copy_from_slice(&bytes[4 - outlines.offset_size..]);
        at += outlines.offset_size;
    }
    out[at..at + data.len()].copy_from_slice(&data);
    out[at + data.len()..outlines.end].fill(0);
    Ok(out)
}

/// An INDEX of a CFF table (TN #5176, section 5).
struct Index {
    count: usize,
    offset_size: usize,
    offsets_at: usize,
    end: usize,
}

impl Index {
    fn at(cff: &[u8], at: usize) -> Result<Self, Failure> {
        let head = cff.get(at..at + 3).ok_or("a CFF index beyond the table's end")?;
        let (count, offset_size) = (usize::from(u16::from_be_bytes([head[0], head[1]])), usize::from(head[2]));
        if count == 0 || !(1..=4).contains(&offset_size) {
            return Err("an empty or strange CFF index".into());
        }
        let mut index = Self { count, offset_size, offsets_at: at + 3, end: 0 };
        index.end = index.data_at() + index.offset(cff, count)?;
        Ok(index)
    }

    fn data_at(&self) -> usize {
        self.offsets_at + (self.count + 1) * self.offset_size
    }

    /// From the data's beginning to the beginning of `item`.
    fn offset(&self, cff: &[u8], item: usize) -> Result<usize, Failure> {
        let at = self.offsets_at + item * self.offset_size;
        let bytes = cff.get(at..at + self.offset_size).ok_or("a CFF offset beyond the table's end")?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | usize::from(*byte)) - 1)
    }

    fn item<'a>(&self, cff: &'a [u8], item: usize) -> Result<&'a [u8], Failure> {
        let (from, to) = (self.data_at() + self.offset(cff, item)?, self.data_at() + self.offset(cff, item + 1)?);
        Ok(cff.get(from..to).ok_or("a CFF item beyond the table's end")?)
    }
}

/// Where the outlines begin: operator 17 of the top DICT (TN #5176, sections 4 and 9).
fn charstrings_at(dict: &[u8]) -> Result<usize, Failure> {
    let (mut at, mut last) = (0, 0_i64);
    while let Some(first) = dict.get(at).copied() {
        let byte = |k: usize| i64::from(dict.get(at + k).copied().unwrap_or(0));
        let size = match first {
            17 => return Ok(usize::try_from(last)?),
            12 => 2,
            28 => 3,
            29 => 5,
            30 => 1 + dict[at + 1..].iter().position(|b| b & 15 == 15).ok_or("an endless real number")? + 1,
            247..=254 => 2,
            _ => 1,
        };
        last = match first {
            28 => byte(1) << 8 | byte(2),
            29 => byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4),
            32..=246 => i64::from(first) - 139,
            247..=250 => (i64::from(first) - 247) * 256 + byte(1) + 108,
            _ => last,
        };
        at += size;
    }
    Err("a CFF top DICT without outlines".into())
}

/// `font` reduced to its reachable glyphs, packed as WOFF 1.0.
fn woff(font: &[u8]) -> Result<Vec<u8>, Failure> {
    let face = Face::parse(font, 0)?;
    let kept = reachable(&face)?;
    let raw = face.raw_face();
    let mut tables = Vec::new();
    for record in raw.table_records {
        let bytes = raw.table(record.tag).ok_or("a table beyond the font's end")?;
        let bytes = match &record.tag.to_bytes() {
            b"CFF " => emptied(bytes, &kept)?,
            b"name" => named(),
            _ => bytes.to_vec(),
        };
        tables.push((record.tag, bytes));
    }
    let count = u16::try_from(tables.len())?;
    let mut body = Vec::new();
    let mut directory = Vec::new();
    let mut unpacked = 12 + 16 * tables.len();
    for (tag, bytes) in &tables {
        let offset = 44 + 20 * tables.len() + body.len();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(bytes)?;
        let small = zlib.finish()?;
        let packed = if small.len() < bytes.len() { &small } else { bytes };
        directory.extend(tag.to_bytes());
        for value in [offset, packed.len(), bytes.len()] {
            directory.extend(u32::try_from(value)?.to_be_bytes());
        }
        directory.extend(checksum(bytes).to_be_bytes());
        body.extend_from_slice(packed);
        body.resize(body.len().next_multiple_of(4), 0);
        unpacked += bytes.len().next_multiple_of(4);
    }
    let mut out = b"wOFFOTTO".to_vec();
    out.extend(u32::try_from(44 + directory.len() + body.len())?.to_be_bytes());
    out.extend(count.to_be_bytes());
    out.extend([0, 0]);
    out.extend(u32::try_from(unpacked)?.to_be_bytes());
    // Version 1.0; no metadata and no private data.
    out.extend([0, 1, 0, 0]);
    out.extend([0; 20]);
    out.extend(directory);
    out.extend(body);
    Ok(out)
}

/// A name table with the family's own name for the changed font (OpenType, `name`; Windows, Unicode, English).
fn named() -> Vec<u8> {
    let name: Vec<u8> = "KioskSerif".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let ids: [u16; 4] = [1, 3, 4, 6];
    let record = |id: u16| [3, 1, 0x409, id, name.len() as u16, 0];
    let head = [0, ids.len() as u16, 6 + 12 * ids.len() as u16];
    let words = head.into_iter().chain(ids.into_iter().flat_map(record));
    words.flat_map(u16::to_be_bytes).chain(name.iter().copied()).collect()
}

/// A table's checksum (OpenType, "calculating checksums").
fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum, four| {
        let mut word = [0; 4];
        word[..four.len()].copy_from_slice(four);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}
