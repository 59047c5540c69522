//! Writes checkpoints as PyTorch did before 1.6, right ones and wrong ones.

// Each test uses some of it.
#![allow(dead_code)]

use super::numbers::floats;
use super::numbers::noise;

/// One tensor of a checkpoint, and what the file claims of it.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
    /// How many numbers the file says there are; as many as there are otherwise.
    pub count: Option<usize>,
    pub offset: usize,
    pub strides: Option<Vec<usize>>,
    /// The part whose numbers it has.
    pub shares: Option<usize>,
}

/// How the same tensors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A dictionary.
    Plain,
    /// `{"epoch": 3, "state_dict": …}`, with `module.` before each name.
    Nested,
    /// An `OrderedDict` made of a list of pairs, its texts as Python 2 wrote them.
    Python2,
    /// Parameters instead of tensors.
    Parameters,
    /// The last axis slowest.
    Backwards,
    /// In double precision.
    Double,
    /// Whole numbers.
    Whole,
}

impl Part {
    /// A tensor of that shape, of noise.
    pub fn new(name: &str, dims: &[usize]) -> Self {
        let seed = name.bytes().map(u32::from).sum();
        let values = floats(&noise(seed, dims.iter().product::<usize>()));
        Self { name: name.to_owned(), dims: dims.to_vec(), values, count: None, offset: 0, strides: None, shares: None }
    }
}

/// The checkpoint of `parts`.
pub fn written(parts: &[Part], form: Form) -> Vec<u8> {
    let mut pickle = b"\x80\x02".to_vec();
    match form {
        Form::Nested => pickle.extend(b"}(X\x05\0\0\0epochK\x03X\x0a\0\0\0state_dict}("),
        Form::Python2 => pickle.extend(b"ccollections\nOrderedDict\n]("),
        _ => pickle.extend(b"}("),
    }
    for (at, part) in parts.iter().enumerate() {
        match form {
            Form::Nested => text(&mut pickle, &format!("module.{}", part.name)),
            Form::Python2 => {
                pickle.extend(b"](U");
                pickle.push(part.name.len() as u8);
                pickle.extend(part.name.as_bytes());
            }
            _ => text(&mut pickle, &part.name),
        }
        if form == Form::Parameters {
            pickle.extend(b"ctorch._utils\n_rebuild_parameter\n(");
        }
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\n");
        pickle.extend(match form {
            Form::Double => &b"DoubleStorage\n"[..],
            Form::Whole => b"IntStorage\n",
            _ => b"FloatStorage\n",
        });
        let owner = part.shares.unwrap_or(at);
        text(&mut pickle, &owner.to_string());
        text(&mut pickle, "cuda:0");
        whole(&mut pickle, part.count.unwrap_or(parts[owner].values.len()));
        pickle.extend(b"tQ");
        whole(&mut pickle, part.offset);
        let mut strides = vec![1; part.dims.len()];
        let axes: Vec<usize> = (0..part.dims.len()).collect();
        let mut product = 1;
        for &axis in axes.iter().rev() {
            let axis = if form == Form::Backwards { axes.len() - 1 - axis } else { axis };
            strides[axis] = product;
            product *= part.dims[axis];
        }
        for sizes in [&part.dims, part.strides.as_ref().unwrap_or(&strides)] {
            pickle.push(b'(');
            sizes.iter().for_each(|&size| whole(&mut pickle, size));
            pickle.push(b't');
        }
        pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        match form {
            Form::Parameters => pickle.extend(b"\x88ccollections\nOrderedDict\n)RtR"),
            Form::Python2 => pickle.push(b'e'),
            _ => {}
        }
    }
    pickle.extend(match form {
        Form::Nested => &b"uu."[..],
        Form::Python2 => b"e\x85R}X\x09\0\0\0_metadata}sb.",
        _ => b"u.",
    });
    let data = |part: &Part| -> Vec<u8> {
        let values = match form {
            Form::Backwards => backwards(part),
            _ => part.values.clone(),
        };
        match form {
            Form::Double => values.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    };
    let owners = parts.iter().enumerate().filter(|(at, part)| part.shares.is_none_or(|owner| owner == *at));
    let stored: Vec<_> = owners.map(|(at, part)| (at.to_string(), part.values.len(), data(part))).collect();
    in_a_row(&pickle, &stored)
}

/// The file whose dictionary's pickle is `pickle`; for each storage its key, its count and its numbers.
pub fn in_a_row(pickle: &[u8], stored: &[(String, usize, Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.".to_vec();
    file.extend(b"\x80\x02}X\x0d\0\0\0little_endian\x88s.");
    file.extend(pickle);
    file.extend(b"\x80\x02](");
    stored.iter().for_each(|(key, ..)| text(&mut file, key));
    file.extend(b"e.");
    for (_, count, data) in stored {
        file.extend((*count as u64).to_le_bytes());
        file.extend(data);
    }
    file
}

/// The part's numbers, the first axis fastest.
fn backwards(part: &Part) -> Vec<f32> {
    let mut values = vec![0.0; part.values.len()];
    for (at, &value) in part.values.iter().enumerate() {
        let (mut rest, mut place, mut left) = (at, 0, values.len());
        for &size in part.dims.iter().rev() {
            left /= size;
            place += rest % size * left;
            rest /= size;
        }
        values[place] = value;
    }
    values
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.as_bytes());
}

fn whole(pickle: &mut Vec<u8>, number: usize) {
    pickle.extend(b"\x8a\x08");
    pickle.extend((number as u64).to_le_bytes());
}
