//! When to stop: at Ctrl-C, SIGTERM, or the end of the terminal.

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// Returns when this process is asked to stop. Without signals (no machine we know is without) it never does.
pub async fn asked_to_stop() {
    let heard = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = heard(SignalKind::interrupt()) => {}
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::hangup()) => {}
    }
}
