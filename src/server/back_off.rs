//! How long who failed to prove themselves must wait: by address, and all together.
//!
//! After a few wrong PINs each further one doubles the wait, up to [`LONGEST_SECS`]: that is the lock-out. Many addresses
//! together are slowed down as well. The counts are kept in a file, written before a PIN is looked at, so that neither
//! a restart nor a kill gives new tries. Seconds since 1970, given by the caller; a clock set back lengthens no wait
//! beyond the longest. A file that makes no sense counts as failures, not as none.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

/// Wrong PINs from one address that cost no wait.
const FREE: u32 = 3;
/// Wrong PINs from all addresses together that cost none.
const FREE_TOGETHER: u32 = 10;
/// The first wait.
const FIRST_SECS: u64 = 5;
/// The longest: the lock-out.
pub(super) const LONGEST_SECS: u64 = 900;
/// Failures are forgotten after so long without another.
const FORGOTTEN_SECS: u64 = 3_600;
/// Most addresses remembered; the oldest are forgotten, but count on among all together.
const MOST_ADDRESSES: usize = 256;

/// The counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    together: Count,
    addresses: BTreeMap<IpAddr, Count>,
}

/// Failures of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    failures: u32,
    last_unix: u64,
}

/// The counts and their file.
#[derive(Debug)]
pub(super) struct BackOff {
    counts: Counts,
    file: Option<PathBuf>,
}

impl BackOff {
    /// The counts of `file`, if there is one; without a file they are forgotten with the program.
    pub fn load(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().map(fs::read);
        let counts = match text {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|_| Counts {
                together: Count { failures: FREE_TOGETHER, last_unix: u64::MAX },
                ..Counts::default()
            }),
            _ => Counts::default(),
        };
        Self { counts, file }
    }

    /// How many seconds `address` must wait before it may try; 0 if it may now.
    pub fn wait_secs(&self, address: IpAddr, now_unix: u64) -> u64 {
        let own = self.counts.addresses.get(&network(address)).map_or(0, |count| count.wait_secs(FREE, now_unix));
        own.max(self.counts.together.wait_secs(FREE_TOGETHER, now_unix))
    }

    /// Counts a failure; before the PIN is looked at, so that every try has been paid for.
    ///
    /// # Errors
    /// The file cannot be written: then nobody may try, or a restart would forget it.
    pub fn failed(&mut self, address: IpAddr, now_unix: u64) -> std::io::Result<()> {
        self.counts.together.fail(now_unix);
        self.counts.addresses.entry(network(address)).or_default().fail(now_unix);
        while self.counts.addresses.len() > MOST_ADDRESSES {
            let oldest = self.counts.addresses.iter().min_by_key(|(_, count)| count.last_unix).map(|(ip, _)| *ip);
            oldest.map(|ip| self.counts.addresses.remove(&ip));
        }
        self.write()
    }

    /// Takes the failure back that [`failed`](Self::failed) counted, and all earlier ones of `address`.
    pub fn succeeded(&mut self, address: IpAddr) -> std::io::Result<()> {
        self.counts.addresses.remove(&network(address));
        self.counts.together.failures = self.counts.together.failures.saturating_sub(1);
        self.write()
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let partial = file.with_extension("partial");
        let mut written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        written.write_all(&serde_json::to_vec(&self.counts).unwrap_or_default())?;
        written.sync_all()?;
        fs::rename(&partial, file)
    }
}

impl Count {
    fn fail(&mut self, now_unix: u64) {
        if now_unix.saturating_sub(self.last_unix) > FORGOTTEN_SECS {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last_unix = now_unix;
    }

    fn wait_secs(&self, free: u32, now_unix: u64) -> u64 {
        if self.failures < free {
            return 0;
        }
        let whole =
            FIRST_SECS.checked_shl(self.failures - free).unwrap_or(LONGEST_SECS).clamp(FIRST_SECS, LONGEST_SECS);
        // A clock that was set back would stretch the wait: it never exceeds what it was.
        let gone = now_unix.saturating_sub(self.last_unix);
        whole.saturating_sub(gone)
    }
}

/// What counts as one address: of IPv6 the network, since a single machine there has more addresses than there are PINs.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            if ip.is_loopback() { IpAddr::V6(ip) } else { IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)) }
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn waits_double_up_to_the_lock_out_and_are_forgotten_in_the_end() {
        let mut back_off = BackOff::load(None);
        let waits: Vec<u64> = (0..14)
            .map(|_| {
                back_off.failed(A, 1000).expect("no file");
                back_off.wait_secs(A, 1000)
            })
            .collect();
        assert_eq!(waits[..11], [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(waits[13], LONGEST_SECS);
        assert_eq!(back_off.wait_secs(A, 1000 + 899), 1);
        assert_eq!(back_off.wait_secs(A, 1000 + 900), 0);
        assert_eq!(back_off.wait_secs(A, 0), LONGEST_SECS, "a clock set back lengthens no wait");
        back_off.failed(A, 1000 + 5000).expect("no file");
        assert_eq!(back_off.wait_secs(A, 6000), 0, "an hour later it begins anew");
    }

    #[test]
    fn many_addresses_together_are_slowed_down_too() {
        let mut back_off = BackOff::load(None);
        for i in 0..12_u8 {
            back_off.failed(IpAddr::from([10, 1, 0, i]), 1000).expect("no file");
        }
        assert_eq!(back_off.wait_secs(B, 1000), 20);
        for i in 0..=255_u8 {
            back_off.failed(IpAddr::from([10, 2, i, 0]), 1000).expect("no file");
            back_off.failed(IpAddr::from([10, 3, i, 0]), 1001).expect("no file");
        }
        assert_eq!(back_off.counts.addresses.len(), MOST_ADDRESSES);
        let neighbours = ["2001:db8::1", "2001:db8::ffff:2"].map(|ip| network(ip.parse().expect("an address")));
        assert_eq!(neighbours[0], neighbours[1]);
        assert_eq!(network("::ffff:10.0.0.1".parse().expect("an address")), A);
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state/lock-out.json");
        let mut back_off = BackOff::load(Some(file.clone()));
        for _ in 0..11 {
            back_off.failed(A, 1000).expect("writable");
        }
        drop(back_off);
        let mut back_off = BackOff::load(Some(file.clone()));
        assert_eq!(back_off.wait_secs(A, 1000), LONGEST_SECS);
        back_off.succeeded(A).expect("writable");
        assert_eq!(BackOff::load(Some(file.clone())).wait_secs(A, 1000), FIRST_SECS, "together they failed ten times");
        std::fs::write(&file, b"{]").expect("writable");
        assert_eq!(BackOff::load(Some(file.clone())).wait_secs(A, 1000), FIRST_SECS, "a broken file is no clean slate");
        assert!(BackOff::load(Some(folder.path().join("state"))).failed(A, 1000).is_err(), "a folder is no file");
    }
}
