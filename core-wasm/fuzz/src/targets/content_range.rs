//! The headers that say which part of an object an answer holds.
//!
//! Input: `SETUP`, a line with the range as JSON (or nothing), then the answer (see `Exchange`).

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use serde_json::Value;

/// Reads a part of an object.
pub fn run(data: &[u8]) {
    let input = Input::plain(data);
    let (mut words, rest) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::STATIC);
    let (range, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    let range: Value = serde_json::from_str(range).unwrap_or_default();
    let options = serde_json::json!({"range": range}).to_string();
    let mut session = Session::new(setup, &input);
    let first = session.engine.get(1, "a/b", &options);
    if let Step::Done(result) = session.finish(&first, &[Exchange::read(rest)]) {
        super::verbs::check_result("range", &result);
        check(&range, &result);
    }
}

/// What is handed out is what was asked for, and lies within the object.
fn check(range: &Value, result: &Value) {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let (size, start, end) = (number(&result[1]), number(&result[4]), number(&result[5]));
    assert!(start <= end && end <= size, "{start}..{end} of {size}");
    let (first, second) = (number(&range[1]), number(&range[2]));
    let expected = match range[0].as_str() {
        Some("bounded") => (first, second.min(size)),
        Some("offset") => (first, size),
        Some("suffix") => (size.saturating_sub(first), size),
        _ => (0, size),
    };
    assert_eq!((start, end), expected, "of {size}, where {range} was asked for");
}
