//! An engine under check: each text that it gives is looked at, and every run comes to an end.

use super::input::{Exchange, GRANTED, Input, SECRET, TOKEN};
use super::setups::Setup;
use super::support::Step;
use super::{checks, verbs};
use object_store_core::Engine;

/// No operation of these inputs takes more steps: three exchanges of a copy by parts and three of
/// a token, each with two retries, and as many again to spare.
const BOUND: usize = 40;

/// No call leaves more mail.
const MOST_MAIL: usize = 5000;

/// The engine with what is known about it.
pub struct Session<'a> {
    /// The engine.
    pub engine: Engine,
    kind: &'static str,
    hosts: &'static [&'static str],
    input: &'a Input,
    /// Whether the input puts secrets into the mouth of the server or of the caller.
    told: bool,
    /// The canaries that the store uses.
    secrets: Vec<&'static str>,
}

impl<'a> Session<'a> {
    /// A session with an open store.
    pub fn new(setup: &'static Setup, input: &'a Input) -> Self {
        Self::with(setup.engine(), setup.kind, setup.hosts, setup.secrets(), input)
    }

    /// A session with any engine, which may talk to any host if none is named.
    pub fn with(
        engine: Engine,
        kind: &'static str,
        hosts: &'static [&'static str],
        secrets: Vec<&'static str>,
        input: &'a Input,
    ) -> Self {
        let told = input.raw != input.text;
        Self { engine, kind, hosts, input, told, secrets }
    }

    /// Takes a step apart and checks it.
    pub fn see(&mut self, text: &str) -> Step {
        checks::size(text, self.input.text.len());
        let step = Step::read(text);
        match &step {
            Step::Request(request) => {
                checks::request(request, self.hosts);
                if !self.told {
                    checks::carried(request, text);
                }
                if checks::carries_granted(request) {
                    self.secrets.push(GRANTED);
                }
            }
            Step::Done(result) if !self.told => {
                assert!(!result.to_string().contains(SECRET), "a key in a result");
            }
            _ => checks::failure(&step, &self.input.raw, &self.secrets),
        }
        step
    }

    /// Checks the mail; returns the steps in it.
    pub fn mail(&mut self) -> Vec<(u32, Step)> {
        let mut steps = Vec::new();
        for _ in 0..MOST_MAIL {
            let message = self.engine.mail();
            let (head, rest) = message.split_once('\n').unwrap_or((&message, ""));
            match head.split_once(' ') {
                None => return steps,
                Some(("step", number)) => {
                    let number = number.parse().expect("the number of an operation");
                    let step = self.see(rest);
                    steps.push((number, step));
                }
                Some((_, level)) => {
                    assert!(["error", "warn", "info", "debug"].contains(&level), "{level}");
                    assert!(rest.len() <= 2048);
                    checks::no_secret(rest, &self.input.raw, &self.secrets);
                }
            }
        }
        panic!("the mail never ends");
    }

    /// Answers what an operation asks for.
    pub fn answer(&mut self, operation: u32, step: &Step, given: &Exchange<'_>) -> String {
        match (step, given.status()) {
            (Step::Credential, status) => {
                let (json, message) = match status {
                    Some(_) => (given.body, given.headers),
                    None => ("", given.body),
                };
                let expires = u64::from(status.unwrap_or_default());
                let next = self.engine.credential(operation, json.to_string(), expires, message);
                if matches!(Step::read(&next), Step::Request(_)) {
                    self.secrets.extend(credential_secrets(self.kind, json));
                }
                next
            }
            (_, Some(status)) => {
                self.engine.respond(operation, status, given.headers, given.body.to_string())
            }
            (_, None) => self.engine.fail(operation, given.error(), given.body),
        }
    }

    /// Answers by each exchange in turn, and by the last one for ever, until operation 1 ends.
    pub fn finish(&mut self, first: &str, exchanges: &[Exchange<'_>]) -> Step {
        let mut step = self.see(first);
        let mut script = exchanges.iter();
        let mut given = Exchange::read("unknown");
        for _ in 0..BOUND {
            assert!(self.mail().is_empty(), "steps of an operation that was not started");
            match step {
                Step::Request(_) | Step::Credential => {
                    given = script.next().copied().unwrap_or(given);
                    let next = self.answer(1, &step, &given);
                    step = self.see(&next);
                }
                Step::Waiting => panic!("an operation waits for itself"),
                _ => return step,
            }
        }
        panic!("no end after {BOUND} steps");
    }

    /// Runs a verb as operation 1, and checks its result.
    pub fn run(&mut self, verb: &str, key: &str, exchanges: &[Exchange<'_>]) -> Step {
        let first = verbs::start(&mut self.engine, 1, verb, key);
        let step = self.finish(&first, exchanges);
        if let Step::Done(result) = &step {
            verbs::check_result(verb, result);
        }
        step
    }
}

/// The canaries in a credential of the host, where a store of this kind looks for them.
fn credential_secrets(kind: &str, json: &str) -> impl Iterator<Item = &'static str> {
    let read: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let names: &[&str] = match kind {
        "s3" => &["secret_access_key", "token"],
        "gcs" => &["token"],
        _ => &["access_key", "sas_token", "token"],
    };
    let values = names.iter().map(|name| read[name].as_str().unwrap_or_default().to_string());
    let values: Vec<_> = values.collect();
    let holds = move |canary: &&str| {
        values.iter().any(|value| value == *canary || value.ends_with(&format!("&sig={canary}")))
    };
    [SECRET, TOKEN].into_iter().filter(holds)
}
