//! How a person names a serial port, and which port that is today.
//!
//! Three ways, the first that fits: `usb:1a86:7523` or `usb:1a86:7523:SERIAL` (USB vendor, product, serial number);
//! a link's or device's bare name (`usb-1a86_USB_Serial-if00-port0`, `ttyUSB0`); any path. A name is looked up each time
//! a port is opened, so that a cable which comes back as `/dev/ttyUSB1` is found. It refuses names that fit no port, or
//! more than one.

use std::path::Path;
use std::str::FromStr;

use super::PortError;
use super::ports;
use super::ports::Found;

/// A port's name, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// What the USB device says of itself.
    Usb {
        /// Its maker's number.
        vendor: u16,
        /// Its model's number.
        product: u16,
        /// Its own number, which may hold colons.
        serial_number: Option<String>,
    },
    /// The bare name of a link or a device, or a file of the working directory.
    Name(String),
    /// A path.
    Path(String),
}

impl FromStr for Identity {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let Some(usb) = text.strip_prefix("usb:") else {
            let path = text.contains('/');
            return Ok(if path { Self::Path(text.into()) } else { Self::Name(text.into()) });
        };
        // Exactly four digits: what from_str_radix takes besides (a sign, fewer) would fit nothing that is printed.
        let number = |text: Option<&str>| {
            let text = text.filter(|text| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            u16::from_str_radix(text, 16).ok()
        };
        let mut parts = usb.splitn(3, ':');
        let (vendor, product) = (number(parts.next()), number(parts.next()));
        let serial_number = parts.next().map(str::to_owned);
        match (vendor, product) {
            (Some(vendor), Some(product)) if serial_number.as_deref() != Some("") => {
                Ok(Self::Usb { vendor, product, serial_number })
            }
            _ => Err(PortError::Misspelt { port: text.into() }),
        }
    }
}

impl Identity {
    /// The path of the port it names among `found`.
    ///
    /// # Errors
    /// None fits, or more than one; a path is taken as it is, and opening it will tell.
    pub fn path(&self, found: &[Found]) -> Result<String, PortError> {
        let fits: Vec<&Found> = match self {
            Self::Path(path) => return Ok(path.clone()),
            Self::Name(name) => found.iter().filter(|port| port.is_called(name)).collect(),
            Self::Usb { vendor, product, serial_number } => {
                let usb = format!("{vendor:04x}:{product:04x}");
                let its = |port: &Found| {
                    port.usb.as_ref().is_some_and(|its| its.eq_ignore_ascii_case(&usb))
                        && (serial_number.is_none() || port.serial_number == *serial_number)
                };
                found.iter().filter(|port| its(port)).collect()
            }
        };
        match (fits[..].as_ref(), self) {
            ([one], _) => Ok(one.device.clone()),
            ([], Self::Name(name)) => Ok(name.clone()),
            ([], _) => Err(PortError::NotFound { port: self.to_string(), others: ports::sentence(found) }),
            (several, _) => Err(PortError::Ambiguous {
                port: self.to_string(),
                which: several.iter().map(|port| port.stable.as_str()).collect::<Vec<_>>().join(", "),
            }),
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usb { vendor, product, serial_number } => {
                write!(f, "usb:{vendor:04x}:{product:04x}")?;
                serial_number.as_ref().map_or(Ok(()), |serial| write!(f, ":{serial}"))
            }
            Self::Name(text) | Self::Path(text) => f.write_str(text),
        }
    }
}

impl Found {
    fn is_called(&self, name: &str) -> bool {
        let names = self.links.iter().chain([&self.device]);
        names.into_iter().any(|path| Path::new(path).file_name().is_some_and(|last| last == name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports::list_in;
    use super::super::ports::tests::Computer;
    use super::*;
    use crate::fault::Fault;
    use proptest::prelude::*;

    /// The device that `name` leads to on `computer`.
    fn device(computer: &Computer, name: &str) -> Result<String, String> {
        let found = list_in(computer.root());
        let path = name.parse::<Identity>().and_then(|identity| identity.path(&found));
        path.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_way_to_name_a_port_leads_to_it() {
        let computer = Computer::new();
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, true);
        computer.plug("ttyACM0", "1-3", ("303a", "1001"), Some("34:85:18:00:01:02"), true);
        for (name, tty) in [
            ("usb:1a86:7523", "ttyUSB0"),
            ("usb:1A86:7523", "ttyUSB0"),
            ("ttyUSB0", "ttyUSB0"),
            ("pci-usb-0:1-2:1.0-port0", "ttyUSB0"),
            ("/dev/ttyUSB0", "ttyUSB0"),
            ("usb:303a:1001", "ttyACM0"),
            ("usb:303a:1001:34:85:18:00:01:02", "ttyACM0"),
            ("usb-303a_34:85:18:00:01:02-if00-port0", "ttyACM0"),
            ("plotter", "plotter"),
        ] {
            assert_eq!(device(&computer, name).as_deref(), Ok(tty), "{name}");
        }
    }

    #[test]
    fn a_cable_that_comes_back_under_another_name_is_found() {
        for (vendor, serial) in [("1a86", None), ("0403", Some("A5"))] {
            let (before, after) = (Computer::new(), Computer::new());
            before.plug("ttyUSB0", "1-2", (vendor, "7523"), serial, true);
            after.plug("ttyUSB1", "1-2", (vendor, "7523"), serial, true);
            let stable = list_in(before.root())[0].stable.clone();
            let name = Path::new(&stable).file_name().expect("a name").to_string_lossy().into_owned();
            for name in [name, format!("usb:{vendor}:7523")] {
                assert_eq!(device(&before, &name).as_deref(), Ok("ttyUSB0"));
                assert_eq!(device(&after, &name).as_deref(), Ok("ttyUSB1"));
            }
        }
    }

    #[test]
    fn none_and_several_are_one_sentence_that_names_what_there_is() {
        let computer = Computer::new();
        assert!(device(&computer, "usb:1a86:7523").expect_err("none").contains("no serial port is connected"));
        computer.plug("ttyUSB0", "1-2", ("1a86", "7523"), None, true);
        computer.plug("ttyUSB1", "1-3", ("1a86", "7523"), None, true);
        let several = device(&computer, "usb:1a86:7523").expect_err("two");
        assert!(several.contains("2:1.0-port0") && several.contains("3:1.0-port0") && several.contains("name one"));
        let other = device(&computer, "usb:1a86:7523:A5").expect_err("none with a number");
        assert!(other.contains("usb:1a86:7523:A5") && other.contains("1-2:1.0-port0"), "{other}");
    }

    #[test]
    fn a_misspelt_identity_says_how_it_is_written() {
        for bad in ["usb:", "usb:1a86", "usb:1a86:", "usb:1a8:7523", "usb:+a86:7523", "usb:1a86:7523:", "usb:xyzw:7523"]
        {
            let error = bad.parse::<Identity>().expect_err(bad);
            assert!(error.to_string().contains("usb:1a86:7523") && error.to_string().contains(bad), "{error}");
            assert_eq!(Fault::from(error).kind(), crate::fault::Kind::Usage);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(vendor: u16, product: u16, serial in proptest::option::of("[!-~]{1,30}")) {
            let identity = Identity::Usb { vendor, product, serial_number: serial };
            prop_assert_eq!(identity.to_string().parse::<Identity>(), Ok(identity));
        }

        #[test]
        fn no_name_breaks_the_reader(text in "\\PC{0,40}") {
            if let Ok(identity) = text.parse::<Identity>() {
                let _ = identity.path(&[]);
                prop_assert!(identity.to_string().eq_ignore_ascii_case(&text));
            }
        }
    }
}
