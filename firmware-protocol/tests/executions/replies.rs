//! One execution: a damaged or made-up line is given to the reader of replies, then a sound `ok`.
//!
//! Only an exact line may be taken for an answer, no number may be out of bounds, and the line after is understood.

use firmware_protocol::reply::Lines;
use firmware_protocol::reply::MAX_LINE_LEN;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::Status;

use super::Random;

const SPOKEN: [&str; 24] = [
    "ok",
    "error:9",
    "error:22",
    "error:253",
    "ALARM:1",
    "ALARM:17",
    "",
    "Grbl 1.1h ['$' for help]",
    "GrblHAL 1.1f ['$' or '$HELP' for help]",
    "[MSG:'$H'|'$X' to unlock]",
    "[MSG:]",
    "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]",
    "[G54:0.000,0.000,0.000]",
    "[PRB:0.000,0.000,0.000:0]",
    "[OPT:VNML+,100,1024,3,0]",
    "$110=500.000",
    "$N0=G91",
    ">G91:ok",
    "<Idle|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0|WCO:0.000,0.000,0.000>",
    "<Run|WPos:-10.005,5.000,0.500|Bf:0,2|Ln:99999|F:1500|Ov:100,50,100|A:SFM>",
    "<Hold:1|MPos:51.588,0.000,0.000|Bf:99,1023|FS:900,100|Pn:XYZPDHRS>",
    "<Door:4|MPos:28.800,0.000,0.000,7.000|Bf:99,1023|FS:1200,200|A:S|H:1|T:3|TLR:0|WCS:G55>",
    "<Tool|MPos:0.000,0.000,1.000|Bf:100,1023|FS:0,0|A:|T:0>",
    "<Alarm|MPos:0.000,0.000,0.000|FS:0,0|Pn:X>",
];
const ALPHABET: &[u8] = b"okerALM:<>|,.-+0123456789eEinfaNGrblHoldMPsWCOBFSn[]$=\r ";

pub fn run(seed: u64) {
    let mut random = Random(seed);
    let mut line: Vec<u8> = if random.once_in(8) {
        (0..random.below(2 * MAX_LINE_LEN)).map(|_| random.byte(ALPHABET)).collect()
    } else {
        random.pick(&SPOKEN).into()
    };
    let other = random.pick(&SPOKEN);
    random.mutate(&mut line, other.as_bytes(), ALPHABET);
    line.retain(|byte| *byte != b'\n');
    let mut reader = Lines::default();
    for byte in &line {
        assert_eq!(reader.push(*byte), None, "an answer before the line's end: {line:?}");
    }
    let reply = reader.push(b'\n');
    line.retain(|byte| *byte != b'\r');
    let text = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    let said: String = line.iter().map(text).collect();
    match reply {
        None => assert!(said.len() > MAX_LINE_LEN, "no reply to {said:?}"),
        Some(Reply::Ok) => assert_eq!(said, "ok"),
        Some(Reply::Error(code)) => assert_eq!(said, format!("error:{code}")),
        Some(Reply::Alarm(code)) => assert_eq!(said, format!("ALARM:{code}")),
        Some(Reply::Empty) => assert_eq!(said, ""),
        Some(Reply::Status(status)) => check(&status, &said),
        Some(Reply::Setting { value, .. }) => assert!(said.starts_with('$') && said.ends_with(&format!("={value}"))),
        Some(Reply::Message(inside)) => assert_eq!(said, format!("[{inside}]")),
        Some(Reply::Welcome(_) | Reply::Unknown(_)) => {}
    }
    assert_eq!(b"ok\r\n".iter().filter_map(|byte| reader.push(*byte)).last(), Some(Reply::Ok), "after {said:?}");
}

/// Whatever a report says, its numbers are such as a machine may have.
fn check(status: &Status, said: &str) {
    assert!(said.starts_with('<') && said.ends_with('>'), "{said:?}");
    let places = [status.machine_mm, status.work_mm, status.offset_mm].into_iter().flatten().flatten();
    for number in places.chain(status.feed_mm_min).chain(status.spindle) {
        assert!(number.abs() < 1e9, "{number} from {said:?}");
    }
}
