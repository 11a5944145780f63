//! Whole answers to an operation in flight.
//!
//! Input: `SETUP VERB`, then answers (see `Exchange`); the last one is given for ever.

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::{self, Setup};
use super::verbs;

/// Runs one verb against the answers.
pub fn run(data: &[u8]) {
    let input = Input::new(data);
    let (mut words, rest) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::STATIC);
    let verb = verbs::named(words.next().unwrap_or_default());
    Session::new(setup, &input).run(verb, "a/b", &Exchange::read_all(rest));
}
