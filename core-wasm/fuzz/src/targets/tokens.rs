//! Answers of token and metadata servers, and credentials of the host.
//!
//! Input: `SETUP VERB`, then answers (see `Exchange`). To a store that asks the host for its
//! credential, an answer's status is its lifetime in milliseconds and its body the JSON.

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use super::verbs;

/// Runs one verb, then a second one, which may have the first one's credential.
pub fn run(data: &[u8]) {
    let input = Input::new(data);
    let (mut words, rest) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::FETCHING);
    let verb = verbs::named(words.next().unwrap_or_default());
    let mut session = Session::new(setup, &input);
    let exchanges = Exchange::read_all(rest);
    let step = session.run(verb, "a/b", &exchanges);
    let last = exchanges.last().copied().into_iter().collect::<Vec<_>>();
    let again = session.run("get", "a/b", &last);
    assert!(!matches!(step, Step::Waiting) && !matches!(again, Step::Waiting));
}
