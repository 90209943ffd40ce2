//! Drives a headless Chromium over the DevTools protocol: just enough to open a page, act on it and ask it.
//!
//! Source: Chrome DevTools Protocol, domains Target, Page, Runtime and Emulation.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// A running browser with one page. It ends with this value.
pub(crate) struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    next: u64,
    _profile: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// One browser at a time: several at once would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

/// The program, or `None` with a word on why the test does nothing.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = named
        .into_iter()
        .chain(std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))));
    let found = found.into_iter().find(|p| p.is_file());
    if found.is_none() {
        eprintln!("skipped: no Chromium is installed; CHROMIUM may name it");
    }
    found
}

impl Browser {
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        // A test that failed holds nothing that the next one needs.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"])
            .args(["--disable-background-networking", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|l| l.split_once("DevTools listening on ").map(|(_, a)| a.trim().to_owned()))
            .expect("Chromium says where it listens");
        // It goes on writing; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let host = address.trim_start_matches("ws://").split('/').next().unwrap().to_owned();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let (socket, _) = tungstenite::client(address, stream).unwrap();
        let mut browser =
            Self { process, socket, session: String::new(), next: 0, _profile: profile, _alone: alone };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached =
            browser.call("Target.attachToTarget", &json!({"targetId": target["targetId"], "flatten": true}));
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser.call("Page.enable", &json!({}));
        Some(browser)
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("Chromium answers") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Calls a method and waits for its answer; events in between are passed over.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let mut request = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(request.to_string())).unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == json!(self.next) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    /// Opens a file and waits until it is loaded and painted. Returns how long that took.
    pub(crate) fn open(&mut self, path: &Path) -> Duration {
        let start = Instant::now();
        self.call("Page.navigate", &json!({"url": format!("file://{}", path.display())}));
        loop {
            if self.eval("document.readyState === 'complete' && location.href !== 'about:blank'")
                == json!(true)
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.eval("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
        start.elapsed()
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.call("Runtime.evaluate", &params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// A window of a size; narrow ones are phones.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let mobile = width < 600;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Light or dark.
    pub(crate) fn scheme(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str, text: &str) {
        let down = json!({"type": "keyDown", "key": key, "text": text});
        self.call("Input.dispatchKeyEvent", &down);
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": key}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser was ours alone; nothing is lost with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
