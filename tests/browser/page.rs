//! One page: go somewhere, ask its script, press, touch, take its picture; and what it complained of.

use std::time::Duration;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use super::wire::Wire;

/// How long something on a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A page of a browser.
pub struct Page {
    wire: Wire,
    target: Value,
}

impl Page {
    pub(super) fn open(mut wire: Wire, width: u32, height: u32) -> Self {
        let target = wire.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = wire.call("Target.attachToTarget", json!({ "targetId": &target, "flatten": true }));
        wire.attach(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            wire.call(&format!("{domain}.enable"), json!({}));
        }
        let mut page = Self { wire, target };
        page.size(width, height, 1.0, false);
        page
    }

    /// Makes it `width` by `height` CSS pixels of `ratio` device pixels; `hand` for a phone or a touch screen.
    pub fn size(&mut self, width: u32, height: u32, ratio: f64, hand: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": ratio, "mobile": hand });
        self.wire.call("Emulation.setDeviceMetricsOverride", metrics);
        self.wire.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": hand }));
    }

    /// Lets it prefer `value` of a media `feature`, as in `prefers-color-scheme: dark`.
    pub fn prefer(&mut self, feature: &str, value: &str) {
        self.wire.call("Emulation.setEmulatedMedia", json!({ "features": [{ "name": feature, "value": value }] }));
    }

    /// Goes to `url` and waits until it has loaded.
    pub fn go(&mut self, url: &str) {
        let answer = self.wire.call("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{url}: {}", answer["errorText"]);
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// What `expression` gives, as JSON; promises are waited for.
    pub fn ask(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.wire.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until `condition` holds.
    pub fn until(&mut self, condition: &str) {
        let since = Instant::now();
        while self.ask(&format!("Boolean({condition})")) != true {
            assert!(since.elapsed() < PATIENCE, "it never came true: {condition}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Presses a key by its DOM name, as in `ArrowRight`, `End`, ` `.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            " " => 32,
            "Tab" => 9,
            "Enter" => 13,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            letter => u32::from(letter.as_bytes()[0].to_ascii_uppercase()),
        };
        let text = if key.len() == 1 { key } else { "" };
        let down = json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code });
        self.wire.call("Input.dispatchKeyEvent", down);
        self.wire.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }));
    }

    /// Touches the middle of the element that `selector` finds.
    pub fn touch(&mut self, selector: &str) {
        self.touch_down(selector);
        self.touch_up();
    }

    /// Puts a finger on the middle of the element that `selector` finds, and leaves it there.
    pub fn touch_down(&mut self, selector: &str) {
        let place = self.ask(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'nearest'}}); \
             const r = e.getBoundingClientRect(); return {{ x: r.x + r.width / 2, y: r.y + r.height / 2 }}; }})()"
        ));
        self.wire.call("Input.dispatchTouchEvent", json!({ "type": "touchStart", "touchPoints": [place] }));
    }

    /// Takes the finger away.
    pub fn touch_up(&mut self) {
        self.wire.call("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
    }

    /// What is drawn on the canvas that the expression `canvas` gives, on a ground of the CSS colour that `paper` gives.
    pub fn canvas(&mut self, canvas: &str, paper: &str) -> image::RgbImage {
        let data = self.ask(&format!(
            "(() => {{ const ink = {canvas}, c = document.createElement('canvas'); \
             c.width = ink.width; c.height = ink.height; const x = c.getContext('2d'); \
             x.fillStyle = {paper}; x.fillRect(0, 0, c.width, c.height); x.drawImage(ink, 0, 0); \
             return c.toDataURL('image/png').split(',')[1]; }})()"
        ));
        let png = STANDARD.decode(data.as_str().expect("text")).expect("base64");
        image::load_from_memory(&png).expect("a PNG").into_rgb8()
    }

    /// Its picture, PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let shot = self.wire.call("Page.captureScreenshot", json!({ "format": "png" }));
        STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64")
    }

    /// What it complained of: errors of scripts, of loading, of its content security policy.
    pub fn complaints(&mut self) -> Vec<String> {
        let thrown = self.wire.take("Runtime.exceptionThrown");
        let logged = self.wire.take("Log.entryAdded").into_iter().filter(|e| e["params"]["entry"]["level"] == "error");
        let written = self.wire.take("Runtime.consoleAPICalled").into_iter();
        let written = written.filter(|e| matches!(e["params"]["type"].as_str(), Some("error" | "warning" | "assert")));
        thrown.into_iter().chain(logged).chain(written).map(|event| event["params"].to_string()).collect()
    }

    /// Every address that it asked for so far.
    pub fn asked_for(&mut self) -> Vec<String> {
        let requests = self.wire.take("Network.requestWillBeSent").into_iter();
        requests.filter_map(|event| Some(event["params"]["request"]["url"].as_str()?.to_owned())).collect()
    }
}

impl Drop for Page {
    /// Closes it: a browser opens six connections to one server, and a page that follows events holds one.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.wire.call("Target.closeTarget", json!({ "targetId": self.target }));
        }
    }
}
