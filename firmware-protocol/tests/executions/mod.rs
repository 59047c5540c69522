//! Random executions, each decided by one seed: what the tests run by the thousand and `examples/noise.rs` by the
//! million.
//!
//! An execution panics where a promise is broken, and says what it did; who runs it names the seed.

mod device;
mod replies;
mod sender;

/// One kind of execution.
pub struct Kind {
    /// How it is asked for.
    pub name: &'static str,
    /// Executions of one seed.
    pub per_seed: u64,
    /// Runs those of one seed.
    pub run: fn(u64),
}

/// All kinds.
pub const KINDS: [Kind; 3] = [
    Kind { name: "reply", per_seed: 1, run: replies::run },
    Kind { name: "device", per_seed: device::LINES, run: device::run },
    Kind { name: "sender", per_seed: 1, run: sender::run },
];

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound as u64) as usize
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Bytes of which most mean something somewhere.
    fn byte(&mut self, alphabet: &[u8]) -> u8 {
        if self.once_in(8) { self.draw() as u8 } else { self.pick(alphabet) }
    }

    /// Damages a line: bits flipped, bytes lost, doubled, put in; cut short; the head of one, the tail of another.
    fn mutate(&mut self, line: &mut Vec<u8>, other: &[u8], alphabet: &[u8]) {
        for _ in 0..self.below(4) {
            let at = self.below(line.len() + 1);
            match self.below(6) {
                0 if at < line.len() => line[at] ^= 1 << self.below(8),
                1 if at < line.len() => drop(line.remove(at)),
                2 if at < line.len() => line.insert(at, line[at]),
                3 => line.truncate(at),
                4 => {
                    line.truncate(at);
                    line.extend_from_slice(&other[self.below(other.len() + 1)..]);
                }
                _ => line.insert(at, self.byte(alphabet)),
            }
        }
    }
}
