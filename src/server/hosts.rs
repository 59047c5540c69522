//! Under which names this program may be addressed.
//!
//! A page of another site can make a browser look its own name up anew and find this machine there (DNS rebinding): its
//! requests then come from here, with a matching `Origin`. What gives it away is the name in `Host`. So only names
//! that are ours are answered: this machine's loopback names, the configured ones, and the address that the connection
//! itself came in by, which no name was looked up for. Ports are not compared: a tunnel may have another one.

use std::net::IpAddr;

use axum::http::uri::Authority;

/// The names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// This machine's loopback names and the `configured` ones.
    pub fn new(configured: &[String]) -> Self {
        let own = ["localhost", "127.0.0.1", "[::1]"].into_iter().map(str::to_owned);
        Self(own.chain(configured.iter().map(|name| name.to_ascii_lowercase())).collect())
    }

    /// `host`, as a request states it, if it is one of ours; `local` is the address at which its connection came in.
    pub fn accept(&self, host: &str, local: Option<IpAddr>) -> Option<Authority> {
        let authority: Authority = host.parse().ok()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let name = authority.host().to_ascii_lowercase();
        let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let ours = self.0.contains(&name) || (literal.is_some() && literal == local.map(|ip| ip.to_canonical()));
        ours.then_some(authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_accepted() {
        let hosts = Hosts::new(&["Robot.local".to_owned()]);
        let lan: IpAddr = [192, 168, 1, 5].into();
        for good in ["localhost", "LOCALHOST:80", "127.0.0.1:7483", "[::1]", "[::1]:9", "robot.local:80", "192.168.1.5"]
        {
            assert!(hosts.accept(good, Some(lan)).is_some(), "{good}");
        }
        let bad = [
            "",
            "evil.test",
            "localhost.",
            "localhost.evil.test",
            "evil.test:7483",
            "user@localhost",
            "192.168.1.6",
            "127.0.0.1.evil.test",
            "localhost/",
            "local host",
            "[::1",
            "::1",
            "0.0.0.0",
            "127.1",
        ];
        for bad in bad {
            assert!(hosts.accept(bad, Some(lan)).is_none(), "{bad}");
        }
    }
}
