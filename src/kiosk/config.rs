//! Every time and every limit of the kiosk, with its unit in its name.
//!
//! Defaults are those of the visitor's journey as exhibitions have found them; each says where it comes from. It refuses
//! values that would break a promise: a warning too short to be answered, fewer extensions than accessibility asks
//! for, a start without announcement. Units: seconds.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::language::Language;
use crate::fault::Fault;
use crate::fault::Kind;

/// The kiosk's times and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KioskConfig {
    /// The language of the attract screen, and of every session until its visitor chooses another.
    pub default_language: Language,
    /// How long the intro waits for "Start" (30).
    pub intro_secs: u32,
    /// How long the consent screen waits; silence is a no (60).
    pub consent_secs: u32,
    /// How long the live view waits for "Take photo" (60).
    pub framing_secs: u32,
    /// From "Take photo" to the shutter (3).
    pub countdown_secs: u32,
    /// The camera's burst has been taken by then, or it is lost (5).
    pub burst_secs: u32,
    /// How long the photo waits for "Use it"; silence throws it away (45).
    pub review_secs: u32,
    /// The styles have been drawn on screen by then, or the photo did not work (60).
    pub styles_secs: u32,
    /// How long the styles wait for "Draw this"; silence throws all away (60).
    pub choosing_secs: u32,
    /// How long a visitor whose turn has come has to say so; silence gives up the place (60).
    pub your_turn_secs: u32,
    /// The robot moves within this time of the tap, or the screen says why not (5).
    pub explain_secs: u32,
    /// How long a drawing stopped by its visitor holds the screen (60). The drawing itself then waits for the staff.
    pub stopped_secs: u32,
    /// How long after "Stop" its visitor alone may let the robot go on; later only the staff may (10).
    pub continue_secs: u32,
    /// How long the finished drawing holds the screen (120).
    pub collect_secs: u32,
    /// How long the thanks stand (8).
    pub thanks_secs: u32,
    /// How long "Still there?" stands before a wait ends (20). WCAG 2.2.1 asks for at least 20 s to answer it.
    pub still_there_secs: u32,
    /// How often "More time" may be pressed on one screen (10, the least that WCAG 2.2.1 and EN 301 549 allow).
    pub more_times: u8,
    /// How many photos may follow the first one (3).
    pub retakes: u8,
    /// How many styles are offered at the most (4).
    pub most_offers: u8,
    /// A drawing that takes longer is not offered (300).
    pub longest_drawing_secs: u32,
    /// How many visitors may wait while the robot draws another (1; 0 for none).
    pub waiting_places: u8,
    /// Whoever would wait longer is not asked to (900). A waiting drawing expires after it.
    pub longest_wait_secs: u32,
    /// Taking a drawing off and putting a new sheet on, for the waiting time that is told (60).
    pub change_over_secs: u32,
    /// Photos are gone within this time of a session's end, or the wipe has failed (5).
    pub wipe_secs: u32,
    /// How long after a failed wipe the next one is tried (5).
    pub wipe_retry_secs: u32,
    /// All that must be true before a pen moves is proved within this time, or the start is refused (10).
    pub prepare_secs: u32,
    /// How long light, sound and screen announce the first motion (2; never under 1).
    pub announce_secs: u32,
    /// How long an interrupted drawing may be resumed; then its strokes are erased (43 200, twelve hours).
    pub recovery_secs: u32,
    /// How long the strokes of a finished drawing are kept that nobody takes (1800).
    pub strokes_secs: u32,
    /// How long a visitor's phone may fetch the drawing after its session by the link that it opened (0: there are no links,
    /// and phones send no photos).
    pub phone_secs: u32,
    /// An open camera that has sent no frame for so long is lost (1).
    pub camera_stale_secs: u32,
    /// A camera lost for so long is a break, not a moment (20).
    pub camera_break_secs: u32,
}

impl Default for KioskConfig {
    fn default() -> Self {
        Self {
            default_language: Language::English,
            intro_secs: 30,
            consent_secs: 60,
            framing_secs: 60,
            countdown_secs: 3,
            burst_secs: 5,
            review_secs: 45,
            styles_secs: 60,
            choosing_secs: 60,
            your_turn_secs: 60,
            explain_secs: 5,
            stopped_secs: 60,
            continue_secs: 10,
            collect_secs: 120,
            thanks_secs: 8,
            still_there_secs: 20,
            more_times: 10,
            retakes: 3,
            most_offers: 4,
            longest_drawing_secs: 300,
            waiting_places: 1,
            longest_wait_secs: 900,
            change_over_secs: 60,
            wipe_secs: 5,
            wipe_retry_secs: 5,
            prepare_secs: 10,
            announce_secs: 2,
            recovery_secs: 43_200,
            strokes_secs: 1800,
            phone_secs: 0,
            camera_stale_secs: 1,
            camera_break_secs: 20,
        }
    }
}

/// A value that would break a promise to the visitor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kiosk.{key} = {value} is out of range; it may be {least} to {most}")]
pub struct KioskConfigError {
    key: &'static str,
    value: u32,
    least: u32,
    most: u32,
}

impl From<KioskConfigError> for Fault {
    fn from(error: KioskConfigError) -> Self {
        Fault::new(Kind::Config, error.to_string())
    }
}

/// A wait of more than a day is a slip.
const DAY_SECS: u32 = 86_400;

impl KioskConfig {
    /// Whether visitors are given links for their phones.
    pub fn has_links(&self) -> bool {
        self.phone_secs > 0
    }

    /// Proves that all values keep the kiosk's promises.
    ///
    /// # Errors
    /// The first value that does not, with its range.
    pub fn check(&self) -> Result<(), KioskConfigError> {
        // Whoever waits must first be able to read, then to be warned.
        let shown = self.still_there_secs.saturating_add(5);
        let ranges: [(&'static str, u32, u32, u32); 31] = [
            ("still_there_secs", self.still_there_secs, 15, 120),
            ("more_times", u32::from(self.more_times), 10, 255),
            ("intro_secs", self.intro_secs, shown, 600),
            ("consent_secs", self.consent_secs, shown, 600),
            ("framing_secs", self.framing_secs, shown, 600),
            ("review_secs", self.review_secs, shown, 600),
            ("choosing_secs", self.choosing_secs, shown, 600),
            ("your_turn_secs", self.your_turn_secs, shown, 600),
            ("stopped_secs", self.stopped_secs, shown, 600),
            ("collect_secs", self.collect_secs, shown, 3600),
            ("thanks_secs", self.thanks_secs, 1, 60),
            ("countdown_secs", self.countdown_secs, 1, 10),
            ("burst_secs", self.burst_secs, 1, 30),
            ("styles_secs", self.styles_secs, 1, 600),
            ("explain_secs", self.explain_secs, 1, 10),
            ("continue_secs", self.continue_secs, 1, 60),
            ("retakes", u32::from(self.retakes), 0, 3),
            ("most_offers", u32::from(self.most_offers), 1, 4),
            ("longest_drawing_secs", self.longest_drawing_secs, 10, 7200),
            ("waiting_places", u32::from(self.waiting_places), 0, 1),
            ("longest_wait_secs", self.longest_wait_secs, 1, 7200),
            ("change_over_secs", self.change_over_secs, 0, 3600),
            ("wipe_secs", self.wipe_secs, 1, 5),
            ("wipe_retry_secs", self.wipe_retry_secs, 1, 60),
            ("prepare_secs", self.prepare_secs, 1, 60),
            ("announce_secs", self.announce_secs, 1, 30),
            ("recovery_secs", self.recovery_secs, 60, DAY_SECS),
            ("strokes_secs", self.strokes_secs, 60, DAY_SECS),
            ("phone_secs", self.phone_secs, 0, DAY_SECS),
            ("camera_stale_secs", self.camera_stale_secs, 1, 10),
            ("camera_break_secs", self.camera_break_secs, 1, 600),
        ];
        match ranges.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            Some((key, value, least, most)) => Err(KioskConfigError { key, value, least, most }),
            None => Ok(()),
        }
    }
}

/// So many seconds.
pub(super) fn secs(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_keep_every_promise() {
        assert_eq!(KioskConfig::default().check(), Ok(()));
    }

    #[test]
    fn a_broken_promise_is_named_with_its_range() {
        let refused = |config: KioskConfig| config.check().unwrap_err().to_string();
        let few = KioskConfig { more_times: 9, ..KioskConfig::default() };
        assert_eq!(refused(few), "kiosk.more_times = 9 is out of range; it may be 10 to 255");
        let late = KioskConfig { wipe_secs: 6, ..KioskConfig::default() };
        assert_eq!(refused(late), "kiosk.wipe_secs = 6 is out of range; it may be 1 to 5");
        let unread = KioskConfig { review_secs: 20, ..KioskConfig::default() };
        assert_eq!(refused(unread), "kiosk.review_secs = 20 is out of range; it may be 25 to 600");
        let silent = KioskConfig { announce_secs: 0, ..KioskConfig::default() };
        assert!(refused(silent).contains("announce_secs"));
    }

    #[test]
    fn an_unknown_key_is_refused_and_a_missing_one_has_its_default() {
        let read: KioskConfig = toml::from_str("review_secs = 50\ndefault_language = \"zh-Hans\"").unwrap();
        let expected = KioskConfig { review_secs: 50, default_language: Language::Chinese, ..KioskConfig::default() };
        assert_eq!(read, expected);
        assert!(toml::from_str::<KioskConfig>("reveiw_secs = 50").is_err());
    }
}
