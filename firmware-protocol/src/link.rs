//! One direction of a bad cable, in virtual time: it loses, doubles, garbles and delays bytes, or is cut.
//!
//! The same seed and the same bytes give the same faults. Rates are chances in a million per byte; times are
//! [`Duration`]s since any fixed moment, given by the caller. Bytes never overtake each other.

use alloc::collections::VecDeque;
use core::time::Duration;

/// What is wrong with a cable. The default is a sound one at 115,200 baud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Chance in a million that a byte is lost.
    pub lost: u32,
    /// Chance in a million that a byte comes twice.
    pub doubled: u32,
    /// Chance in a million that one bit of a byte is flipped.
    pub garbled: u32,
    /// Chance in a million that a byte (and all behind it) is late.
    pub delayed: u32,
    /// How late.
    pub delay: Duration,
    /// The cable is cut after so many bytes.
    pub cut_after: Option<u64>,
    /// Time of one byte on the wire.
    pub byte: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            lost: 0,
            doubled: 0,
            garbled: 0,
            delayed: 0,
            delay: Duration::ZERO,
            cut_after: None,
            byte: Duration::from_nanos(86_806),
        }
    }
}

/// Bytes on their way.
#[derive(Debug, Clone)]
pub struct Link {
    faults: Faults,
    random: u64,
    carried: u64,
    free: Duration,
    bytes: VecDeque<(Duration, u8)>,
}

impl Link {
    /// A cable with these faults; `seed` decides where they fall.
    pub fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, random: seed, carried: 0, free: Duration::ZERO, bytes: VecDeque::new() }
    }

    /// Puts a byte on the wire at `now`, or as soon as the wire is free.
    pub fn send(&mut self, byte: u8, now: Duration) {
        let faults = self.faults;
        self.free = self.free.max(now) + faults.byte;
        self.carried += 1;
        if faults.cut_after.is_some_and(|after| self.carried > after) || self.strikes(faults.lost) {
            return;
        }
        if self.strikes(faults.delayed) {
            self.free += faults.delay;
        }
        let flipped = if self.strikes(faults.garbled) { 1 << (self.draw() % 8) } else { 0 };
        self.bytes.push_back((self.free, byte ^ flipped));
        if self.strikes(faults.doubled) {
            self.free += faults.byte;
            self.bytes.push_back((self.free, byte ^ flipped));
        }
    }

    /// The next byte that has arrived by `now`, and when it did.
    pub fn receive(&mut self, now: Duration) -> Option<(Duration, u8)> {
        self.bytes.pop_front_if(|byte| byte.0 <= now)
    }

    /// When the next byte arrives, if one is under way.
    pub fn next_at(&self) -> Option<Duration> {
        self.bytes.front().map(|byte| byte.0)
    }

    fn strikes(&mut self, chance: u32) -> bool {
        chance > 0 && self.draw() % 1_000_000 < u64::from(chance)
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn carry(faults: Faults, seed: u64) -> Vec<(Duration, u8)> {
        let mut link = Link::new(faults, seed);
        (0..10_000u32).for_each(|i| link.send(i as u8, Duration::ZERO));
        core::iter::from_fn(|| link.receive(Duration::MAX)).collect()
    }

    #[test]
    fn a_sound_cable_changes_nothing() {
        let bytes = carry(Faults::default(), 1);
        assert!(bytes.iter().enumerate().all(|(i, byte)| byte.1 == i as u8));
        assert_eq!(bytes[9_999].0, Faults::default().byte * 10_000);
    }

    #[test]
    fn faults_come_as_often_as_asked_and_again_with_the_same_seed() {
        let tenth = 100_000;
        let lossy = carry(Faults { lost: tenth, ..Faults::default() }, 7);
        assert!((8_800..9_200).contains(&lossy.len()), "{}", lossy.len());
        assert_eq!(lossy, carry(Faults { lost: tenth, ..Faults::default() }, 7));
        assert_ne!(lossy, carry(Faults { lost: tenth, ..Faults::default() }, 8));
        let doubled = carry(Faults { doubled: tenth, ..Faults::default() }, 7);
        assert!((10_800..11_200).contains(&doubled.len()), "{}", doubled.len());
        let garbled = carry(Faults { garbled: tenth, ..Faults::default() }, 7);
        let wrong = garbled.iter().enumerate().filter(|(i, byte)| byte.1 != *i as u8).count();
        assert!((800..1_200).contains(&wrong), "{wrong}");
        let cut = carry(Faults { cut_after: Some(100), ..Faults::default() }, 7);
        assert_eq!(cut.len(), 100);
        let late = carry(Faults { delayed: tenth, delay: Duration::from_millis(5), ..Faults::default() }, 7);
        assert!(late[9_999].0 > Duration::from_secs(4), "{:?}", late[9_999]);
    }
}
