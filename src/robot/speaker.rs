//! Which firmware speaks at a port, from its words; and what to do where it is none that draws.
//!
//! Grbl 1.1, grblHAL and FluidNC draw. Everybody else is named, so that a person knows whether the port, the baud rate
//! or the firmware is wrong. Text in, a name out: it knows no cable.
//! Sources: the firmwares' own greetings and answers to `?`, `$I` and an empty line (Grbl 0.9 and 1.1, grblHAL, FluidNC,
//! Marlin, Smoothieware, TinyG and g2core, EiBotBoard 2 and 3, RepRapFirmware); Espressif's and Arduino's boot loaders.

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Grbl 1.1.
    Grbl,
    /// grblHAL, which speaks as Grbl 1.1 does.
    GrblHal,
    /// FluidNC, which speaks as Grbl 1.1 does and keeps its settings in a file.
    FluidNc,
    /// Grbl before 1.1, which reports in another way.
    OldGrbl,
    /// Marlin and its kin, for 3D printers.
    Marlin,
    /// RepRapFirmware (Duet), for 3D printers.
    RepRap,
    /// Smoothieware.
    Smoothie,
    /// TinyG and g2core.
    TinyG,
    /// The AxiDraw's board.
    EiBotBoard,
    /// A board that has not got beyond its boot loader.
    BootLoader,
    /// Bytes that are no text: another baud rate, most often.
    Noise,
}

/// What gives a firmware away: the first row of which a mark is found in its words.
const MARKS: [(Speaker, &[&str]); 9] = [
    (Speaker::GrblHal, &["GrblHAL ", "grblHAL"]),
    (Speaker::FluidNc, &["[FluidNC", "FluidNC v"]),
    (Speaker::OldGrbl, &["Grbl 0.", "Grbl 1.0", "<Idle,MPos", "<Alarm,MPos", "<Run,MPos"]),
    (Speaker::Grbl, &["Grbl 1."]),
    (Speaker::Smoothie, &["Smoothie", "error:Unsupported command - $"]),
    (Speaker::RepRap, &["RepRapFirmware", "Duet "]),
    (Speaker::Marlin, &["Marlin", "\necho:", "\nstart\n", "FIRMWARE_NAME:"]),
    (Speaker::TinyG, &["{\"r\":", "{\"sr\":", "tinyg ["]),
    (Speaker::EiBotBoard, &["EBBv", "!8 Err: Unknown command"]),
];
/// What boot loaders say, before a firmware does.
const BOOT_MARKS: [&str; 4] = ["rst:0x", "ets Jun", "waiting for download", "ESP-ROM:"];
/// Of so many bytes...
const FEW_BYTES: usize = 3;
/// ... one in so many that is no text makes noise of them all.
const TEXT_SHARE: usize = 5;

/// Who said this, as far as it tells. Boot loaders and noise are told only from the whole: firmware may follow.
pub fn recognise(heard: &[u8]) -> Option<Speaker> {
    let text = format!("\n{}\n", String::from_utf8_lossy(heard).replace("\r\n", "\n").replace('\r', "\n"));
    let marked = MARKS.iter().find(|(_, marks)| marks.iter().any(|mark| text.contains(mark)));
    if let Some((speaker, _)) = marked {
        return Some(*speaker);
    }
    if BOOT_MARKS.iter().any(|mark| text.contains(mark)) {
        return Some(Speaker::BootLoader);
    }
    let strange = heard.iter().filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~')).count();
    (strange >= FEW_BYTES && strange * TEXT_SHARE > heard.len()).then_some(Speaker::Noise)
}

impl Speaker {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grbl => "Grbl",
            Self::GrblHal => "grblHAL",
            Self::FluidNc => "FluidNC",
            Self::OldGrbl => "an old Grbl",
            Self::Marlin => "Marlin",
            Self::RepRap => "RepRapFirmware",
            Self::Smoothie => "Smoothieware",
            Self::TinyG => "TinyG",
            Self::EiBotBoard => "an EiBotBoard",
            Self::BootLoader => "a boot loader",
            Self::Noise => "noise",
        }
    }

    /// Whether it may draw.
    pub fn draws(self) -> bool {
        matches!(self, Self::Grbl | Self::GrblHal | Self::FluidNc)
    }

    /// Whether its words alone settle who it is, so that nothing more need be asked.
    pub(super) fn is_certain(self) -> bool {
        !matches!(self, Self::BootLoader | Self::Noise)
    }

    /// What it is and what to do about it, where it does not draw.
    pub(super) fn sentence(self, baud: u32) -> String {
        let flash = "put Grbl 1.1 or grblHAL on the board, or choose another port";
        match self {
            Self::Noise => format!(
                "bytes come from this port that are no text: {baud} is likely not the firmware's baud rate (Grbl 1.1 \
                 speaks 115200, older ones 9600, some boards 250000); set robot.baud, or check the cable"
            ),
            Self::BootLoader => "the board is in its boot loader and no firmware starts; let go of its boot button, \
                                 press reset, and if that does not help put its firmware on anew"
                .into(),
            Self::OldGrbl => "an old Grbl answers at this port, and only 1.1 draws; put Grbl 1.1 on the board".into(),
            Self::Marlin | Self::RepRap => {
                format!(
                    "{}, the firmware of 3D printers, answers at this port, and does not draw; {flash}",
                    self.name()
                )
            }
            _ => format!("{} answers at this port, and does not draw here; {flash}", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_firmware_is_known_by_its_greeting() {
        for (heard, speaker) in [
            (&b"\r\nGrbl 1.1h ['$' for help]\r\n"[..], Some(Speaker::Grbl)),
            (b"\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n", Some(Speaker::GrblHal)),
            (b"rst:0x1 (POWERON_RESET)\r\nGrbl 3.7 [FluidNC v3.7.16 (wifi) '$' for help]\r\n", Some(Speaker::FluidNc)),
            (b"Grbl 0.9j ['$' for help]\r\n", Some(Speaker::OldGrbl)),
            (b"<Idle,MPos:0.000,0.000,0.000,WPos:0.000,0.000,0.000>\r\n", Some(Speaker::OldGrbl)),
            (b"start\necho: External Reset\n", Some(Speaker::Marlin)),
            (b"start\r\n", Some(Speaker::Marlin)),
            (b"Smoothie\r\nok\r\n", Some(Speaker::Smoothie)),
            (b"RepRapFirmware for Duet 2 WiFi/Ethernet is up and running.\n", Some(Speaker::RepRap)),
            (b"{\"r\":{\"fv\":0.970,\"fb\":440.20}}\n", Some(Speaker::TinyG)),
            (b"!8 Err: Unknown command '?:3F'\r\n", Some(Speaker::EiBotBoard)),
            (b"ets Jun  8 2016 00:22:57\r\nwaiting for download\r\n", Some(Speaker::BootLoader)),
            (b"\xfc\x80\x00\xf0\xe3\x9c\x00?", Some(Speaker::Noise)),
            (b"hello?\r\n", None),
            (b"\xff", None),
            (b"", None),
        ] {
            assert_eq!(recognise(heard), speaker, "{:?}", String::from_utf8_lossy(heard));
        }
    }

    #[test]
    fn who_does_not_draw_is_explained_with_what_to_do() {
        for (speaker, words) in [
            (Speaker::Noise, ["115200 is likely not", "robot.baud"]),
            (Speaker::BootLoader, ["boot loader", "reset"]),
            (Speaker::OldGrbl, ["old Grbl", "put Grbl 1.1 on"]),
            (Speaker::Marlin, ["Marlin", "3D printers"]),
            (Speaker::Smoothie, ["Smoothieware", "another port"]),
        ] {
            assert!(!speaker.draws());
            let sentence = speaker.sentence(115_200);
            assert!(words.iter().all(|word| sentence.contains(word)), "{sentence}");
        }
        assert!(Speaker::FluidNc.draws() && Speaker::GrblHal.draws());
    }
}
