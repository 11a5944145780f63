//! Keys and prefixes, in every verb.
//!
//! Input: `SETUP`, then the key.

use super::input::Input;
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use super::verbs;
use serde_json::Value;

/// Parses a key; what is one is used in every verb, what is none in none.
pub fn run(data: &[u8]) {
    let input = Input::plain(data);
    let (mut words, key) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::STATIC);
    let mut session = Session::new(setup, &input);
    let text = session.engine.parse_path(key);
    let parsed = match session.see(&text) {
        Step::Done(Value::String(parsed)) => Some(parsed),
        step => {
            assert_eq!(step.kind(), "invalid-path");
            None
        }
    };
    if let Some(parsed) = &parsed {
        assert_eq!(Step::read(&session.engine.parse_path(parsed)).done(), parsed.as_str());
    }
    // a slash at the end of an object's key belongs to it
    let marker = key.ends_with('/');
    let named = parsed.map(|parsed| match marker && !parsed.is_empty() {
        true => parsed + "/",
        false => parsed,
    });
    for verb in verbs::NAMES {
        start(&mut session, verb, key, named.as_deref());
    }
}

/// Starts a verb, and gives it up again.
fn start(session: &mut Session<'_>, verb: &str, key: &str, parsed: Option<&str>) {
    let first = verbs::start(&mut session.engine, 1, verb, key);
    let step = session.see(&first);
    let several = verb.starts_with("delete") || verb == "sign"; // a newline parts their keys
    let object = parsed.is_some_and(|parsed| !parsed.is_empty());
    match &step {
        Step::Request(request) if !several => {
            assert!(object || verb.starts_with("list"), "{verb} of no key");
            if matches!(verb, "get" | "head" | "put") {
                check_url(&request.url, parsed.unwrap_or_default());
            }
        }
        Step::Done(Value::Array(urls)) if verb == "sign" && object && !key.contains('\n') => {
            check_url(urls[0].as_str().unwrap_or_default(), parsed.unwrap_or_default());
        }
        _ => {}
    }
    session.engine.cancel(1);
    assert!(session.mail().is_empty());
}

/// Checks that a URL means the key, and no other one to a server that tidies paths up.
fn check_url(url: &str, key: &str) {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    let tidy = url::Url::parse(path).unwrap_or_else(|_| panic!("no URL: {url}"));
    assert!(path.ends_with(tidy.path()), "{path} would be sent as {}", tidy.path());
    let decoded = decode(tidy.path());
    assert!(decoded.ends_with(format!("/{key}").as_bytes()), "{path} does not mean {key:?}");
}

fn decode(path: &str) -> Vec<u8> {
    let mut bytes = path.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let digits = |bytes: &mut std::str::Bytes<'_>| [bytes.next(), bytes.next()];
        let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => match digits(&mut bytes).map(hex) {
                [Some(high), Some(low)] => out.push((high * 16 + low) as u8),
                _ => panic!("a % that escapes nothing: {path}"),
            },
            _ => out.push(byte),
        }
    }
    out
}
