//! Every key there is: what it means, what it may be, its unit and its default, read from `config/default.toml`.
//!
//! That file is the one place where a key is written down, for the operator and for the program alike. Its form:
//!
//! ```toml
//! [section]
//! # What the key means, in one or more lines.
//! #: 0.05 to 5 mm
//! width_mm = 0.4
//! ```
//!
//! The line after `#:` says what is allowed: `A to B unit`, `one of a, b, c`, `yes or no`, `text`, or `texts`. A key
//! that is commented out (`# width_mm = 0.4`) has no default of its own: it gets its value from a profile, and stands
//! there for its type. Refuses, with a panic in the tests that read it, a default.toml of any other form.

use std::sync::LazyLock;

use toml::Value;

/// `config/default.toml`.
pub(super) const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// What a key may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Allowed {
    /// A number, or an array of them, each within these limits.
    Range { least: f64, most: f64 },
    /// One of these words.
    OneOf(Vec<String>),
    /// True or false.
    YesOrNo,
    /// Any text.
    Text,
    /// Any number of texts.
    Texts,
}

/// One key of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    /// Its full name, as in `camera.device`.
    pub path: String,
    /// What it means.
    pub about: String,
    /// What it may be.
    pub allowed: Allowed,
    /// Its unit, or nothing.
    pub unit: String,
    /// Its default, or a sample of its type.
    pub sample: Value,
    /// Whether [`Self::sample`] is its default.
    pub is_default: bool,
}

/// Every key, in the order of `default.toml`.
pub(super) struct Schema {
    keys: Vec<Key>,
    sections: Vec<(String, String)>,
}

/// The schema of the compiled-in `default.toml`.
pub(super) fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| Schema::parse(DEFAULT_TOML).expect("a test reads the same text, so it cannot fail here"));
    &SCHEMA
}

impl Schema {
    /// Its keys, in order.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Its sections' names and what they are for, in order.
    #[cfg(test)]
    pub(super) fn sections(&self) -> &[(String, String)] {
        &self.sections
    }

    /// The key called `path`.
    pub(super) fn key(&self, path: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.path == path)
    }

    /// Whether `path` is a section or lies on the way to one.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The full name most like `path`, if any is alike: of a key or of a section.
    pub(super) fn nearest(&self, path: &str) -> Option<&str> {
        const ALIKE: f64 = 0.6;
        let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
        let sections = self.sections.iter().map(|(section, _)| section.as_str());
        let candidates = self.keys.iter().map(|key| key.path.as_str()).chain(sections);
        let (score, best) = candidates
            .map(|candidate| {
                let (its_section, its_name) = candidate.rsplit_once('.').unwrap_or(("", candidate));
                let name_alike = strsim::normalized_damerau_levenshtein(name, its_name);
                // The right name in the wrong section is a likely slip; a like name in another section a less likely one.
                let same_place = if its_section == section { 0.0 } else { 0.15 };
                let whole_alike = strsim::normalized_damerau_levenshtein(path, candidate);
                ((name_alike - same_place).max(whole_alike - 0.05), candidate)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        (score >= ALIKE).then_some(best)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut schema = Self { keys: Vec::new(), sections: Vec::new() };
        let mut section = String::new();
        let mut comment: Vec<&str> = Vec::new();
        let mut allowed: Option<&str> = None;
        for (number, line) in text.lines().enumerate() {
            let complaint = |what: &str| format!("default.toml:{}: {what}", number + 1);
            let line = line.trim();
            if let Some(rule) = line.strip_prefix("#:") {
                allowed = Some(rule.trim());
            } else if let Some(name) = line.strip_prefix('[') {
                section = name.strip_suffix(']').ok_or_else(|| complaint("a section ends with ]"))?.to_owned();
                schema.sections.push((section.clone(), comment.join(" ")));
                comment.clear();
            } else if line.is_empty() {
                comment.clear();
            } else if let Some(rule) = allowed.take() {
                let (is_default, assignment) = match line.strip_prefix('#') {
                    Some(rest) => (false, rest.trim()),
                    None => (true, line),
                };
                let (name, value) = assignment.split_once('=').ok_or_else(|| complaint("after #: comes a key"))?;
                let (name, sample) = (name.trim(), value.trim());
                let sample = format!("sample = {sample}").parse::<toml::Table>().map_err(|e| complaint(e.message()))?;
                let sample = sample.get("sample").cloned().ok_or_else(|| complaint("no value"))?;
                let (allowed, unit) =
                    rule_of(rule).ok_or_else(|| complaint("what is allowed? see src/config/schema.rs"))?;
                let path = format!("{section}.{name}");
                schema.keys.push(Key { path, about: comment.join(" "), allowed, unit, sample, is_default });
                comment.clear();
            } else if let Some(words) = line.strip_prefix('#') {
                comment.push(words.trim());
            } else if !line.starts_with("version") {
                return Err(complaint("a key needs a line #: that says what is allowed"));
            }
        }
        Ok(schema)
    }
}

fn rule_of(rule: &str) -> Option<(Allowed, String)> {
    if let Some(words) = rule.strip_prefix("one of ") {
        return Some((Allowed::OneOf(words.split(", ").map(str::to_owned).collect()), String::new()));
    }
    let (allowed, unit) = match rule {
        "yes or no" => (Allowed::YesOrNo, ""),
        "text" => (Allowed::Text, ""),
        "texts" => (Allowed::Texts, ""),
        _ => {
            let (least, rest) = rule.split_once(" to ")?;
            let (most, unit) = rest.split_once(' ').unwrap_or((rest, ""));
            (Allowed::Range { least: least.parse().ok()?, most: most.parse().ok()? }, unit)
        }
    };
    Some((allowed, unit.to_owned()))
}

impl Key {
    /// `value` as this key holds it, with whole numbers made fractions where the key holds fractions.
    ///
    /// # Errors
    /// What is wrong with it, to be put after the key's name: `is 9, but must lie between 0 and 1 mm`.
    pub(super) fn fit(&self, value: &Value) -> Result<Value, String> {
        match (&self.allowed, value) {
            (Allowed::Range { .. }, Value::Array(items)) => match &self.sample {
                Value::Array(sample) if sample.len() == items.len() => {
                    let fitted: Result<_, _> = items.iter().zip(sample).map(|(i, s)| self.fit_number(i, s)).collect();
                    fitted.map(Value::Array)
                }
                _ => Err(self.mismatch(value)),
            },
            (Allowed::Range { .. }, _) => self.fit_number(value, &self.sample),
            (Allowed::OneOf(words), Value::String(text)) if !words.contains(text) => {
                let alike = |word: &&String| strsim::normalized_damerau_levenshtein(word, text) >= 0.5;
                let hint =
                    words.iter().find(alike).map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default();
                Err(format!("is \"{text}\", but must be {}{hint}", self.expected()))
            }
            (Allowed::OneOf(_) | Allowed::Text, Value::String(_)) | (Allowed::YesOrNo, Value::Boolean(_)) => {
                Ok(value.clone())
            }
            (Allowed::Texts, Value::Array(items)) if items.iter().all(Value::is_str) => Ok(value.clone()),
            _ => Err(self.mismatch(value)),
        }
    }

    fn fit_number(&self, value: &Value, sample: &Value) -> Result<Value, String> {
        let (number, fitted) = match (value, sample) {
            (Value::Integer(whole), Value::Integer(_)) => (*whole as f64, value.clone()),
            (Value::Integer(whole), Value::Float(_)) => (*whole as f64, Value::Float(*whole as f64)),
            (Value::Float(number), Value::Float(_)) => (*number, value.clone()),
            _ => return Err(self.mismatch(value)),
        };
        match self.allowed {
            // No range contains "not a number".
            Allowed::Range { least, most } if !(least..=most).contains(&number) => {
                Err(format!("is {value}, but must lie between {}", self.limits(least, most)))
            }
            _ => Ok(fitted),
        }
    }

    fn mismatch(&self, value: &Value) -> String {
        format!("is {value}, but must be {}", self.expected())
    }

    /// What the key expects, in words.
    pub(super) fn expected(&self) -> String {
        match (&self.allowed, &self.sample) {
            (Allowed::Range { least, most }, Value::Integer(_)) => {
                format!("a whole number between {}", self.limits(*least, *most))
            }
            (Allowed::Range { least, most }, Value::Array(items)) => {
                format!("{} numbers in brackets, each between {}", items.len(), self.limits(*least, *most))
            }
            (Allowed::Range { least, most }, _) => format!("a number between {}", self.limits(*least, *most)),
            (Allowed::OneOf(words), _) => format!("one of {}", words.join(", ")),
            (Allowed::YesOrNo, _) => "true or false".to_owned(),
            (Allowed::Text, _) => "a text in quotes".to_owned(),
            (Allowed::Texts, _) => "texts in quotes, in brackets".to_owned(),
        }
    }

    fn limits(&self, least: f64, most: f64) -> String {
        format!("{least} and {most} {}", self.unit).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_toml_has_the_form_that_is_read_and_every_default_is_allowed() {
        let schema = Schema::parse(DEFAULT_TOML).unwrap_or_else(|complaint| panic!("{complaint}"));
        for key in schema.keys() {
            assert_eq!(key.fit(&key.sample).as_ref(), Ok(&key.sample), "{} in default.toml", key.path);
            assert!(!key.about.is_empty(), "{} in default.toml says nothing about itself", key.path);
            let named = ["_mm", "_mm_s", "_mm_s2", "_mm_min", "_px", "_deg", "_secs"];
            let named = named.iter().any(|unit| key.path.ends_with(unit));
            assert!(!named || !key.unit.is_empty(), "{} in default.toml names no unit after #:", key.path);
        }
        let table: toml::Table = DEFAULT_TOML.parse().expect("default.toml is TOML");
        for (name, value) in &table {
            let Value::Table(section) = value else { continue };
            let written = section.values().filter(|value| !value.is_table()).count();
            let prefix = format!("{name}.");
            let own =
                |key: &&Key| key.is_default && key.path.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.'));
            assert_eq!(written, schema.keys().iter().filter(own).count(), "each key of [{name}] has its #: line");
        }
    }

    #[test]
    fn a_malformed_default_toml_is_named_by_its_line() {
        let check = |text: &str, expected: &str| {
            let complaint = Schema::parse(text).err().expect("it is malformed");
            assert!(complaint.contains(expected), "{complaint}");
        };
        check("[a]\nb = 1", "default.toml:2: a key needs a line #:");
        check("[a]\n# B.\n#: whatever\nb = 1", "default.toml:4: what is allowed?");
        check("[a]\n#: 1 to 2\nb = ", "default.toml:3:");
        check("[a", "default.toml:1: a section ends with ]");
    }
}
