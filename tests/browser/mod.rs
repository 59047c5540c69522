//! A real browser for tests: Chromium without a window, spoken to over its debugging socket (Chrome DevTools Protocol).
//!
//! [`launch`] starts one in a folder of its own and gives it back, or `None` with a line that says why where there is no
//! browser; with `REQUIRE_BROWSER=1` that is a failure. The browser and all its processes end with the value. Nothing
//! but pages of our own is ever opened: they run without Chromium's sandbox, which root may not have.

mod page;
mod wire;

use std::io::BufRead;
use std::io::BufReader;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

pub use page::Page;
use wire::Wire;

/// What Chromium may be called, the leanest first.
const NAMES: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// How long it may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

const FLAGS: [&str; 15] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
    "about:blank",
];

/// A running browser.
pub struct Browser {
    process: Child,
    address: String,
    _folder: TempDir,
}

/// Starts a browser, if there is one; `test` names who asks.
pub fn launch(test: &str) -> Option<Browser> {
    found(test).map(|program| Browser::start(&program, None))
}

/// Starts one on a machine that has only this font, if there is one; with none at all a browser writes nothing.
pub fn launch_with_one_font(test: &str, font: &[u8]) -> Option<Browser> {
    found(test).map(|program| Browser::start(&program, Some(font)))
}

fn found(test: &str) -> Option<PathBuf> {
    let found = find();
    if found.is_none() {
        let sentence = "no browser was found (chromium-headless-shell or chromium in PATH, or PORTRAITIST_BROWSER)";
        assert!(!required(), "{test}: {sentence}");
        println!("skipped {test}: {sentence}");
    }
    found
}

/// The script of axe-core that `PORTRAITIST_AXE` names, if it does; `test` names who asks. `.ci/run` fetches one.
pub fn axe(test: &str) -> Option<String> {
    let named = std::env::var_os("PORTRAITIST_AXE").map(PathBuf::from);
    if named.is_none() {
        let sentence = "PORTRAITIST_AXE names no axe.min.js";
        assert!(!required(), "{test}: {sentence}");
        println!("skipped {test}: {sentence}");
    }
    named.map(|path| std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Whether what is missing is a failure.
pub fn required() -> bool {
    std::env::var_os("REQUIRE_BROWSER").is_some_and(|value| value == "1")
}

fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PORTRAITIST_BROWSER") {
        return Some(PathBuf::from(named));
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

impl Browser {
    fn start(program: &PathBuf, only_font: Option<&[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let mut command = Command::new(program);
        if let Some(font) = only_font {
            let (fonts, list) = (folder.path().join("fonts"), folder.path().join("fonts.conf"));
            let written = std::fs::create_dir(&fonts).and_then(|()| std::fs::write(fonts.join("only.otf"), font));
            let text = format!("<fontconfig><dir>{0}</dir><cachedir>{0}</cachedir></fontconfig>", fonts.display());
            written.and_then(|()| std::fs::write(&list, text)).expect("a scratch folder is writable");
            command.env("FONTCONFIG_FILE", list);
        }
        let mut process = command
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // A group of its own, so that all its children can be ended with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let said = BufReader::new(process.stderr.take().expect("piped"));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to its end, or a chatty browser would block.
            for line in said.lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("DevTools listening on ") {
                    let _ = tell.send(address.trim().to_owned());
                }
            }
        });
        let address = told.recv_timeout(START);
        let browser = Self { process, address: address.clone().unwrap_or_default(), _folder: folder };
        address.expect("the browser says where it listens");
        browser
    }

    /// A new page of `width` by `height` CSS pixels, empty yet.
    pub fn page(&self, width: u32, height: u32) -> Page {
        Page::open(Wire::connect(&self.address), width, height)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.process.wait();
    }
}
