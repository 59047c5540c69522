//! The thread that owns the desk: planning takes all of a processor for a while, and answering must not wait for it.
//!
//! There is room for one wish. A newer one takes the place of the one that waits, and the one under way is given up at
//! its next stage; whoever asked for those is told that they were superseded. The thread ends with the planner.

use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;

use axum::http::StatusCode;
use tokio::sync::oneshot;

use super::answers::Ask;
use super::desk::Desk;
use super::desk::Finished;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::job::Stage;
use crate::server::Problem;

/// The planner.
#[derive(Debug)]
pub struct Planner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    bell: Condvar,
    newest: AtomicU64,
}

#[derive(Debug, Default)]
struct Inbox {
    wish: Option<Wish>,
    stopped: bool,
}

#[derive(Debug)]
struct Wish {
    number: u64,
    ask: Ask,
    answer: oneshot::Sender<Result<Finished, Fault>>,
}

impl Planner {
    /// Starts the thread; `tell` hears each stage as it begins, and `None` when nothing is being done.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn start(desk: Desk, tell: impl Fn(Option<Stage>) + Send + 'static) -> Result<Self, Fault> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("planner".into()).spawn(move || work(&own, desk, &tell));
        let thread = thread.map_err(|e| Fault::new(Kind::Unexpected, format!("no thread can be started ({e})")))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Plans as `ask` says.
    ///
    /// # Errors
    /// What is wrong with the wish, or that a newer one came.
    pub async fn plan(&self, ask: Ask) -> Result<Finished, Problem> {
        let (answer, answered) = oneshot::channel();
        {
            let mut inbox = held(&self.shared.inbox);
            let number = self.shared.newest.fetch_add(1, Ordering::SeqCst) + 1;
            inbox.wish = if inbox.stopped { None } else { Some(Wish { number, ask, answer }) };
            self.shared.bell.notify_one();
        }
        match answered.await {
            Ok(Ok(finished)) => Ok(finished),
            Ok(Err(fault)) => Err(fault.into()),
            Err(_) => {
                Err(Problem::new(StatusCode::CONFLICT, "SUPERSEDED", "a newer wish came; its plan will be shown"))
            }
        }
    }

    /// Ends the thread: at once if it waits, else at its next stage.
    pub fn stop(&self) {
        held(&self.shared.inbox).stopped = true;
        self.shared.newest.fetch_add(1, Ordering::SeqCst);
        self.shared.bell.notify_all();
    }
}

impl Drop for Planner {
    fn drop(&mut self) {
        self.stop();
        let thread = held(&self.thread).take();
        // A planner that panicked has already said so on standard error.
        let _ = thread.map(JoinHandle::join);
    }
}

fn work(shared: &Shared, mut desk: Desk, tell: &dyn Fn(Option<Stage>)) {
    loop {
        let wish = {
            let mut inbox = held(&shared.inbox);
            loop {
                if inbox.stopped {
                    return;
                }
                if let Some(wish) = inbox.wish.take() {
                    break wish;
                }
                inbox = shared.bell.wait(inbox).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let Wish { number, ask, answer } = wish;
        // Superseded, or nobody waits for it any more: its page was closed.
        let given_up = || shared.newest.load(Ordering::SeqCst) != number || answer.is_closed();
        let planned = desk.plan(&ask, &mut |stage| tell(Some(stage)), &given_up);
        tell(None);
        if let Some(planned) = planned.transpose()
            && shared.newest.load(Ordering::SeqCst) == number
        {
            // Whoever asked may have gone.
            let _ = answer.send(planned);
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
