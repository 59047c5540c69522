//! What the staff may press: one list, from which its page, its API and its command line are made.

use serde::Deserialize;
use serde::Serialize;

macro_rules! presses {
    ($($(#[doc = $about:literal])+ $name:ident $({ $(#[$field_doc:meta])* $field:ident: $type:ty })? $word:literal,)+) => {
        /// What the staff may press.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(tag = "press", rename_all = "kebab-case", deny_unknown_fields)]
        pub enum StaffPress {
            $($(#[doc = $about])+ $name $({ $(#[$field_doc])* #[serde(default)] $field: $type })?,)+
        }

        impl StaffPress {
            /// All of them; what may be added is left out.
            pub const ALL: [StaffPress; [$($word),+].len()] = [$(StaffPress::$name $({ $field: None })?),+];

            /// Its word in the API and on the command line.
            pub fn word(self) -> &'static str {
                match self {
                    $(StaffPress::$name { .. } => $word,)+
                }
            }

            /// What it does, in a line.
            pub fn about(self) -> &'static str {
                match self {
                    $(StaffPress::$name { .. } => concat!($($about),+).trim_ascii(),)+
                }
            }
        }
    };
}

presses! {
    /// Open the booth: ask visitors in
    Open "open",
    /// Close it after this one
    Close "close",
    /// Send the robot home
    Home "home",
    /// The pen stands where drawings begin
    Vouch "vouch",
    /// I have looked: ask the robot again
    Acknowledge "acknowledge",
    /// Start the drawing that lies on the table
    Start "start",
    /// Pause at the end of the stroke
    Pause "pause",
    /// Go on
    Continue "continue",
    /// End the drawing, or throw an interrupted one away
    Cancel "cancel",
    /// The paper did not move: resume the interrupted drawing
    Resume "resume",
    /// Begin the interrupted drawing again on the sheet that lies there
    StartAgain "start-again",
    /// The finished sheet is taken
    SheetTaken "sheet-taken",
    /// A new sheet lies there
    SheetLoaded {
        /// Sheets left beside it, where they are counted.
        left: Option<u32>
    } "sheet-loaded",
    /// A new pen was put in and has made its test mark
    PenChanged "pen-changed",
    /// Before opening: draw the test mark, a cross of 20 mm
    TestMark "test-mark",
    /// The test mark is as it should be
    TestMarkGood "test-mark-good",
    /// Before opening: look what the camera sees, as numbers
    LookAtCamera "look-at-camera",
    /// The camera sees as it should
    CameraGood "camera-good",
    /// Before opening: draw the self-test, to be compared with its reference
    SelfTest "self-test",
    /// The self-test looks like its reference
    SelfTestGood "self-test-good",
    /// End the session on the screen
    EndSession "end-session",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_press_has_its_word_and_reads_back() {
        for press in StaffPress::ALL {
            let word = press.word();
            let read: StaffPress = serde_json::from_str(&format!("{{\"press\":\"{word}\"}}")).expect(word);
            assert_eq!(read, press);
            assert_eq!(serde_json::to_value(press).expect("JSON")["press"], word);
            assert!(press.about().len() > 4, "{word}");
        }
        let counted: StaffPress = serde_json::from_str(r#"{"press":"sheet-loaded","left":9}"#).expect("a press");
        assert_eq!(counted, StaffPress::SheetLoaded { left: Some(9) });
        for wrong in [r#"{"press":"fly"}"#, "{}"] {
            assert!(serde_json::from_str::<StaffPress>(wrong).is_err(), "{wrong}");
        }
    }
}
