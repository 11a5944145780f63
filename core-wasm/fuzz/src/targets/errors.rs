//! Bodies of refusals: XML of S3, GCS and Azure, JSON of token servers, pages of proxies.
//!
//! Input: `SETUP VERB STATUS`, then the body.

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::{self, Setup};
use super::support::Step;
use super::verbs;

const HEADERS: &str = "content-type:application/xml\nx-ms-error-code:E\nx-amz-request-id:1";

/// Runs one verb, to which the server says no.
pub fn run(data: &[u8]) {
    let input = Input::new(data);
    let (mut words, body) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), setups::STATIC);
    let verb = verbs::named(words.next().unwrap_or_default());
    let word = words.next().unwrap_or_default();
    let status: u32 = word.parse().unwrap_or(400);
    let refusal = Exchange { word, headers: HEADERS, body };
    let step = Session::new(setup, &input).run(verb, "a/b", &[refusal]);
    if (400..600).contains(&status) && word.parse::<u32>().is_ok() && verb != "sign" {
        check(&step, setup, verb);
    }
}

/// What was refused has not been done. What is gone counts as deleted, an upload of Azure begins
/// without a request, and where WebDAV has no such collection, nothing is in it.
fn check(step: &Step, setup: &Setup, verb: &str) {
    let ended = match verb {
        "upload" | "abort" => setup.kind == "azure",
        "delete" | "delete-many" => true,
        "list" | "list-after" => setup.kind == "http",
        _ => false,
    };
    assert!(ended || matches!(step, Step::Failed(_)), "{verb} was refused, but ended {step:?}");
}
