//! The links by which visitors' phones find their session: who has one, what may be done by it now, until when.
//!
//! A link is a token of 160 random bits, made when a visitor has said yes to the photo, and bound to that session. It ends
//! with the session, unless a drawing was chosen and a phone has opened the link: then the drawing's strokes stay for
//! `kiosk.phone_secs` longer. A visitor who never looks leaves nothing. The sitter's process answers the phones; this
//! is what it is told. At most [`MOST`] links there are; the oldest goes for one more.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use super::drawing::Drawing;
use super::sitter::Link;
use super::sitter::Told;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::Invitation;
use crate::kiosk::SessionId;

/// Most links at a time.
const MOST: usize = 64;
/// Random bytes of a token; five bits of them make a letter.
const TOKEN_BYTES: usize = 20;
/// The letters of a token (RFC 4648 §6): all that a QR code writes in its shorter way.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// All links.
#[derive(Debug)]
pub(super) struct Links {
    /// How their addresses begin; none where there are no links.
    begins: Option<String>,
    kept: Duration,
    links: VecDeque<Held>,
    /// The number of the process that knows them.
    told_to: u64,
    ended: Vec<String>,
}

#[derive(Debug)]
struct Held {
    session: SessionId,
    link: Link,
    drawing: Option<Arc<Drawing>>,
    opened: bool,
    /// The phone's photo is being looked at.
    reading: bool,
    /// When it ends, once its session has.
    until: Option<Duration>,
    told: bool,
}

impl Links {
    /// Links whose addresses begin with `begins`; none are given without. They live for `kept` after their session.
    pub fn new(begins: Option<String>, kept: Duration) -> Self {
        Self { begins, kept, links: VecDeque::new(), told_to: 0, ended: Vec::new() }
    }

    /// Brings them up to what `invitation` allows now, with the drawing that its session has chosen.
    pub fn follow(&mut self, invitation: Option<Invitation>, drawing: Option<&Arc<Drawing>>, now: Duration) {
        let Self { begins: Some(_), links, ended, .. } = self else { return };
        while let Some(over) = links.iter().position(|held| held.until.is_some_and(|until| until <= now)) {
            ended.extend(links.remove(over).map(|held| held.link.token));
        }
        let Some(Invitation { session, language, take }) = invitation else { return };
        if !links.iter().any(|held| held.session == session) {
            let Some(token) = token() else { return };
            if links.len() == MOST {
                ended.extend(links.pop_front().map(|held| held.link.token));
            }
            let link = Link { token, language, take, again: false, drawing: None };
            links.push_back(Held {
                session,
                link,
                drawing: None,
                opened: false,
                reading: false,
                until: None,
                told: false,
            });
        }
        for held in links.iter_mut().filter(|held| held.session == session) {
            if (held.link.language, held.link.take) != (language, take) {
                (held.link.language, held.link.take, held.told) = (language, take, false);
            }
            if held.drawing.is_none()
                && let Some(drawing) = drawing
            {
                (held.drawing, held.told) = (Some(Arc::clone(drawing)), false);
            }
        }
    }

    /// The session is over; what it drew may be fetched if `kept`.
    pub fn session_over(&mut self, session: SessionId, kept: bool, now: Duration) {
        for held in self.links.iter_mut().filter(|held| held.session == session && held.until.is_none()) {
            let stays = kept && held.opened && held.drawing.is_some();
            held.until = Some(if stays { now + self.kept } else { now });
        }
    }

    /// Whatever they give ends now.
    pub fn end_all(&mut self, now: Duration) {
        self.links.iter_mut().for_each(|held| held.until = Some(now));
    }

    /// A phone opened the link of `token`.
    pub fn opened(&mut self, token: &str) {
        self.change(|held| held.link.token == token, |held| held.opened = true);
    }

    /// The session that a photo was sent to by the link of `token`, if it may be.
    pub fn sent(&self, token: &str) -> Option<SessionId> {
        self.links.iter().find(|held| held.link.token == token && held.until.is_none()).map(|held| held.session)
    }

    /// The photo that the session's phone sent is being looked at.
    pub fn reading(&mut self, session: SessionId) {
        self.change(|held| held.session == session, |held| (held.reading, held.link.again) = (true, false));
    }

    /// A photo of the session was looked at, and is `good` or not.
    pub fn read(&mut self, session: SessionId, good: bool) {
        self.change(
            |held| held.session == session && held.reading,
            |held| (held.reading, held.link.again, held.told) = (false, !good, false),
        );
    }

    fn change(&mut self, which: impl Fn(&Held) -> bool, how: impl Fn(&mut Held)) {
        self.links.iter_mut().filter(|held| which(held)).for_each(how);
    }

    /// The address of the session's link.
    pub fn address(&self, session: SessionId) -> Option<String> {
        let held = self.links.iter().find(|held| held.session == session)?;
        Some(format!("{}{}", self.begins.as_ref()?, held.link.token))
    }

    /// What process number `number` is still to be told: a new one everything, and then to answer.
    pub fn news(&mut self, number: u64) -> Vec<Told> {
        if self.begins.is_none() {
            return Vec::new();
        }
        let fresh = self.told_to != number;
        let ended = self.ended.drain(..).filter(|_| !fresh).map(|token| Told::Unlink { token });
        let mut news: Vec<Told> = ended.collect();
        for held in self.links.iter_mut().filter(|held| fresh || !held.told) {
            held.told = true;
            let drawing = held.drawing.as_ref().map(|drawing| String::from_utf8_lossy(drawing.bytes()).into_owned());
            news.push(Told::Link(Link { drawing, ..held.link.clone() }));
        }
        if fresh {
            self.told_to = number;
            news.push(Told::Links);
        }
        news
    }
}

/// The socket at which visitors' phones are answered, and how the addresses of links begin; none where phones get none.
///
/// # Errors
/// `phone.listen` is no address that can be listened at, or no phone could know how to call it.
pub(super) fn socket(config: &Config) -> Result<Option<(TcpListener, String)>, Fault> {
    if !config.kiosk.has_links() {
        return Ok(None);
    }
    let refused = |why: &str| Fault::new(Kind::Config, format!("phone.listen = \"{}\": {why}", config.phone.listen));
    let wanted: SocketAddr = config.phone.listen.trim().parse().map_err(|_| {
        refused("kiosk.phone_secs asks for links, so it must be an address and a port that phones reach, as in 192.168.4.1:7484")
    })?;
    let socket = TcpListener::bind(wanted).map_err(|e| refused(&format!("nobody can listen there ({e})")))?;
    let address = socket.local_addr().map_err(|e| refused(&e.to_string()))?;
    let begins = match config.phone.url.trim().trim_end_matches('/') {
        "" if address.ip().is_unspecified() => {
            return Err(refused("phones cannot call every address at once; set phone.url"));
        }
        "" => format!("http://{address}/"),
        url if url.starts_with("http://") || url.starts_with("https://") => format!("{url}/"),
        _ => return Err(refused("phone.url must begin with http:// or https://")),
    };
    Ok(Some((socket, begins)))
}

/// A new token; none while the machine gives no random numbers.
fn token() -> Option<String> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    let letters = bytes.chunks(5).flat_map(|five| {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).map(move |n| char::from(LETTERS[(bits >> (35 - 5 * n) & 31) as usize]))
    });
    Some(letters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booth::drawing::tests::hatching;
    use crate::kiosk::Language;

    const KEPT: Duration = Duration::from_secs(600);

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn invitation(session: SessionId, take: Option<u8>) -> Option<Invitation> {
        Some(Invitation { session, language: Language::German, take })
    }

    /// The links that process `number` is told, and whether it is told of others that are over.
    fn told(links: &mut Links, number: u64) -> (Vec<Link>, Vec<String>) {
        let (mut known, mut over) = (Vec::new(), Vec::new());
        for told in links.news(number) {
            match told {
                Told::Link(link) => known.push(link),
                Told::Unlink { token } => over.push(token),
                Told::Links => {}
                other => panic!("{other:?} has nothing to do with links"),
            }
        }
        (known, over)
    }

    #[test]
    fn a_link_asks_for_one_photo_and_then_gives_the_drawing_to_who_opened_it() {
        let (session, drawing) = (SessionId::first(7), Arc::new(hatching(3)));
        let mut links = Links::new(Some("http://10.0.0.1:9/".into()), KEPT);
        links.follow(None, None, at(0));
        assert_eq!(links.news(1), [Told::Links], "nobody has a link before they said yes");
        links.follow(invitation(session, Some(1)), None, at(1));
        let token = told(&mut links, 1).0[0].token.clone();
        assert_eq!(token.len() * 5, TOKEN_BYTES * 8);
        assert_eq!(links.address(session), Some(format!("http://10.0.0.1:9/{token}")));
        assert_eq!((links.sent(&token), links.sent("other")), (Some(session), None));
        links.opened(&token);
        links.reading(session);
        links.follow(invitation(session, None), None, at(2));
        links.read(session, false);
        links.follow(invitation(session, Some(2)), None, at(3));
        let now = told(&mut links, 1).0[0].clone();
        assert_eq!((now.take, now.again), (Some(2), true));
        links.follow(invitation(session, None), Some(&drawing), at(4));
        assert!(told(&mut links, 1).0[0].drawing.is_some());
        links.session_over(session, true, at(5));
        links.follow(None, None, at(6));
        assert_eq!(links.sent(&token), None, "a session that is over takes no photo");
        assert_eq!(told(&mut links, 2).0.len(), 1, "a new process knows it too");
        links.follow(None, None, at(5) + KEPT);
        assert_eq!(told(&mut links, 2), (Vec::new(), vec![token]));
    }

    #[test]
    fn who_never_opened_it_or_cancelled_leaves_nothing() {
        let drawing = Arc::new(hatching(3));
        for (opened, kept, chosen) in [(false, true, true), (true, false, true), (true, true, false)] {
            let session = SessionId::first(7);
            let mut links = Links::new(Some("http://10.0.0.1:9/".into()), KEPT);
            links.follow(invitation(session, Some(1)), chosen.then_some(&drawing), at(1));
            let token = told(&mut links, 1).0[0].token.clone();
            if opened {
                links.opened(&token);
            }
            links.session_over(session, kept, at(2));
            links.follow(None, None, at(2));
            assert_eq!(told(&mut links, 1), (Vec::new(), vec![token]), "{opened} {kept} {chosen}");
            assert_eq!(links.address(session), None);
        }
    }

    #[test]
    fn there_are_only_so_many_and_no_two_alike() {
        let mut links = Links::new(Some("http://10.0.0.1:9/".into()), KEPT);
        let mut session = SessionId::first(1);
        let mut tokens = std::collections::HashSet::new();
        for _ in 0..2 * MOST {
            links.follow(invitation(session, None), None, at(1));
            tokens.extend(told(&mut links, 1).0.into_iter().map(|link| link.token));
            session = session.next();
        }
        assert_eq!((links.links.len(), tokens.len()), (MOST, 2 * MOST));
    }
}
