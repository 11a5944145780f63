//! The JSON and the other arguments of every call, the configuration of a store among them.
//!
//! Input: `CALL KIND`, then the arguments: for `open` the options, for `sign` a line with method
//! and seconds and the paths, for `part` a line with index and length, a line with the digest and
//! the upload, for `complete` a line with the upload and the parts, for all others the options.

use super::input::{Input, SECRET, TOKEN, expand, pick};
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use super::verbs;
use object_store_core::{Engine, config};
use serde_json::Value;

const CALLS: [&str; 8] = ["open", "get", "put", "upload", "list", "sign", "part", "complete"];
const KINDS: [&str; 4] = ["s3", "gcs", "azure", "http"];

/// Makes one call; a store that opens makes some more.
pub fn run(data: &[u8]) {
    let input = Input::plain(data);
    let (mut words, rest) = input.head();
    let call = CALLS[pick(CALLS.into_iter(), words.next().unwrap_or_default())];
    let word = words.next().unwrap_or_default();
    if call == "open" {
        return open(KINDS[pick(KINDS.into_iter(), word)], rest);
    }
    let mut session = Session::new(Setup::named(word, setups::STATIC), &input);
    let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
    let (first, second) = line.split_once(' ').unwrap_or((line, ""));
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    let engine = &mut session.engine;
    let step = match call {
        "get" => engine.get(1, "a/b", rest),
        "put" => engine.put(1, "a/b", 5, "", rest),
        "upload" => engine.create_upload(1, "a/b", rest),
        "list" => engine.list(1, "a", rest),
        "sign" => engine.sign(1, first, below, number(second) as u32),
        "complete" => engine.complete_upload(1, "a/b", line, below),
        _ => {
            let (digest, upload) = below.split_once('\n').unwrap_or((below, ""));
            engine.put_part(1, "a/b", upload, number(first) as u32, number(second), digest)
        }
    };
    assert!(!matches!(session.see(&step), Step::Waiting));
    session.mail();
}

/// Opens a store. Canaries count where the value of a secret key stands: elsewhere they are none.
fn open(kind: &'static str, json: &str) {
    let given = expand(json);
    let secret = secrets_in_place(kind, &given);
    let text = if secret { given.into_owned() } else { json.to_string() };
    let input = Input { raw: json.to_string(), text };
    let mut session = Session::with(Engine::new(), kind, &[], vec![SECRET, TOKEN], &input);
    let step = session.engine.open(kind, &input.text);
    session.mail();
    if !matches!(session.see(&step), Step::Done(_)) {
        return;
    }
    for verb in ["get", "put", "list", "delete", "complete-empty", "sign"] {
        let first = verbs::start(&mut session.engine, 1, verb, "a/b");
        let failed = session.see(&first);
        if matches!(failed, Step::Request(_)) {
            let last = session.engine.fail(1, "unknown", "no");
            session.see(&last);
        }
        session.engine.cancel(1);
        session.mail();
    }
}

/// Whether canaries are values of secret keys alone, as whole values.
fn secrets_in_place(kind: &str, json: &str) -> bool {
    let known: &[&str] = match kind {
        "s3" => config::S3,
        "gcs" => config::GCS,
        "azure" => config::AZURE,
        _ => config::HTTP,
    };
    let Ok(mut options) = serde_json::from_str::<Value>(json) else { return true };
    if let Some(config) = options.get_mut("config").and_then(Value::as_object_mut) {
        config.retain(|key, value| {
            let canary = value == SECRET || value == TOKEN;
            !(canary && known.contains(&key.as_str()) && config::is_secret(key))
        });
    }
    let rest = options.to_string();
    !rest.contains(SECRET) && !rest.contains(TOKEN)
}
