//! Sockets: where the program listens, how it takes connections, how it stops.
//!
//! On this machine alone unless told otherwise, and then only where an operator can prove to be one. Each connection has
//! its own task; there are only so many ([`places`](super::places)), and each is closed if it dawdles. To stop, no more connections are taken, those
//! that are idle are closed, the others get [`Limits::farewell`] to end; none is left when [`serve`] returns.

use std::convert::Infallible;
use std::future::Future;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::body::HttpBody;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::limits::Limits;
use super::patient::Patient;
use super::places::Place;
use super::places::Places;
use super::shell::Shell;
use crate::fault::Fault;
use crate::fault::Kind;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// At which of this machine's addresses it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local(pub IpAddr);

/// So often another free port is tried that both loopback addresses have.
const TRIES: usize = 8;

/// Why the program cannot listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServeError {
    /// Not an address.
    #[error("server.listen is \"{0}\", but must be an address and a port, as in 127.0.0.1:7483 or [::1]:0")]
    Address(String),
    /// Others could reach it, and nobody would have to prove anything.
    #[error(
        "server.listen is {0}, which others can reach, but no operator's secret is configured; listen on 127.0.0.1, or \
         set security.operator_pin_hash (`portraitist pin` makes one)"
    )]
    NoSecret(SocketAddr),
    /// Someone else listens there.
    #[error("{0} is in use by another program; choose another port (0 takes a free one)")]
    InUse(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address} ({why}); choose another address")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        why: String,
    },
}

impl From<ServeError> for Fault {
    fn from(error: ServeError) -> Self {
        let kind = match error {
            ServeError::Address(_) | ServeError::NoSecret(_) | ServeError::Other { .. } => Kind::Config,
            ServeError::InUse(_) => Kind::DeviceBusy,
        };
        Fault::new(kind, error.to_string())
    }
}

/// Sockets that listen.
#[derive(Debug)]
pub struct Listening {
    sockets: Vec<std::net::TcpListener>,
    address: SocketAddr,
}

impl Listening {
    /// Listens on `listen` (an address and a port; 0 for any that is free). On `127.0.0.1` it listens on `[::1]` too,
    /// where the machine has that. `guarded` says whether an operator can prove to be one.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub fn bind(listen: &str, guarded: bool) -> Result<Self, ServeError> {
        let wanted: SocketAddr = listen.trim().parse().map_err(|_| ServeError::Address(listen.to_owned()))?;
        if !wanted.ip().to_canonical().is_loopback() && !guarded {
            return Err(ServeError::NoSecret(wanted));
        }
        for _ in 0..TRIES {
            let first = socket(wanted)?;
            let address = first.local_addr().map_err(|e| other(wanted, &e))?;
            if !wanted.ip().is_loopback() || !wanted.is_ipv4() {
                return Ok(Self { sockets: vec![first], address });
            }
            match socket(SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()))) {
                Ok(second) => return Ok(Self { sockets: vec![first, second], address }),
                // Taken there by chance: another free port may be free on both.
                Err(ServeError::InUse(_)) if wanted.port() == 0 => {}
                Err(ServeError::InUse(taken)) => return Err(ServeError::InUse(taken)),
                // A machine without IPv6.
                Err(_) => return Ok(Self { sockets: vec![first], address }),
            }
        }
        Err(ServeError::InUse(wanted))
    }

    /// The socket of another process of ours, handed over by it.
    ///
    /// # Errors
    /// It listens nowhere.
    pub fn handed_over(socket: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self { address: socket.local_addr()?, sockets: vec![socket] })
    }

    /// Where a browser of this machine finds it.
    pub fn url(&self) -> String {
        let here = if self.address.ip().is_unspecified() {
            SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, self.address.port()))
        } else {
            self.address
        };
        format!("http://{here}/")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn socket(address: SocketAddr) -> Result<std::net::TcpListener, ServeError> {
    std::net::TcpListener::bind(address).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => ServeError::InUse(address),
        _ => other(address, &e),
    })
}

fn other(address: SocketAddr, e: &io::Error) -> ServeError {
    ServeError::Other { address, why: e.to_string() }
}

/// Answers at `listening` until `stop` is done; then ends what is under way. Must run in a runtime with I/O and time.
///
/// # Errors
/// The sockets cannot be used.
pub async fn serve(listening: Listening, shell: Shell, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
    let at = listening.address;
    let ready = |socket: std::net::TcpListener| {
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket)
    };
    let sockets: Vec<TcpListener> =
        listening.sockets.into_iter().map(ready).collect::<io::Result<_>>().map_err(|e| other(at, &e))?;
    let limits = shell.limits().clone();
    let places = Places::new(&limits);
    let (stopping, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&sockets) => accepted,
            // What has ended makes room.
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            () = &mut stop => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, most likely: give others time to close theirs.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // No place: closed at once, since a queue would only be a second bound.
        let Some(place) = places.take(peer.ip().to_canonical()) else { continue };
        let (router, limits, stopped) = (shell.router(), limits.clone(), stopped.clone());
        tasks.spawn(async move {
            connection(stream, peer, router, &limits, stopped, Arc::new(place)).await;
        });
    }
    drop(sockets);
    shell.say_farewell();
    let _ = stopping.send(true);
    let _ = tokio::time::timeout(limits.farewell, async { while tasks.join_next().await.is_some() {} }).await;
    tasks.shutdown().await;
    Ok(())
}

async fn accept(sockets: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let ready = sockets.iter().map(|socket| socket.poll_accept(context)).find(Poll::is_ready);
        ready.unwrap_or(Poll::Pending)
    })
    .await
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    mut stopped: watch::Receiver<bool>,
    place: Arc<Place>,
) {
    let Ok(local) = stream.local_addr() else { return };
    // Small answers and events are sent at once.
    let _ = stream.set_nodelay(true);
    let (peer, local) = (Peer(peer.ip().to_canonical()), Local(local.ip().to_canonical()));
    let answering = Arc::clone(&place);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(local);
        let (router, place) = (router.clone(), Arc::clone(&answering));
        async move {
            let answer = router.oneshot(request).await?;
            if answer.body().size_hint().exact().is_none() {
                place.keep();
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes.max(8192))
        .serve_connection(TokioIo::new(Patient::new(stream, limits.unread)), service);
    let mut connection = pin!(connection);
    // How a connection ends is the caller's affair: reset, too slow, unreadable. It has been answered if it could be.
    let stop = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::select! {
        _ = connection.as_mut() => return,
        () = place.lost() => return,
        () = stop => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
