//! The machine that reads a `state_dict`'s pickle, and runs nothing.
//!
//! A pickle is a program for a stack machine (Python's `pickletools` documents it). This one knows the opcodes of protocol 2
//! that PyTorch writes for dictionaries of tensors, from Python 2 or 3, and of the functions a pickle may name only those that
//! put tensors together; here they are data. It refuses any other opcode, any other name and more than [`MOST_STEPS`] steps,
//! which bounds everything it makes: each step makes one value at most, and texts stay where they lie in the file.

use std::collections::HashMap;

use super::ImportError;

/// An inception network's checkpoint takes some twenty thousand.
const MOST_STEPS: usize = 1 << 20;
/// Most axes of a tensor.
const MOST_AXES: usize = 8;

/// A value's place in [`Pickle::values`].
pub(super) type Id = usize;

/// What a pickle says.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    pub values: Vec<Value<'a>>,
    pub root: Id,
    /// Where in the bytes it ends.
    pub end: usize,
}

/// One value. Values name each other by their places, so that one may stand in several, or in itself.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Nothing,
    Truth(bool),
    Whole(i128),
    Real,
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Name(Name),
    Storage(Storage<'a>),
    Tensor(Tensor<'a>),
}

/// The names a pickle may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    OrderedDict,
    /// `_rebuild_tensor` and `_rebuild_tensor_v2`.
    Tensor,
    Parameter,
    Storage(Element),
}

/// What a storage's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    Bf16,
    /// Whole numbers or truths of so many bytes: no network's weights.
    Whole(usize),
}

/// Numbers that the pickle says lie elsewhere in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storage<'a> {
    pub element: Element,
    pub key: &'a str,
    /// How many numbers the key's storage has.
    pub count: usize,
    /// The first of them that belongs to this storage.
    pub start: usize,
}

/// Where a tensor's numbers lie in its storage, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor<'a> {
    pub storage: Storage<'a>,
    pub offset: usize,
    pub sizes: Vec<usize>,
    pub strides: Vec<usize>,
}

impl Element {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Whole(bytes) => bytes,
        }
    }
}

impl Name {
    fn of(module: &str, name: &str) -> Option<Self> {
        let storage = |name: &str| {
            Some(Self::Storage(match name {
                "DoubleStorage" => Element::F64,
                "FloatStorage" => Element::F32,
                "HalfStorage" => Element::F16,
                "BFloat16Storage" => Element::Bf16,
                "LongStorage" => Element::Whole(8),
                "IntStorage" => Element::Whole(4),
                "ShortStorage" => Element::Whole(2),
                "CharStorage" | "ByteStorage" | "BoolStorage" => Element::Whole(1),
                _ => return None,
            }))
        };
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Self::Tensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::Parameter),
            ("torch", name) => storage(name),
            _ => None,
        }
    }
}

/// Reads the pickle in `bytes` that begins at `start`.
///
/// # Errors
/// [`ImportError::Pickle`] or [`ImportError::Foreign`].
pub(super) fn read(bytes: &[u8], start: usize) -> Result<Pickle<'_>, ImportError> {
    let mut machine = Machine {
        bytes,
        start,
        at: start,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        copied: 0,
    };
    for _ in 0..MOST_STEPS {
        if let Some(root) = machine.step()? {
            return Ok(Pickle { values: machine.values, root, end: machine.at });
        }
    }
    Err(machine.wrong(format!("it has more than {MOST_STEPS} steps")))
}

struct Machine<'a> {
    bytes: &'a [u8],
    start: usize,
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
    /// Pairs of dictionaries made from lists, which one step may copy many of.
    copied: usize,
}

type Read<T> = Result<T, ImportError>;

impl<'a> Machine<'a> {
    /// One opcode; the root, when that was the last.
    fn step(&mut self) -> Read<Option<Id>> {
        match self.byte()? {
            0x80 => match self.byte()? {
                2 => {}
                other => return Err(self.wrong(format!("it is written in protocol {other}, not 2 as torch.save does"))),
            },
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Value::Nothing),
            0x88 => self.push(Value::Truth(true)),
            0x89 => self.push(Value::Truth(false)),
            b'K' => self.whole(1, false)?,
            b'M' => self.whole(2, false)?,
            b'J' => self.whole(4, true)?,
            0x8a => {
                let length = self.length(1)?;
                self.whole(length, true)?;
            }
            b'G' => {
                self.take(8)?;
                self.push(Value::Real);
            }
            b'X' | b'T' => self.text(4)?,
            b'U' => self.text(1)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                match Name::of(module, name) {
                    Some(name) => self.push(Value::Name(name)),
                    None => return Err(ImportError::Foreign { name: printable(&format!("{module}.{name}")) }),
                }
            }
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85..=0x87 => {
                let count = usize::from(self.bytes[self.at - 1] - 0x84);
                let items = self.pop_many(count)?;
                self.push(Value::Tuple(items));
            }
            b't' => {
                let items = self.pop_marked()?;
                self.push(Value::Tuple(items));
            }
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b'a' => {
                let item = self.pop_many(1)?;
                self.append(item)?;
            }
            b'e' => {
                let items = self.pop_marked()?;
                self.append(items)?;
            }
            b's' => {
                let pair = self.pop_many(2)?;
                self.insert(&pair)?;
            }
            b'u' => {
                let pairs = self.pop_marked()?;
                self.insert(&pairs)?;
            }
            b'q' => {
                let place = self.length(1)?;
                self.keep(place)?;
            }
            b'r' => {
                let place = self.length(4)?;
                self.keep(place)?;
            }
            b'h' => {
                let place = self.length(1)?;
                self.recall(place)?;
            }
            b'j' => {
                let place = self.length(4)?;
                self.recall(place)?;
            }
            b'Q' => self.storage()?,
            b'R' => self.reduce()?,
            b'b' => {
                // What a module notes beside its tensors (`_metadata`).
                self.pop()?;
                if !matches!(self.top()?, Value::Dict(_)) {
                    return Err(self.wrong("it gives properties to what has none"));
                }
            }
            other => return Err(self.wrong(format!("it has the opcode {other:#04x}, which no weights need"))),
        }
        Ok(None)
    }

    fn wrong(&self, what: impl Into<String>) -> ImportError {
        ImportError::Pickle { what: what.into(), at: self.at - self.start }
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let bytes = self.bytes;
        let taken = self.at.checked_add(count).and_then(|end| bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.wrong("it ends too early"))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    /// A number without sign of `bytes` bytes, 4 at most.
    fn length(&mut self, bytes: usize) -> Read<usize> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    /// Pushes a number of `bytes` bytes, the lowest first.
    fn whole(&mut self, bytes: usize, signed: bool) -> Read<()> {
        let taken = self.take(bytes)?;
        if bytes > 16 {
            return Err(self.wrong("it has a number too large for anything"));
        }
        let negative = signed && taken.last().is_some_and(|&highest| highest >= 0x80);
        let mut full = [if negative { 0xFF } else { 0 }; 16];
        full[..bytes].copy_from_slice(taken);
        self.push(Value::Whole(i128::from_le_bytes(full)));
        Ok(())
    }

    fn text(&mut self, length_bytes: usize) -> Read<()> {
        let length = self.length(length_bytes)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| self.wrong("it has a text that is none"))?;
        self.push(Value::Text(text));
        Ok(())
    }

    /// The rest of the line, one of a global's two.
    fn line(&mut self) -> Read<&'a str> {
        const LONGEST: usize = 200;
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take(LONGEST).position(|&byte| byte == b'\n');
        let length = length.ok_or_else(|| self.wrong("it names something without an end"))?;
        let line = std::str::from_utf8(&rest[..length]).map_err(|_| self.wrong("it has a name that is no text"))?;
        self.at += length + 1;
        Ok(line)
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn top(&mut self) -> Read<&mut Value<'a>> {
        let base = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(&id) if self.stack.len() > base => Ok(&mut self.values[id]),
            _ => Err(self.wrong("it takes from an empty stack")),
        }
    }

    fn pop(&mut self) -> Read<Id> {
        Ok(self.pop_many(1)?[0])
    }

    fn pop_many(&mut self, count: usize) -> Read<Vec<Id>> {
        let base = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(start) if start >= base => Ok(self.stack.split_off(start)),
            _ => Err(self.wrong("it takes from an empty stack")),
        }
    }

    fn pop_marked(&mut self) -> Read<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| self.wrong("it takes up to a mark that is not there"))?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, items: Vec<Id>) -> Read<()> {
        match self.top()? {
            Value::List(list) => list.extend(items),
            _ => return Err(self.wrong("it appends to what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, flat: &[Id]) -> Read<()> {
        let (pairs, rest) = flat.as_chunks::<2>();
        match self.top()? {
            Value::Dict(dict) if rest.is_empty() => dict.extend(pairs.iter().map(|&[key, value]| (key, value))),
            _ => return Err(self.wrong("it inserts into what is no dictionary")),
        }
        Ok(())
    }

    fn keep(&mut self, place: usize) -> Read<()> {
        self.top()?;
        let id = self.stack[self.stack.len() - 1];
        // Four bytes at most were read.
        self.memo.insert(place as u32, id);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Read<()> {
        let id = self.memo.get(&(place as u32)).copied();
        self.stack.push(id.ok_or_else(|| self.wrong("it recalls what it never kept"))?);
        Ok(())
    }

    /// What a persistent id tells: ("storage", type, key, device, count[, view]).
    fn storage(&mut self) -> Read<()> {
        let id = self.pop()?;
        let storage = self.stored(id);
        let storage = storage.ok_or_else(|| self.wrong("it keeps numbers in a way that torch.save does not"))?;
        self.push(Value::Storage(storage));
        Ok(())
    }

    fn stored(&self, id: Id) -> Option<Storage<'a>> {
        let Value::Tuple(parts) = &self.values[id] else { return None };
        let (&[tag, kind, key, _, count], view) = parts.split_first_chunk()?;
        let (&Value::Text("storage"), &Value::Name(Name::Storage(element)), &Value::Text(key)) =
            (&self.values[tag], &self.values[kind], &self.values[key])
        else {
            return None;
        };
        let whole = Storage { element, key, count: self.size(count)?, start: 0 };
        match view.first().map(|&view| &self.values[view]) {
            None | Some(Value::Nothing) => Some(whole),
            // A part of another storage: its own key, its first number, how many.
            Some(Value::Tuple(parts)) => {
                let &[_, start, count] = &parts[..] else { return None };
                let (start, count) = (self.size(start)?, self.size(count)?);
                (start.checked_add(count)? <= whole.count).then_some(Storage { start, ..whole })
            }
            Some(_) => None,
        }
    }

    /// Calls a function, all of which are known.
    fn reduce(&mut self) -> Read<()> {
        let &[function, arguments] = &self.pop_many(2)?[..] else { return Err(self.wrong("it calls nothing")) };
        let made = self.made(function, arguments);
        let made = made.ok_or_else(|| self.wrong("it calls a function in a way that torch.save does not"))?;
        if let Value::Dict(pairs) = &made {
            self.copied += pairs.len();
            if self.copied > MOST_STEPS {
                return Err(self.wrong(format!("it has more than {MOST_STEPS} steps")));
            }
        }
        self.push(made);
        Ok(())
    }

    fn made(&self, function: Id, arguments: Id) -> Option<Value<'a>> {
        let (Value::Name(name), Value::Tuple(arguments)) = (&self.values[function], &self.values[arguments]) else {
            return None;
        };
        match (name, &arguments[..]) {
            (Name::OrderedDict, []) => Some(Value::Dict(Vec::new())),
            // Python 2's is made of a list of pairs.
            (Name::OrderedDict, &[pairs]) => {
                let Value::List(pairs) = &self.values[pairs] else { return None };
                let pair = |&id: &Id| match &self.values[id] {
                    Value::List(pair) | Value::Tuple(pair) if pair.len() == 2 => Some((pair[0], pair[1])),
                    _ => None,
                };
                pairs.iter().map(pair).collect::<Option<_>>().map(Value::Dict)
            }
            (Name::Tensor, &[storage, offset, sizes, strides, ..]) => {
                let &Value::Storage(storage) = &self.values[storage] else { return None };
                let (sizes, strides) = (self.sizes(sizes)?, self.sizes(strides)?);
                let fits = sizes.len() == strides.len() && sizes.len() <= MOST_AXES;
                fits.then_some(Value::Tensor(Tensor { storage, offset: self.size(offset)?, sizes, strides }))
            }
            (Name::Parameter, &[tensor, ..]) => match &self.values[tensor] {
                Value::Tensor(tensor) => Some(Value::Tensor(tensor.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    fn size(&self, id: Id) -> Option<usize> {
        match self.values[id] {
            Value::Whole(number) => usize::try_from(number).ok(),
            _ => None,
        }
    }

    fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        match &self.values[id] {
            Value::Tuple(sizes) if sizes.len() <= MOST_AXES => sizes.iter().map(|&id| self.size(id)).collect(),
            _ => None,
        }
    }
}

/// `text` as it may stand in a sentence on a terminal.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 80;
    text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
