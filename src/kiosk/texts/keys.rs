//! The keys of all texts that a visitor may read, each with the values it asks for.

macro_rules! text_keys {
    ($($name:ident $section:literal $key:literal [$($value:literal),*],)+) => {
        /// A text of the visitors' screens, named after its place in the language files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TextKey {
            $(#[doc = concat!("`", $section, ".", $key, "`")] $name,)+
        }

        impl TextKey {
            /// All keys.
            pub const ALL: [TextKey; [$($key),+].len()] = [$(TextKey::$name),+];

            /// Its section and its name in the language files.
            pub fn place(self) -> (&'static str, &'static str) {
                match self {
                    $(TextKey::$name => ($section, $key),)+
                }
            }

            /// The values it asks for.
            pub fn values(self) -> &'static [&'static str] {
                match self {
                    $(TextKey::$name => &[$($value),*],)+
                }
            }
        }
    };
}

text_keys! {
    CommonLanguage "common" "language" [],
    CommonCancel "common" "cancel" [],
    CommonMoreTime "common" "more_time" [],
    CommonStillThere "common" "still_there" [],
    CommonStillThereBody "common" "still_there_body" ["seconds"],
    CommonStop "common" "stop" [],
    CommonReconnecting "common" "reconnecting" [],
    AttractTitle "attract" "title" [],
    AttractBegin "attract" "begin" [],
    AttractDrawingNow "attract" "drawing_now" ["minutes"],
    AttractWait "attract" "wait" ["minutes"],
    ClosedTitle "closed" "title" [],
    ClosedBreak "closed" "break" [],
    ClosedWait "closed" "wait" ["minutes"],
    ClosedPaper "closed" "paper" [],
    ClosedPen "closed" "pen" [],
    ClosedTakeFirst "closed" "take_first" [],
    IntroTitle "intro" "title" [],
    IntroPhoto "intro" "photo" [],
    IntroLines "intro" "lines" [],
    IntroPaper "intro" "paper" [],
    IntroMinutes "intro" "minutes" ["minutes"],
    IntroKeep "intro" "keep" [],
    IntroStart "intro" "start" [],
    ConsentTitle "consent" "title" [],
    ConsentPurpose "consent" "purpose" [],
    ConsentCamera "consent" "camera" [],
    ConsentRetention "consent" "retention" [],
    ConsentPaper "consent" "paper" [],
    ConsentAdult "consent" "adult" [],
    ConsentYes "consent" "yes" [],
    ConsentNo "consent" "no" [],
    ConsentDetails "consent" "details" [],
    ConsentDetailsMemory "consent" "details_memory" [],
    ConsentDetailsLines "consent" "details_lines" [],
    ConsentDetailsEnd "consent" "details_end" [],
    ConsentDetailsIdentity "consent" "details_identity" [],
    ConsentVersion "consent" "version" ["version"],
    FramingTitle "framing" "title" [],
    FramingMark "framing" "mark" [],
    FramingAlone "framing" "alone" [],
    FramingTake "framing" "take" [],
    CountdownTitle "countdown" "title" [],
    CountdownTouch "countdown" "touch" [],
    CountdownSmile "countdown" "smile" [],
    ReviewTitle "review" "title" [],
    ReviewUse "review" "use" [],
    ReviewAgain "review" "again" ["left"],
    ReviewQuestion "review" "question" [],
    ChoosingTitle "choosing" "title" [],
    ChoosingMaking "choosing" "making" [],
    ChoosingChoice "choosing" "choice" ["number"],
    ChoosingMinutes "choosing" "minutes" ["minutes"],
    ChoosingPlay "choosing" "play" [],
    ChoosingDraw "choosing" "draw" [],
    ChoosingAgain "choosing" "again" ["left"],
    HandoverTitle "handover" "title" [],
    HandoverStayBack "handover" "stay_back" [],
    HandoverChecking "handover" "checking" [],
    HandoverWaiting "handover" "waiting" ["minutes"],
    HandoverPlace "handover" "place" [],
    HandoverYourTurn "handover" "your_turn" [],
    HandoverStart "handover" "start" [],
    HandoverNotYet "handover" "not_yet" [],
    HandoverTakeFirst "handover" "take_first" [],
    HandoverDoor "handover" "door" [],
    WatchingTitle "watching" "title" [],
    WatchingMinutesLeft "watching" "minutes_left" ["minutes"],
    WatchingProgress "watching" "progress" ["stroke", "strokes"],
    WatchingStarting "watching" "starting" [],
    WatchingDrawing "watching" "drawing" [],
    WatchingFinishing "watching" "finishing" [],
    WatchingStopping "watching" "stopping" [],
    WatchingStopped "watching" "stopped" [],
    WatchingGoingOn "watching" "going_on" [],
    WatchingGoOn "watching" "go_on" [],
    WatchingFinish "watching" "finish" [],
    WatchingStaff "watching" "staff" [],
    WatchingPassOn "watching" "pass_on" [],
    CollectTitle "collect" "title" [],
    CollectTake "collect" "take" [],
    CollectTaken "collect" "taken" [],
    CollectDeleted "collect" "deleted" [],
    CollectDeleting "collect" "deleting" [],
    CollectNotDeleted "collect" "not_deleted" [],
    ThanksTitle "thanks" "title" [],
    ThanksBody "thanks" "body" [],
    WipingTitle "wiping" "title" [],
    WipingBody "wiping" "body" [],
    WipingDeclined "wiping" "declined" [],
    WipingTimedOut "wiping" "timed_out" [],
    WipingSorry "wiping" "sorry" [],
    PhoneSend "phone" "send" [],
    PhoneFetch "phone" "fetch" [],
    PhoneReading "phone" "reading" [],
    PhoneDetails "phone" "details" ["minutes"],
    PhoneTitle "phone" "title" [],
    PhoneHow "phone" "how" [],
    PhoneChoose "phone" "choose" [],
    PhonePrivacy "phone" "privacy" [],
    PhoneSending "phone" "sending" [],
    PhoneSent "phone" "sent" [],
    PhoneUnreadable "phone" "unreadable" [],
    PhoneDrawing "phone" "drawing" [],
    PhoneKept "phone" "kept" ["minutes"],
    PhonePicture "phone" "picture" [],
    PhoneLines "phone" "lines" [],
    PhoneEnded "phone" "ended" [],
    AsideReady "aside" "ready" [],
    AsideTaken "aside" "taken" [],
    FaultCamLost "fault" "cam_lost" [],
    FaultCamBreak "fault" "cam_break" [],
    FaultCamDark "fault" "cam_dark" [],
    FaultCamBlurred "fault" "cam_blurred" [],
    FaultNoFace "fault" "no_face" [],
    FaultManyFaces "fault" "many_faces" [],
    FaultFaceSmall "fault" "face_small" [],
    FaultFaceTurned "fault" "face_turned" [],
    FaultModelFail "fault" "model_fail" [],
    FaultModelSlow "fault" "model_slow" [],
    FaultPlanBounds "fault" "plan_bounds" [],
    FaultLinkLost "fault" "link_lost" [],
    FaultNoOk "fault" "no_ok" [],
    FaultAlarm "fault" "alarm" [],
    FaultDoor "fault" "door" [],
    FaultEstop "fault" "estop" [],
    FaultStopUi "fault" "stop_ui" [],
    FaultPaperNone "fault" "paper_none" [],
    FaultPaperMoved "fault" "paper_moved" [],
    FaultPenWorn "fault" "pen_worn" [],
    FaultWipeFailed "fault" "wipe_failed" [],
    FaultOverheat "fault" "overheat" [],
}
