//! Steps: what an operation wants next, as the text that `types.wit` and `http.wit` document.

use crate::desk::{Ask, Request, RequestBody};
use crate::error::Failure;
use std::fmt::Write;
use std::time::Duration;

/// The operation waits for another one.
pub const WAITING: &str = "waiting";

/// The operation ended with this JSON.
pub fn done(json: &str) -> String {
    format!("done\n{json}")
}

/// The operation failed.
pub fn failed(failure: &Failure) -> String {
    let json = serde_json::to_string(failure).unwrap_or_default();
    format!("failed\n{json}")
}

/// The operation asks for something, in the case of a request no sooner than `delay` from now.
pub fn ask(ask: Ask, delay: Duration) -> String {
    match ask {
        Ask::Credential => "credential".to_string(),
        Ask::Request(wanted) => request(*wanted, delay),
    }
}

fn request(request: Request, delay: Duration) -> String {
    let (body, text) = match request.body {
        RequestBody::None => ("none", String::new()),
        RequestBody::Host => ("host", String::new()),
        RequestBody::Text(text) => ("text", text),
    };
    let response = if request.keep_response { "host" } else { "text" };
    let (method, url) = (&request.method, &request.url);
    let delay = delay.as_millis();
    let mut step = format!("request\n{delay}\n{body}\n{response}\n{method}\n{url}\n");
    for (name, value) in &request.headers {
        // every value has been checked to be printable, so nothing is lost here
        let _ = writeln!(step, "{name}:{}", String::from_utf8_lossy(value.as_bytes()));
    }
    step.push('\n');
    step.push_str(&text);
    step
}
