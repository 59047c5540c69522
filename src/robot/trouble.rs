//! What may go wrong between a sender and a robot, to be tried on the simulated one: a bad cable, by seed, and things
//! that happen to the machine at a given moment.
//!
//! Written as one text: `lost=200,garbled=50,seed=7,hold@3,restart@5.5,line@4:$J=G91X10F500`. Faults (`lost`, `doubled`,
//! `garbled`, `delayed`) are chances in a million for each byte, both ways; `delay=0.5` is how late, in seconds;
//! `cut=900` lets so many bytes pass to the robot and no more. Moments are seconds after the port was opened.
//! It refuses any other word.

use std::str::FromStr;
use std::time::Duration;

use firmware_protocol::link::Faults;

/// A bad day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trouble {
    /// What is wrong with the cable to the robot.
    pub down: Faults,
    /// What is wrong with the cable from it.
    pub up: Faults,
    /// Where the faults fall.
    pub seed: u64,
    /// What happens when, after the port was opened, in order.
    pub mishaps: Vec<(Duration, Mishap)>,
}

/// Something that happens to the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// Its supply dips: the firmware starts anew where the carriage stands.
    Restart,
    /// Its hold button is pressed, or noise on its pins is taken for it.
    Hold,
    /// Its door is opened, and closed.
    Door,
    /// The limit switches are struck (heeded if `$21` is on).
    Limit,
    /// Another program writes this line; the answers go to all who listen.
    Line(String),
    /// The cable is pulled out of this computer.
    Gone,
}

/// Why a text is no trouble.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no trouble; write as in lost=200,garbled=50,seed=7,hold@3,restart@5.5")]
pub struct NoTrouble(String);

/// A moment beyond a day is a slip.
const MOST_SECS: f64 = 86_400.0;

impl FromStr for Trouble {
    type Err = NoTrouble;

    fn from_str(text: &str) -> Result<Self, NoTrouble> {
        let mut trouble = Self::default();
        for word in text.split(',').map(str::trim) {
            trouble.take(word).ok_or_else(|| NoTrouble(word.into()))?;
        }
        trouble.mishaps.sort_by_key(|(at, _)| *at);
        Ok(trouble)
    }
}

impl Trouble {
    fn take(&mut self, word: &str) -> Option<()> {
        if let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.contains('@')) {
            let mut both = |set: &mut dyn FnMut(&mut Faults)| [&mut self.down, &mut self.up].into_iter().for_each(set);
            let chance = || value.parse().ok().filter(|chance| *chance <= 1_000_000);
            match name {
                "lost" => chance().map(|c| both(&mut |faults| faults.lost = c)),
                "doubled" => chance().map(|c| both(&mut |faults| faults.doubled = c)),
                "garbled" => chance().map(|c| both(&mut |faults| faults.garbled = c)),
                "delayed" => chance().map(|c| both(&mut |faults| faults.delayed = c)),
                "delay" => secs(value).map(|delay| both(&mut |faults| faults.delay = delay)),
                "cut" => value.parse().ok().map(|after| self.down.cut_after = Some(after)),
                "seed" => value.parse().ok().map(|seed| self.seed = seed),
                _ => None,
            }
        } else {
            let (name, rest) = word.split_once('@')?;
            let (at, line) = rest.split_once(':').map_or((rest, None), |(at, line)| (at, Some(line)));
            let mishap = match (name, line) {
                ("restart", None) => Mishap::Restart,
                ("hold", None) => Mishap::Hold,
                ("door", None) => Mishap::Door,
                ("limit", None) => Mishap::Limit,
                ("gone", None) => Mishap::Gone,
                ("line", Some(line)) => Mishap::Line(line.into()),
                _ => return None,
            };
            self.mishaps.push((secs(at)?, mishap));
            Some(())
        }
    }
}

fn secs(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|secs| (0.0..MOST_SECS).contains(secs)).map(Duration::from_secs_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_read_as_it_is_written() {
        let trouble: Trouble = "lost=200, cut=90,delay=0.5,seed=7,restart@5.5,line@3:$J=G91X10F500".parse().unwrap();
        assert_eq!((trouble.down.lost, trouble.up.lost, trouble.seed), (200, 200, 7));
        assert_eq!((trouble.down.cut_after, trouble.up.cut_after), (Some(90), None));
        assert_eq!(trouble.up.delay, Duration::from_millis(500));
        let line = (Duration::from_secs(3), Mishap::Line("$J=G91X10F500".into()));
        assert_eq!(trouble.mishaps, [line, (Duration::from_millis(5500), Mishap::Restart)]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "lost", "lost=-1", "lost=2000000", "rain=3", "hold", "hold@", "hold@-1", "hold@1e9", "line@3"]
        {
            assert!(text.parse::<Trouble>().is_err(), "{text}");
        }
    }
}
