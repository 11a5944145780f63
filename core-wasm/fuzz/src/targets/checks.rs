//! What must hold for each text that leaves the engine.

use super::input::{GRANTED, SECRET, TOKEN};
use super::support::{Request, Step};
use url::Url;

/// So many bytes may come out for each that went in: a signed URL with a token is about a kibibyte.
const GROWTH: usize = 4096;

/// No virtual time that a request waits for is longer, in milliseconds.
const LONGEST_DELAY: u64 = 2 * 24 * 60 * 60 * 1000;

/// So much of a secret is not shown, either.
const PART: usize = 8;

/// Headers that exist to carry a secret.
const CARRIERS: [&str; 4] =
    ["authorization", "x-amz-security-token", "x-amz-s3session-token", "x-ms-copy-source"];

/// Checks that a text is in proportion to what came in.
pub fn size(text: &str, given: usize) {
    let most = GROWTH * (given + 64);
    assert!(text.len() <= most, "{} bytes came of {given}", text.len());
}

/// Checks a text that a user reads: neither a secret nor a part of one is in it. The parts that
/// the input itself spells out are no secret.
pub fn no_secret(text: &str, raw: &str, secrets: &[&str]) {
    for canary in secrets {
        for part in [&canary[..PART], &canary[canary.len() - PART..]] {
            let spelled = raw.contains(part) || raw.contains("\\u") || raw.contains("&#");
            assert!(spelled || !text.contains(part), "{part} is in {text}");
        }
    }
}

/// Checks a `failed` step.
pub fn failure(step: &Step, raw: &str, secrets: &[&str]) {
    let Step::Failed(failure) = step else { return };
    for (name, limit) in [("kind", 32), ("message", 2048), ("code", 128), ("detail", 1024)] {
        let text = failure[name].as_str().unwrap_or_default();
        assert!(text.len() <= limit, "{name} has {} bytes", text.len());
        no_secret(text, raw, secrets);
    }
    let text = |name: &str| failure[name].as_str().unwrap_or_default();
    assert!(!text("kind").is_empty() && !text("message").is_empty(), "{failure}");
    let signed = ["X-Amz-Signature=", "X-Goog-Signature=", "&sig="];
    assert!(signed.iter().all(|mark| raw.contains(mark) || !text("message").contains(mark)));
}

/// Checks a `request` step, of a store that may talk to `hosts` alone (to any, if there are none).
pub fn request(request: &Request, hosts: &[&str]) {
    let url = Url::parse(&request.url).unwrap_or_else(|_| panic!("no URL: {}", request.url));
    let host = url.host_str().unwrap_or_default();
    assert!(hosts.is_empty() || hosts.contains(&host), "a request to {host}");
    assert!(request.url.bytes().all(|byte| byte.is_ascii_graphic()), "{}", request.url);
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert!(request.delay <= LONGEST_DELAY, "a delay of {} ms", request.delay);
    assert!(["none", "host", "text"].contains(&request.body.as_str()), "{}", request.body);
    assert!(["host", "text"].contains(&request.response.as_str()), "{}", request.response);
    assert!(request.text.is_empty() || request.body == "text");
    let method = request.method.as_str();
    let known = ["GET", "HEAD", "PUT", "POST", "DELETE", "PROPFIND", "COPY", "MKCOL"];
    assert!(known.contains(&method), "{method}");
    for (name, value) in &request.headers {
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.is_empty());
        assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{value:?}");
    }
}

/// Checks where secrets are in a request, when nobody but the configuration gave one: what is only
/// signed with is nowhere, what is sent is where it belongs.
pub fn carried(request: &Request, step: &str) {
    assert!(!step.contains(SECRET), "a key in a request");
    let (path, _) = request.url.split_once('?').unwrap_or((&request.url, ""));
    assert!(!path.contains(TOKEN) && !request.method.contains(TOKEN));
    for (name, value) in &request.headers {
        assert!(CARRIERS.contains(&name.as_str()) || !value.contains(TOKEN), "{name}: {value}");
    }
}

/// Whether a request carries what a server of tokens gave.
pub fn carries_granted(request: &Request) -> bool {
    let carrier = |name: &str| CARRIERS.contains(&name);
    request.headers.iter().any(|(name, value)| carrier(name) && value.contains(GRANTED))
}
