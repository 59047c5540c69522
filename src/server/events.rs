//! Server-sent events (WHATWG HTML §9.2): who follows a [`Feed`] first gets the whole, then every change.
//!
//! Each event has an id `RUN-NUMBER`; who comes back with `Last-Event-ID` gets what it missed if that is still kept, else
//! the whole again. Every second without news a `ping` says that the line is alive. A follower that does not read is
//! dropped as soon as its queue is full: nobody ever waits for it. Ids of an earlier run of the program are strange to
//! this one, so a page that survived a restart gets the whole.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::stream;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::access::held;
use super::limits::Limits;
use super::problem::Problem;
use super::secret::SecretError;
use super::secret::random;

/// The media type of a feed.
pub const MEDIA_TYPE: &str = "text/event-stream";
/// How often a quiet line says that it is alive.
const PING: Duration = Duration::from_secs(1);

/// Events for any number of followers, up to a bound.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Mutex<Line>>);

#[derive(Debug)]
struct Line {
    run: u32,
    number: u64,
    whole: String,
    kept: VecDeque<(u64, Arc<str>)>,
    followers: Vec<mpsc::Sender<Arc<str>>>,
    closed: bool,
    limits: Limits,
}

impl Feed {
    /// A feed whose whole is `whole`, which must be made of what JSON can say.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn new(whole: &impl Serialize, limits: &Limits) -> Result<Self, SecretError> {
        Ok(Self(Arc::new(Mutex::new(Line {
            run: u32::from_le_bytes(random()?),
            number: 0,
            whole: text(whole),
            kept: VecDeque::new(),
            followers: Vec::new(),
            closed: false,
            limits: limits.clone(),
        }))))
    }

    /// Tells everyone the change `change` called `name`, after which the whole is `whole`.
    pub fn publish(&self, name: &'static str, change: &impl Serialize, whole: &impl Serialize) {
        let mut line = held(&self.0);
        line.number += 1;
        line.whole = text(whole);
        let event = line.event(name, &text(change));
        let number = line.number;
        line.kept.push_back((number, Arc::clone(&event)));
        if line.kept.len() > line.limits.kept_events {
            line.kept.pop_front();
        }
        // A full queue or a follower who left: both are dropped.
        line.followers.retain(|follower| follower.try_send(Arc::clone(&event)).is_ok());
    }

    /// Ends every follower's line; who comes later is refused.
    pub fn close(&self) {
        let mut line = held(&self.0);
        line.closed = true;
        line.followers.clear();
    }

    /// How many follow.
    pub fn followers(&self) -> usize {
        let mut line = held(&self.0);
        line.followers.retain(|follower| !follower.is_closed());
        line.followers.len()
    }

    /// The answer to a follower whose request has these `headers`.
    ///
    /// # Errors
    /// There are too many followers, or the program is about to end.
    pub fn follow(&self, headers: &HeaderMap) -> Result<Response, Problem> {
        let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let events = held(&self.0).follow(seen)?;
        let body = stream::unfold(events, |mut events| async move {
            let event = match tokio::time::timeout(PING, events.recv()).await {
                Ok(event) => event?,
                Err(_) => Arc::from("event: ping\ndata: {}\n\n"),
            };
            Some((Ok::<_, Infallible>(event.as_bytes().to_vec()), events))
        });
        Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], Body::from_stream(body)).into_response())
    }
}

impl Line {
    fn follow(&mut self, seen: Option<&str>) -> Result<mpsc::Receiver<Arc<str>>, Problem> {
        self.followers.retain(|follower| !follower.is_closed());
        if self.closed || self.followers.len() >= self.limits.followers {
            let detail = "too many pages follow already; close one, or try again in a moment";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_FOLLOWERS", detail).retry_after(2));
        }
        let first: Vec<Arc<str>> = match seen.and_then(|seen| self.missed(seen)) {
            Some(missed) => missed,
            None => vec![self.event("snapshot", &self.whole)],
        };
        let (follower, events) = mpsc::channel(self.limits.waiting_events.max(first.len() + 1));
        for event in first {
            // The queue is empty and long enough.
            let _ = follower.try_send(event);
        }
        self.followers.push(follower);
        Ok(events)
    }

    /// What came after the event with the id `seen`, if all of it is kept.
    fn missed(&self, seen: &str) -> Option<Vec<Arc<str>>> {
        let (run, number) = seen.split_once('-')?;
        let number: u64 = number.parse().ok()?;
        let oldest = self.kept.front().map_or(self.number + 1, |(number, _)| *number);
        let known = run == format!("{:08x}", self.run) && number <= self.number && number + 1 >= oldest;
        known.then(|| self.kept.iter().filter(|(kept, _)| *kept > number).map(|(_, event)| Arc::clone(event)).collect())
    }

    fn event(&self, name: &str, data: &str) -> Arc<str> {
        let Self { run, number, .. } = self;
        // JSON has no line ends of its own, so one `data:` line is enough.
        Arc::from(format!("id: {run:08x}-{number}\nevent: {name}\ndata: {{\"seq\":{number},\"data\":{data}}}\n\n"))
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| json!({ "error": e.to_string() }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(limits: &Limits) -> Feed {
        Feed::new(&json!({ "n": 0 }), limits).expect("random numbers")
    }

    fn drain(events: &mut mpsc::Receiver<Arc<str>>) -> Vec<String> {
        std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.to_string()).collect()
    }

    fn id(event: &str) -> &str {
        event.lines().next().and_then(|line| line.strip_prefix("id: ")).expect("an id")
    }

    #[test]
    fn the_whole_comes_first_and_then_every_change() {
        let feed = feed(&Limits::default());
        feed.publish("step", &json!(1), &json!({ "n": 1 }));
        let mut events = held(&feed.0).follow(None).expect("room");
        feed.publish("step", &json!(2), &json!({ "n": 2 }));
        let got = drain(&mut events);
        assert_eq!(got.len(), 2);
        assert!(got[0].ends_with("event: snapshot\ndata: {\"seq\":1,\"data\":{\"n\":1}}\n\n"), "{got:?}");
        assert!(got[1].ends_with("event: step\ndata: {\"seq\":2,\"data\":2}\n\n"), "{got:?}");
    }

    #[test]
    fn who_comes_back_gets_what_it_missed_or_the_whole() {
        let feed = feed(&Limits { kept_events: 3, ..Limits::default() });
        let mut events = held(&feed.0).follow(None).expect("room");
        let first = id(&drain(&mut events)[0]).to_owned();
        for n in 1..=3 {
            feed.publish("step", &n, &n);
        }
        let back = |seen: &str| drain(&mut held(&feed.0).follow(Some(seen)).expect("room"));
        let missed = back(&first);
        assert_eq!(missed.len(), 3);
        assert!(missed[0].contains("data: {\"seq\":1,\"data\":1}"));
        assert_eq!(back(id(&missed[2])), [] as [String; 0], "nothing was missed");
        feed.publish("step", &4, &4);
        for strange in [first.as_str(), "", "x-1", "00000000-1", "99", &format!("{}9", id(&missed[2]))] {
            assert!(back(strange)[0].contains("event: snapshot"), "{strange}");
        }
    }

    #[test]
    fn followers_are_bounded_and_the_slow_are_dropped() {
        let feed = feed(&Limits { followers: 2, waiting_events: 4, ..Limits::default() });
        let mut slow = held(&feed.0).follow(None).expect("room");
        let mut quick = held(&feed.0).follow(None).expect("room");
        let full = held(&feed.0).follow(None).expect_err("no room");
        assert_eq!((full.status().as_u16(), full.code()), (503, "TOO_MANY_FOLLOWERS"));
        for n in 0..10 {
            feed.publish("step", &n, &n);
            drain(&mut quick);
        }
        assert_eq!(feed.followers(), 1);
        assert_eq!(drain(&mut slow).len(), 4, "what waited is still there, then the line ends");
        assert!(slow.is_closed());
        feed.close();
        assert_eq!(feed.followers(), 0);
        assert!(held(&feed.0).follow(None).is_err());
    }
}
