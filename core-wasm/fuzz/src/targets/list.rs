//! Pages of listings: XML of S3, GCS and Azure, the multistatus answer of WebDAV.
//!
//! Input: `SETUP VERB` (`list` or `list-after`), then the page.

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use serde_json::{Value, json};

/// The longest key that `parse-path` takes; a server may have longer ones.
const LONGEST_KEY: usize = 1024;

/// Reads a page, and asks for the next one if it names one.
pub fn run(data: &[u8]) {
    let input = Input::new(data);
    let (mut words, page) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::STATIC);
    let verb = if words.next() == Some("list-after") { "list-after" } else { "list" };
    let status = if setup.kind == "http" { "207" } else { "200" };
    let mut session = Session::new(setup, &input);
    let headers = "content-type:application/xml";
    let given = Exchange { word: status, headers, body: page };
    let prefix = if verb == "list" { "" } else { "a" };
    if let Step::Done(found) = session.run(verb, prefix, &[given]) {
        check_keys(&mut session, &found);
        next(&mut session, &found);
    }
}

/// Every key and prefix of a page is one that can be asked for; a folder's marker by its own name.
fn check_keys(session: &mut Session<'_>, found: &Value) {
    let keys = found["objects"].as_array().into_iter().flatten().map(|object| &object[0]);
    let prefixes = found["prefixes"].as_array().into_iter().flatten();
    for key in keys.chain(prefixes).filter_map(Value::as_str) {
        if key.len() <= LONGEST_KEY {
            let parsed = Step::read(&session.engine.parse_path(key)).done();
            assert_eq!(parsed, key.strip_suffix('/').unwrap_or(key));
        }
    }
}

fn next(session: &mut Session<'_>, found: &Value) {
    if let Some(token) = found["token"].as_str() {
        let options = json!({"token": token}).to_string();
        let step = session.engine.list(2, "", &options);
        assert!(matches!(session.see(&step), Step::Request(_) | Step::Failed(_)));
    }
}
