//! The serial ports of this computer, by names that outlive a replugging.
//!
//! `/dev/ttyUSB0` may be `/dev/ttyUSB1` tomorrow; udev's links in `/dev/serial/by-id` (maker, model, serial number) and
//! `by-path` (which socket; for chips without a serial number) stay.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serialport::SerialPortType;

/// One serial port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its device, as in `/dev/ttyUSB0`.
    pub device: String,
    /// The name to write into a configuration: a link that stays, or else the device.
    pub stable: String,
    /// USB vendor and product, as in `1a86:7523`.
    pub usb: Option<String>,
    /// USB serial number.
    pub serial_number: Option<String>,
    /// Maker and model, in the device's own words.
    pub product: Option<String>,
}

/// Every serial port there is, by device name.
pub fn list() -> Vec<Found> {
    let mut found: Vec<Found> = serialport::available_ports()
        .unwrap_or_default() // a system without /sys/class/tty has no ports that could be listed
        .into_iter()
        .map(|port| {
            let (usb, serial_number, product) = match port.port_type {
                SerialPortType::UsbPort(usb) => {
                    let words: Vec<String> = [usb.manufacturer, usb.product].into_iter().flatten().collect();
                    (
                        Some(format!("{:04x}:{:04x}", usb.vid, usb.pid)),
                        usb.serial_number,
                        Some(words.join(" ")).filter(|words| !words.is_empty()),
                    )
                }
                _ => (None, None, None),
            };
            let stable = stable_name(Path::new("/dev/serial"), &port.port_name);
            Found {
                stable: stable.unwrap_or_else(|| port.port_name.clone()),
                device: port.port_name,
                usb,
                serial_number,
                product,
            }
        })
        .collect();
    found.sort_by(|a, b| a.device.cmp(&b.device));
    found
}

/// The link below `folder`/by-id or `folder`/by-path that leads to `device`.
fn stable_name(folder: &Path, device: &str) -> Option<String> {
    let device = fs::canonicalize(device).ok()?;
    ["by-id", "by-path"].into_iter().find_map(|kind| {
        let mut links: Vec<_> = fs::read_dir(folder.join(kind)).ok()?.flatten().map(|entry| entry.path()).collect();
        links.sort();
        let link = links.into_iter().find(|link| fs::canonicalize(link).is_ok_and(|target| target == device))?;
        Some(link.to_string_lossy().into_owned())
    })
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

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.stable)?;
        if self.stable != self.device {
            write!(f, " ({})", self.device)?;
        }
        for detail in [&self.product, &self.usb].into_iter().flatten() {
            write!(f, ", {detail}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_called_by_the_link_that_stays() {
        let dev = tempfile::tempdir().expect("a scratch folder");
        let tty = dev.path().join("ttyUSB3");
        fs::write(&tty, b"").expect("writable");
        for kind in ["by-id", "by-path"] {
            fs::create_dir(dev.path().join(kind)).expect("writable");
        }
        let tty_name = tty.to_string_lossy().into_owned();
        assert_eq!(stable_name(dev.path(), &tty_name), None);
        std::os::unix::fs::symlink("../ttyUSB3", dev.path().join("by-path/pci-1")).expect("writable");
        assert!(stable_name(dev.path(), &tty_name).expect("a link").ends_with("by-path/pci-1"));
        std::os::unix::fs::symlink("../ttyUSB3", dev.path().join("by-id/usb-1a86")).expect("writable");
        assert!(stable_name(dev.path(), &tty_name).expect("a link").ends_with("by-id/usb-1a86"));
    }

    #[test]
    fn the_sentence_names_what_there_is() {
        let found = |device: &str| Found {
            device: device.into(),
            stable: device.into(),
            usb: None,
            serial_number: None,
            product: None,
        };
        assert!(sentence(&[]).contains("portraitist sim"));
        assert_eq!(sentence(&[found("/dev/a")]), "there is only /dev/a");
        assert_eq!(sentence(&[found("/dev/a"), found("/dev/b")]), "there are /dev/a, /dev/b");
    }
}
