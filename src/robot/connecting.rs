//! Connecting, tried on boards made to order, in virtual time: every way in which a board may greet, and every way in
//! which it may be set up wrong.

use std::collections::VecDeque;
use std::time::Duration;

use firmware_protocol::device::Bench;
use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Switch;
use firmware_protocol::reply::State;

use super::*;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::plan::RobotProfile;

const SECOND: Duration = Duration::from_secs(1);

fn profile(name: &str) -> RobotProfile {
    let text = match name {
        "z" => include_str!("../../config/robots/a4-z.toml"),
        _ => include_str!("../../config/robots/a4-servo.toml"),
    };
    let mut profile: RobotProfile = toml::from_str(text).expect("a shipped profile");
    profile.homing = name == "homing";
    profile
}

fn meet(port: &mut dyn Port) -> Result<Met, ConnectError> {
    Talk::new(port, &Stop::default()).meet(115_200)
}

fn tell(port: &mut dyn Port, line: &str) {
    Talk::new(port, &Stop::default()).ask(line, SECOND * 120).unwrap_or_else(|e| panic!("{line}: {e}"));
}

fn simulated() -> Simulated {
    Simulated::new(&profile("servo"), Pace::AtOnce)
}

/// A board that says what it is told to say: a greeting at its times, then an answer to each line and to `?`.
#[derive(Default)]
struct Board {
    now: Duration,
    /// In ms since it was opened; bytes that come before the last of them are lost.
    greeting: VecDeque<(u64, &'static [u8])>,
    lines: Vec<(&'static str, &'static str)>,
    status: &'static str,
    /// Said once a reset has come; nothing is answered before. Without it a reset changes nothing.
    after_reset: Option<&'static str>,
    line: String,
    out: VecDeque<u8>,
    /// All that came.
    told: Vec<u8>,
}

impl Port for Board {
    fn now(&self) -> Duration {
        self.now
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.told.extend(bytes);
        if !self.greeting.is_empty() {
            return Ok(());
        }
        for byte in bytes {
            match byte {
                0x18 => self.out.extend(self.after_reset.take().unwrap_or_default().bytes()),
                _ if self.after_reset.is_some() => {}
                b'?' => self.out.extend(self.status.bytes()),
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    let answer = self.lines.iter().position(|(asked, _)| *asked == line);
                    let answer = answer.map_or("", |i| self.lines.remove(i).1);
                    self.out.extend(answer.bytes());
                }
                _ => self.line.push(char::from(*byte)),
            }
        }
        Ok(())
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        if self.out.is_empty() {
            self.now = until.min(self.now + Duration::from_millis(10));
        }
        if let Some((at, said)) = self.greeting.front().copied()
            && self.now >= Duration::from_millis(at)
        {
            self.out.extend(said);
            self.greeting.pop_front();
        }
        Ok(self.out.drain(..).collect())
    }
}

const IDLE: &str = "<Idle|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0|WCO:0.000,0.000,0.000>\r\n";

fn grbl_lines() -> Vec<(&'static str, &'static str)> {
    vec![
        ("$I", "[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n"),
        ("$$", "$100=80.000\r\n$32=0\r\nok\r\n"),
        ("$#", "[G54:0.000,0.000,0.000]\r\n[G92:0.000,0.000,0.000]\r\nok\r\n"),
        ("$G", "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n"),
    ]
}

fn stranger(greeting: &[(u64, &'static [u8])], lines: &[(&'static str, &'static str)], status: &'static str) -> String {
    let mut board =
        Board { greeting: greeting.iter().copied().collect(), lines: lines.to_vec(), status, ..Board::default() };
    let error = meet(&mut board).expect_err("no Grbl");
    assert!(board.now <= SECOND * 9, "{error} after {:?}", board.now);
    assert_eq!(Fault::from(error.clone()).kind(), Kind::DeviceNotFound);
    error.to_string()
}

#[test]
fn a_board_that_runs_answers_at_once() {
    let mut robot = simulated();
    let met = meet(&mut robot).expect("it answers");
    assert!(met.version.starts_with("1.1h") && met.settings.len() == 34, "{met:?}");
    assert_eq!((met.firmware, met.buffer_bytes(), met.work_mm()), (Speaker::Grbl, 128, Some([0.0; 3])));
    assert_eq!((met.homing(), met.coordinate_system(), met.stopped), (Some(false), Some("G54"), false));
    assert_eq!(met.remarks(&profile("servo")), []);
    assert!(robot.now() < SECOND * 2, "a robot that answers is not waited for");
}

#[test]
fn a_board_that_opening_resets_is_waited_for() {
    let mut robot = simulated();
    robot.restart();
    let met = meet(&mut robot).expect("it answers");
    assert_eq!((met.status.state, met.settings.len()), (State::Idle, 34));
    assert!(robot.now() > SECOND && robot.now() < SECOND * 4, "{:?}", robot.now());
}

#[test]
fn a_boot_loaders_noise_before_the_banner_is_passed_over() {
    let greeting = [(300, &b"\xf0\x00\x1c"[..]), (1700, b"\r\nGrbl 1.1h ['$' for help]\r\n")];
    let mut board = Board { greeting: greeting.into(), lines: grbl_lines(), status: IDLE, ..Board::default() };
    assert_eq!(meet(&mut board).expect("Grbl").firmware, Speaker::Grbl);
}

#[test]
fn no_answer_at_all_is_told_in_bounded_time() {
    let sentence = stranger(&[], &[], "");
    assert!(sentence.contains("nothing answers") && sentence.contains("115200"), "{sentence}");
}

#[test]
fn other_firmwares_are_named_with_what_to_do() {
    for (greeting, lines, status, words) in [
        (&[(900, &b"start\necho: External Reset\nMarlin 2.1.2\n"[..])][..], &[][..], "", "Marlin"),
        (&[], &[("", "echo:Unknown command: \"?\"\nok\n")], "", "Marlin"),
        (&[(200, b"Smoothie\r\nok\r\n")], &[], "", "Smoothieware"),
        (&[], &[("$I", "error:Unsupported command - $I\r\n")], IDLE, "Smoothieware"),
        (&[(100, b"\r\nGrbl 0.9j ['$' for help]\r\n")], &[], "", "old Grbl"),
        (&[], &[], "<Idle,MPos:0.000,0.000,0.000,WPos:0.000,0.000,0.000>\r\n", "old Grbl"),
        (&[], &[("", "!8 Err: Unknown command '?:3F'\r\n")], "", "EiBotBoard"),
        (&[(100, b"rst:0x1 (POWERON_RESET),boot:0x3\r\nwaiting for download\r\n")], &[], "", "boot loader"),
        (&[(100, b"\xfe\xe0\x80\x9c\x1c\xfc\xf0"), (900, b"\xe0\xe0\xff\x00\x80?")], &[], "", "baud rate"),
        (&[(100, b"login: \r\n")], &[], "", "login:"),
        (
            &[],
            &[("$I", "[VER:1.1h:]\r\nok\r\n"), ("$$", "ok\r\n"), ("$#", "ok\r\n"), ("$G", "ok\r\n")],
            IDLE,
            "no Grbl",
        ),
    ] {
        let sentence = stranger(greeting, lines, status);
        assert!(sentence.contains(words), "{words}: {sentence}");
        assert!(!sentence.contains(char::is_control), "{sentence:?}");
    }
}

#[test]
fn grblhal_and_fluidnc_are_met_and_named() {
    let hal = [
        ("$I", "[VER:1.1f.20260817:]\r\n[OPT:VNML+,100,1024,3,0]\r\n[FIRMWARE:grblHAL]\r\nok\r\n"),
        ("$$", "$22=1\r\n$32=0\r\n$100=80.00000\r\nok\r\n"),
        ("$#", "[G54:0.000,0.000,0.000]\r\n[G92:0.000,0.000,0.000]\r\nok\r\n"),
        ("$G", "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n"),
    ];
    let status = "<Idle|MPos:0.000,0.000,0.000|Bf:100,1023|FS:0,0|Ov:100,100,100|A:|TLR:0>\r\n";
    let mut board = Board { lines: hal.to_vec(), status, ..Board::default() };
    let met = meet(&mut board).expect("it speaks as Grbl does");
    assert_eq!((met.firmware, met.buffer_bytes(), met.homing()), (Speaker::GrblHal, 1024, Some(true)));

    let fluid = [
        ("$I", "[VER:3.7 FluidNC v3.7.16:]\r\n[OPT:PH]\r\nok\r\n"),
        ("$$", "ok\r\n"),
        ("$#", "[G54:0.000,0.000,0.000]\r\n[G92:0.000,0.000,0.000]\r\nok\r\n"),
        ("$G", "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n"),
    ];
    let greeting = [
        (100, &b"rst:0x1 (POWERON_RESET)\r\n[MSG:INFO: FluidNC v3.7.16]\r\n"[..]),
        (900, b"\r\nGrbl 3.7 [FluidNC v3.7.16 (wifi) '$' for help]\r\n"),
    ];
    let mut board = Board { greeting: greeting.into(), lines: fluid.to_vec(), status: IDLE, ..Board::default() };
    let met = meet(&mut board).expect("it speaks as Grbl does");
    assert_eq!(met.firmware, Speaker::FluidNc);
    let remarks = met.remarks(&profile("servo"));
    assert!(remarks.len() == 1 && remarks[0].sentence.contains("measured square"), "{remarks:?}");
    assert_eq!(met.may_draw(&profile("servo"), Origin::Here), Ok(()));
}

#[test]
fn a_blank_memory_is_told_and_the_factorys_settings_do_not_draw() {
    let mut robot = Simulated::of(Device::new(Eeprom::default()), &profile("servo"), Pace::AtOnce);
    meet(&mut robot).expect("its memory was written when it was switched on");
    let mut robot = Board {
        greeting: [(1500, &b"error:7\r\n$0=10\r\n$1=25\r\n\r\nGrbl 1.1h ['$' for help]\r\n"[..])].into(),
        lines: grbl_lines(),
        status: IDLE,
        ..Board::default()
    };
    let met = meet(&mut robot).expect("it answers");
    assert!(met.restored);
    assert!(met.remarks(&profile("servo"))[0].sentence.contains("memory was blank"));
    // Blank coordinate systems are told only when they are asked for; the question is put again.
    let mut lines = grbl_lines();
    lines.insert(2, ("$#", "error:7\r\nok\r\n"));
    let met = meet(&mut Board { lines, status: IDLE, ..Board::default() }).expect("it answers");
    assert_eq!((met.restored, met.work_mm(), met.coordinate_system()), (true, Some([0.0; 3]), Some("G54")));
    // What the factory left is another machine.
    let mut robot = Simulated::of(Device::new(Eeprom::default()), &profile("servo"), Pace::AtOnce);
    let met = meet(&mut robot).expect("it answers");
    let unfit = met.fit(&profile("servo")).expect_err("250 steps per mm").to_string();
    assert!(unfit.contains("$100=80"), "{unfit}");
}

/// A simulated robot whose x switch has just been hit.
fn alarmed() -> Simulated {
    let mut robot = simulated();
    for line in ["$21=1", "G91", "G1X30F600"] {
        tell(&mut robot, line);
    }
    robot.read(SECOND).expect("a sound cable");
    let limits = [Switch::Closed, Switch::Open, Switch::Open];
    robot.set_bench(Bench { limits, ..Bench::default() });
    robot
}

#[test]
fn an_alarm_that_silences_the_board_is_ended_by_a_reset() {
    let mut robot = alarmed();
    let at_alarm = robot.now();
    let met = meet(&mut robot).expect("it answers after a reset");
    assert_eq!(met.status.state, State::Alarm);
    assert!(robot.now() - at_alarm < SECOND * 3, "its last words ask for the reset");
    // Met later, after its last words: silent.
    let mut robot = alarmed();
    let later = robot.now() + SECOND * 2;
    while robot.now() < later {
        robot.read(later).expect("a sound cable");
    }
    let met = meet(&mut robot).expect("it answers after a reset");
    let locked = met.may_draw(&profile("servo"), Origin::Here).expect_err("locked");
    assert!(locked.to_string().contains("robot unlock"), "{locked}");
    assert_eq!(Fault::from(locked).kind(), Kind::RobotAlarm);
    // A stop gets through as well.
    let mut robot = alarmed();
    Talk::new(&mut robot, &Stop::default()).halt().expect("a banner");
}

#[test]
fn a_stray_ok_after_the_reset_of_an_alarm_is_no_answer() {
    let after = "ok\r\n\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n";
    let status = "<Alarm|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0>\r\n";
    let mut board = Board { lines: grbl_lines(), status, after_reset: Some(after), ..Board::default() };
    let met = meet(&mut board).expect("it answers after a reset");
    assert_eq!((met.status.state, met.settings.len()), (State::Alarm, 2));
    assert!(!board.told.starts_with(&[0x18]), "a reset is the last resort");
}

#[test]
fn what_was_said_to_the_sender_before_answers_nothing() {
    // A program was killed in mid-drawing: reports and `ok`s that it never read lie in the cable.
    let left = format!("{}{}", "ok\r\n".repeat(5), "<Run|MPos:9.000,9.000,0.000|FS:600,0>\r\n").repeat(4);
    let mut board = Board { lines: grbl_lines(), status: IDLE, out: left.bytes().collect(), ..Board::default() };
    let met = meet(&mut board).expect("it answers");
    assert_eq!((met.status.state, met.stopped, met.settings.len()), (State::Idle, false, 2));
    assert!(board.out.is_empty(), "no `ok` is left over for the sender to count");
}

#[test]
fn a_board_that_reports_unasked_is_met_all_the_same() {
    let mut robot = simulated();
    let mut talk = Chatty { robot: &mut robot, said: 0 };
    let met = meet(&mut talk).expect("it answers");
    assert!(met.settings.len() == 34 && robot.now() < SECOND * 4, "{:?}", robot.now());
}

/// A robot that reports its state every 100 ms whoever asks.
struct Chatty<'a> {
    robot: &'a mut Simulated,
    said: u128,
}

impl Port for Chatty<'_> {
    fn now(&self) -> Duration {
        self.robot.now()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.robot.write(bytes)
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        if self.said < self.robot.now().as_millis() / 100 {
            self.said = self.robot.now().as_millis() / 100;
            return Ok(IDLE.into());
        }
        self.robot.read(until.min(self.robot.now() + Duration::from_millis(50)))
    }
}

#[test]
fn what_another_sender_left_moving_is_stopped_first() {
    let mut robot = simulated();
    robot.write(b"G1X200F600\n").expect("a sound cable");
    robot.read(Duration::from_millis(500)).expect("a sound cable");
    assert!(robot.device().is_moving());
    let met = meet(&mut robot).expect("it answers");
    assert_eq!(met.status.state, State::Idle, "held before it was reset, so that nothing is lost");
    assert!(met.stopped && !robot.device().is_moving());
    let elsewhere = met.at_origin(&profile("servo")).expect_err("it has moved").to_string();
    assert!(elsewhere.contains("was moving") && elsewhere.contains("robot jog -"), "{elsewhere}");
}

#[test]
fn settings_that_will_not_do_are_told_each_with_the_line_that_cures_it() {
    for (lines, unfit, words, cure) in [
        (&["$32=1"][..], true, "laser mode", "$32=0"),
        (&["$13=1"], true, "inches", "$13=0"),
        (&["$100=0"], true, "cannot move", "$100=80"),
        (&["$101=40"], true, "wrong size", "$101=80"),
        (&["$120=0"], true, "cannot move", "$120=500"),
        (&["$120=400"], false, "estimated times", "$120=500"),
        (&["$110=600"], false, "estimated times", "$110=6000"),
        (&["$11=0.05"], false, "junction", "$11=0.01"),
        (&["$30=50"], true, "cuts S off", "$30=1000"),
        (&["$30=255"], false, "another pen height", "$30=1000"),
        (&["$31=100"], true, "lifts every S", "$31=0"),
        (&["$10=1"], false, "free buffers", "$10=3"),
        (&["$1=25"], false, "creep", "$1=255"),
        (&["$130=200"], false, "travel", "$130=300"),
        (&["$22=1", "$20=1", "$130=200"], true, "soft limits would stop", "$130=300"),
        (&["$22=1", "$20=1"], true, "soft limits allow", "$20=0"),
        (&["$22=1"], false, "robot.homing", "$22=0"),
    ] {
        let mut robot = simulated();
        lines.iter().for_each(|line| tell(&mut robot, line));
        let met = meet(&mut robot).expect("it answers");
        let remarks = met.remarks(&profile("servo"));
        let remark = remarks.iter().find(|remark| remark.sentence.contains(words));
        let remark = remark.unwrap_or_else(|| panic!("{lines:?}: {remarks:?}"));
        assert_eq!((remark.unfit, remark.cure.as_deref()), (unfit, Some(cure)), "{lines:?}");
        assert!(remark.sentence.contains(cure), "{remark:?}");
        assert_eq!(met.fit(&profile("servo")).is_err(), unfit, "{lines:?}");
        // The cure cures.
        tell(&mut robot, cure);
        let again = meet(&mut robot).expect("it answers").remarks(&profile("servo"));
        assert!(again.iter().all(|remark| !remark.sentence.contains(words)), "{lines:?}: {again:?}");
    }
}

#[test]
fn a_profile_with_homing_needs_it_and_g54_is_the_system() {
    let mut robot = simulated();
    let met = meet(&mut robot).expect("it answers");
    let unfit = met.fit(&profile("homing")).expect_err("no homing").to_string();
    assert!(unfit.contains("$22=1"), "{unfit}");
    tell(&mut robot, "G55");
    let unfit = meet(&mut robot).expect("it answers").fit(&profile("servo")).expect_err("G55").to_string();
    assert!(unfit.contains("G55 is in force") && unfit.contains("send G54"), "{unfit}");
}

/// Connects and makes ready, as before a drawing.
fn ready(robot: &mut Simulated, profile: &RobotProfile, origin: Origin) -> Result<(), ConnectError> {
    let stop = Stop::default();
    let mut talk = Talk::new(robot, &stop);
    let mut met = talk.meet(115_200)?;
    make_ready(&mut talk, &mut met, profile, origin)
}

#[test]
fn silence_never_means_yes() {
    let unsaid = ready(&mut simulated(), &profile("servo"), Origin::Unsaid).expect_err("nobody said");
    assert!(unsaid.to_string().contains("--at-origin") && !unsaid.to_string().contains("--home"), "{unsaid}");
    assert_eq!(Fault::from(unsaid).kind(), Kind::Usage);
    assert_eq!(ready(&mut simulated(), &profile("servo"), Origin::Here), Ok(()));
    let home = ready(&mut simulated(), &profile("servo"), Origin::Home).expect_err("no switches").to_string();
    assert!(home.contains("no homing") && home.contains("--at-origin"), "{home}");
}

#[test]
fn a_robot_that_counts_itself_elsewhere_is_brought_back_or_told_otherwise() {
    for name in ["servo", "z"] {
        let profile = profile(name);
        let mut robot = Simulated::new(&profile, Pace::AtOnce);
        assert_eq!(ready(&mut robot, &profile, Origin::Here), Ok(()), "{name}");
        tell(&mut robot, "$J=G91G21X12.5Y8F3000");
        Talk::new(&mut robot, &Stop::default()).at_rest(SECOND * 9).expect("it arrives");
        let elsewhere = ready(&mut robot, &profile, Origin::Here).expect_err("it is not there");
        assert!(elsewhere.to_string().contains("robot jog -12.500 -8.000"), "{elsewhere}");
        assert_eq!(Fault::from(elsewhere).kind(), Kind::PlanRejected);
        tell(&mut robot, &origin_line(&profile));
        assert_eq!(ready(&mut robot, &profile, Origin::Here), Ok(()), "{name}");
    }
    let profile = profile("z");
    let mut robot = Simulated::new(&profile, Pace::AtOnce);
    tell(&mut robot, "G0Z0");
    let low = ready(&mut robot, &profile, Origin::Here).expect_err("the pen is down").to_string();
    assert!(low.contains("robot pen up"), "{low}");
}

#[test]
fn a_robot_with_homing_is_locked_until_it_goes_home_and_then_to_the_origin() {
    let profile = profile("homing");
    let mut robot = Simulated::new(&profile, Pace::AtOnce);
    let met = meet(&mut robot).expect("it answers");
    assert_eq!((met.status.state, met.homing()), (State::Idle, Some(true)));
    robot.restart(); // as opening its port would do
    for origin in [Origin::Unsaid, Origin::Here] {
        let locked = ready(&mut robot, &profile, origin).expect_err("locked").to_string();
        assert!(locked.contains("robot home"), "{locked}");
    }
    assert_eq!(ready(&mut robot, &profile, Origin::Home), Ok(()));
    // Switches are felt a step late.
    let at = robot.device().carriage();
    assert!(robot.pen_is_up() && at[..2].iter().all(|steps| steps.abs() <= 1), "{at:?}");
}

#[test]
fn refusals_alarms_locks_and_a_persons_stop_are_told_apart() {
    let mut robot = simulated();
    let stop = Stop::default();
    let mut talk = Talk::new(&mut robot, &stop);
    let refused = talk.ask("$H", SECOND).expect_err("homing is off").to_string();
    assert!(refused.contains("$H") && refused.contains("error:5"), "{refused}");
    let silent = talk.ask("G4P5", SECOND).expect_err("it dwells").to_string();
    assert!(silent.contains("did not answer G4P5 within 1 s"), "{silent}");
    assert_eq!(Fault::from(ConnectError::Alarm { code: 9 }).kind(), Kind::RobotAlarm);
    stop.throw();
    assert_eq!(talk.ask("G4P5", SECOND * 60), Err(ConnectError::Stopped));
    let mut robot = Simulated::new(&profile("homing"), Pace::AtOnce);
    robot.restart();
    let mut met = Talk::new(&mut robot, &Stop::default());
    let met_first = met.meet(115_200).expect("it answers");
    assert_eq!(met_first.status.state, State::Alarm);
    assert_eq!(met.ask("G0X1", SECOND), Err(ConnectError::Locked { homing: Some(true) }));
    let door = "<Door:1|MPos:0.000,0.000,0.000|FS:0,0>\r\n";
    assert_eq!(meet(&mut Board { status: door, ..Board::default() }), Err(ConnectError::DoorOpen));
}
