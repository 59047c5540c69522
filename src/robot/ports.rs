//! The serial ports of this computer, by names that outlive a replugging, and who has them open.
//!
//! `/dev/ttyUSB0` may be `/dev/ttyUSB1` tomorrow; udev's links in `/dev/serial/by-id` (maker, model, serial number) and
//! `by-path` (which socket) stay. Two chips without a serial number share one by-id link, so those go by their socket.
//! What is read are `/sys`, `/dev` and `/proc` below a root that tests make up; no port is opened, since opening one
//! resets many boards. It refuses nothing: what cannot be read is left out.
//! Sources: Linux `Documentation/ABI/testing/sysfs-class-tty`, udev's 60-serial.rules, proc(5).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;

/// One serial port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its device, as in `/dev/ttyUSB0`.
    pub device: String,
    /// The name to write into a configuration: a link that stays, else its USB identity, else the device.
    pub stable: String,
    /// USB vendor and product, as in `1a86:7523`.
    pub usb: Option<String>,
    /// USB serial number.
    pub serial_number: Option<String>,
    /// Maker and model, in the device's own words.
    pub product: Option<String>,
    /// All links that lead to it.
    pub links: Vec<String>,
}

/// A process that has a port open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its number.
    pub process: i32,
    /// Its program's name.
    pub program: String,
    /// It has locked the port for itself.
    pub locked: bool,
}

/// More entries than this are not looked at, in any folder.
const MOST_ENTRIES: usize = 100_000;
/// Where everything is looked for; tests make up another.
const ROOT: &str = "/";

/// Every serial port there is, by device name.
pub fn list() -> Vec<Found> {
    list_in(Path::new(ROOT))
}

/// The same, of the computer whose `/sys` and `/dev` lie below `root`.
pub(super) fn list_in(root: &Path) -> Vec<Found> {
    let links = links(&root.join("dev/serial"));
    let mut found: Vec<Found> =
        entries(&root.join("sys/class/tty")).into_iter().filter_map(|tty| port(root, &tty, &links)).collect();
    found.sort_by(|a, b| a.device.cmp(&b.device));
    // Where udev made no link, a USB identity stays as well, if it is the only one of its kind.
    let identities: Vec<Option<String>> = found.iter().map(Found::identity).collect();
    for (port, identity) in found.iter_mut().zip(&identities) {
        let alone = identities.iter().filter(|other| *other == identity).count() == 1;
        if let Some(identity) = identity
            && port.stable == port.device
            && alone
        {
            port.stable.clone_from(identity);
        }
    }
    found
}

impl Found {
    /// Its USB identity as `--port` takes it, as in `usb:1a86:7523`.
    pub fn identity(&self) -> Option<String> {
        let serial = self.serial_number.as_ref().map_or_else(String::new, |serial| format!(":{serial}"));
        Some(format!("usb:{}{serial}", self.usb.as_ref()?))
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.stable)?;
        if self.stable != self.device {
            write!(f, " ({})", self.device)?;
        }
        let identity = self.identity().filter(|identity| *identity != self.stable);
        for detail in [&self.product, &identity].into_iter().flatten() {
            write!(f, ", {detail}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {})", self.program, self.process)
    }
}

/// Which ports there are, as a part of a sentence.
pub(super) fn sentence(found: &[Found]) -> String {
    let names: Vec<&str> = found.iter().map(|port| port.stable.as_str()).collect();
    match names[..] {
        [] => "no serial port is connected (portraitist sim offers a simulated one)".into(),
        [one] => format!("there is only {one}"),
        _ => format!("there are {}", names.join(", ")),
    }
}

/// Who has the port at `path` open; those that locked it alone, if any did. Another user's processes may stay hidden.
pub fn holders(path: &Path) -> Vec<Holder> {
    holders_in(Path::new(ROOT), path)
}

fn holders_in(root: &Path, path: &Path) -> Vec<Holder> {
    let (Ok(device), Ok(meta)) = (fs::canonicalize(path), fs::metadata(path)) else { return Vec::new() };
    let proc = root.join("proc");
    let holder = |process: i32, locked: bool| {
        let name = fs::read_to_string(proc.join(process.to_string()).join("comm")).unwrap_or_default();
        let program = if name.trim().is_empty() { "another program".into() } else { name.trim().to_owned() };
        Holder { process, program, locked }
    };
    let locks = fs::read_to_string(proc.join("locks")).unwrap_or_default();
    let mut locked: Vec<i32> =
        locks.lines().take(MOST_ENTRIES).filter_map(|line| lock(line, meta.dev(), meta.ino())).collect();
    locked.sort_unstable();
    locked.dedup();
    if !locked.is_empty() {
        return locked.into_iter().map(|process| holder(process, true)).collect();
    }
    let mut open: Vec<i32> = entries(&proc)
        .into_iter()
        .filter(|process| {
            entries(&process.join("fd")).iter().any(|fd| fs::read_link(fd).is_ok_and(|target| target == device))
        })
        .filter_map(|process| process.file_name()?.to_str()?.parse().ok())
        .collect();
    open.sort_unstable();
    open.into_iter().map(|process| holder(process, false)).collect()
}

/// The process that holds an exclusive lock of the file `inode` on device `dev`, if this line of `/proc/locks` says so:
/// `1: FLOCK  ADVISORY  WRITE 1234 00:18:7 0 EOF`.
fn lock(line: &str, dev: u64, inode: u64) -> Option<i32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "WRITE")?;
    if line.contains("->") {
        return None; // it waits for the lock
    }
    let process = words.get(at + 1)?.parse().ok()?;
    let mut place = words.get(at + 2)?.split(':');
    let number = |text: Option<&str>| u32::from_str_radix(text?, 16).ok();
    let (major, minor) = (number(place.next())?, number(place.next())?);
    let its_inode: u64 = place.next()?.parse().ok()?;
    let here = (rustix::fs::major(dev), rustix::fs::minor(dev), inode);
    (here == (major, minor, its_inode)).then_some(process)
}

/// The port of the class folder `tty`, if it is one that something can be plugged into.
fn port(root: &Path, tty: &Path, links: &[(PathBuf, String)]) -> Option<Found> {
    let name = tty.file_name()?.to_str()?;
    let device = root.join("dev").join(name);
    let bluetooth = name.starts_with("rfcomm");
    let hardware = fs::canonicalize(tty.join("device")).ok();
    let subsystem = hardware.as_ref().and_then(|path| fs::canonicalize(path.join("subsystem")).ok());
    let bus = subsystem.as_ref().and_then(|path| path.file_name()?.to_str()).unwrap_or_default();
    let usb = match bus {
        "usb" => hardware.as_ref()?.parent(),
        "usb-serial" => hardware.as_ref()?.parent()?.parent(),
        "amba" | "pci" | "pnp" | "serial-base" => None,
        _ if bluetooth => None,
        _ => return None, // a console, a pseudo-terminal, a modem's control channel
    };
    let target = fs::canonicalize(&device).ok()?;
    let word = |file: &str| {
        let text = fs::read_to_string(usb?.join(file)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let words: Vec<String> = [word("manufacturer"), word("product")].into_iter().flatten().collect();
    let links: Vec<String> =
        links.iter().filter(|(leads_to, _)| *leads_to == target).map(|(_, link)| link.clone()).collect();
    let serial_number = word("serial");
    let device = device.to_string_lossy().into_owned();
    Some(Found {
        stable: stable(&links, serial_number.is_some()).unwrap_or_else(|| device.clone()),
        usb: word("idVendor").zip(word("idProduct")).map(|(vendor, product)| format!("{vendor}:{product}")),
        product: Some(words.join(" ")).filter(|words| !words.is_empty()),
        device,
        serial_number,
        links,
    })
}

/// The link that stays: by identity if the device has a number of its own, else by socket.
fn stable(links: &[String], numbered: bool) -> Option<String> {
    let kinds = if numbered { ["by-id", "by-path"] } else { ["by-path", "by-id"] };
    kinds.into_iter().find_map(|kind| links.iter().find(|link| link.contains(&format!("/{kind}/"))).cloned())
}

/// Every link below `folder`/by-id and `folder`/by-path, with what it leads to.
fn links(folder: &Path) -> Vec<(PathBuf, String)> {
    ["by-id", "by-path"]
        .into_iter()
        .flat_map(|kind| entries(&folder.join(kind)))
        .filter_map(|link| Some((fs::canonicalize(&link).ok()?, link.to_string_lossy().into_owned())))
        .collect()
}

/// What lies in `folder`, by name; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).take(MOST_ENTRIES).collect();
    entries.sort();
    entries
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A made-up computer: `/sys`, `/dev` and `/proc` in a scratch folder.
    pub struct Computer(tempfile::TempDir);

    impl Computer {
        pub fn new() -> Self {
            Self(tempfile::tempdir().expect("a scratch folder"))
        }

        pub fn root(&self) -> &Path {
            self.0.path()
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }

        fn link(&self, path: &str, target: &str) {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            symlink(self.root().join(target), path).expect("writable");
        }

        /// Plugs a converter into `socket`: it becomes `tty`.
        pub fn plug(&self, tty: &str, socket: &str, usb: (&str, &str), serial: Option<&str>, links: bool) {
            let device = format!("sys/devices/usb1/{socket}");
            self.write(&format!("{device}/idVendor"), &format!("{}\n", usb.0));
            self.write(&format!("{device}/idProduct"), &format!("{}\n", usb.1));
            self.write(&format!("{device}/product"), "USB Serial\n");
            if let Some(serial) = serial {
                self.write(&format!("{device}/serial"), &format!("{serial}\n"));
            }
            let interface = format!("{device}/{socket}:1.0/{tty}");
            self.write(&format!("{interface}/port_number"), "0");
            self.write("sys/bus/usb-serial/uevent", "");
            self.link(&format!("{interface}/subsystem"), "sys/bus/usb-serial");
            self.link(&format!("sys/class/tty/{tty}/device"), &interface);
            self.write(&format!("dev/{tty}"), "");
            if links {
                let by_id = format!("dev/serial/by-id/usb-{}_{}-if00-port0", usb.0, serial.unwrap_or("USB_Serial"));
                if !self.root().join(&by_id).exists() {
                    self.link(&by_id, &format!("dev/{tty}"));
                }
                self.link(&format!("dev/serial/by-path/pci-usb-0:{socket}:1.0-port0"), &format!("dev/{tty}"));
            }
        }

        /// A line of the board itself, and a console that is none.
        pub fn solder(&self) {
            self.write("sys/bus/pnp/uevent", "");
            self.write("sys/devices/pnp0/id", "");
            self.link("sys/devices/pnp0/subsystem", "sys/bus/pnp");
            self.link("sys/class/tty/ttyS0/device", "sys/devices/pnp0");
            self.write("dev/ttyS0", "");
            self.write("sys/class/tty/tty1/dev", "4:1");
            self.write("dev/tty1", "");
        }
    }

    fn names(found: &[Found]) -> Vec<&str> {
        found.iter().map(|port| port.stable.rsplit("/dev/").next().unwrap_or_default()).collect()
    }

    #[test]
    fn a_port_is_called_by_its_number_or_else_by_its_socket() {
        let computer = Computer::new();
        computer.solder();
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, true);
        computer.plug("ttyUSB1", "1-3", ("1a86", "7523"), None, true);
        computer.plug("ttyUSB2", "1-4", ("0403", "6001"), Some("A50285BI"), true);
        let found = list_in(computer.root());
        let expected = [
            "ttyS0",
            "serial/by-path/pci-usb-0:1-2:1.0-port0",
            "serial/by-path/pci-usb-0:1-3:1.0-port0",
            "serial/by-id/usb-0403_A50285BI-if00-port0",
        ];
        assert_eq!(names(&found), expected);
        assert_eq!(found[3].identity().as_deref(), Some("usb:0403:6001:A50285BI"));
        assert_eq!((found[0].identity(), found[1].identity().as_deref()), (None, Some("usb:1a86:7523")));
        let line = found[1].to_string();
        assert!(line.contains("ttyUSB0") && line.contains("USB Serial") && line.contains("usb:1a86:7523"), "{line}");
    }

    #[test]
    fn without_udev_an_identity_is_a_name_only_where_it_is_the_only_one() {
        let computer = Computer::new();
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, false);
        assert_eq!(names(&list_in(computer.root())), ["usb:1a86:7523"]);
        computer.plug("ttyUSB1", "1-3", ("1a86", "7523"), None, false);
        assert_eq!(names(&list_in(computer.root())), ["ttyUSB0", "ttyUSB1"]);
        assert!(list_in(Path::new("/nowhere")).is_empty());
    }

    #[test]
    fn the_sentence_names_what_there_is() {
        let computer = Computer::new();
        assert!(sentence(&list_in(computer.root())).contains("portraitist sim"));
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, false);
        assert_eq!(sentence(&list_in(computer.root())), "there is only usb:1a86:7523");
        computer.plug("ttyUSB1", "1-3", ("0403", "6001"), Some("A5"), false);
        assert_eq!(sentence(&list_in(computer.root())), "there are usb:1a86:7523, usb:0403:6001:A5");
    }

    #[test]
    fn who_has_a_port_is_told_the_one_that_locked_it_before_those_that_opened_it() {
        let computer = Computer::new();
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, false);
        let device = computer.root().join("dev/ttyUSB0");
        let holders = || holders_in(computer.root(), &device);
        assert_eq!(holders(), []);
        computer.write("proc/41/comm", "candle\n");
        let target = fs::canonicalize(&device).expect("there");
        fs::create_dir_all(computer.root().join("proc/41/fd")).expect("writable");
        symlink(target, computer.root().join("proc/41/fd/7")).expect("writable");
        assert_eq!(holders(), [Holder { process: 41, program: "candle".into(), locked: false }]);
        let meta = fs::metadata(&device).expect("there");
        let (major, minor) = (rustix::fs::major(meta.dev()), rustix::fs::minor(meta.dev()));
        let place = format!("{major:02x}:{minor:02x}:{}", meta.ino());
        let locks = format!(
            "1: FLOCK  ADVISORY  WRITE 52 {place} 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 53 {place} 0 EOF\n\
             2: POSIX  ADVISORY  READ 54 00:01:9 0 EOF\nnonsense\n"
        );
        computer.write("proc/locks", &locks);
        computer.write("proc/52/comm", "portraitist\n");
        assert_eq!(holders()[0].to_string(), "portraitist (process 52)");
        assert!(holders().len() == 1 && holders()[0].locked);
        assert_eq!(holders_in(computer.root(), Path::new("/nowhere")), []);
    }
}
