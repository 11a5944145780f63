//! Calls in any order, of several operations at once: nothing is answered twice or never.
//!
//! Input: `SETUP`, then a line a call: `VERB N KEY`, `respond N STATUS HEADERS|BODY` (with `;` for
//! the ends of header lines), `fail N KIND TEXT`, `credential N MILLISECONDS JSON`, `cancel N`,
//! `open`.

use super::input::{Exchange, Input};
use super::session::Session;
use super::setups::Setup;
use super::support::Step;
use super::verbs;
use std::collections::BTreeMap;

/// Operations are numbered below this.
const OPERATIONS: u32 = 8;

/// No input needs more rounds until all its operations have ended.
const BOUND: usize = 400;

/// The engine, and where each operation stands.
struct Table<'a> {
    session: Session<'a>,
    steps: BTreeMap<u32, Step>,
}

/// Makes the calls, then lets everything that is still in flight fail.
pub fn run(data: &[u8]) {
    let input = Input::new(data);
    let (mut words, rest) = input.head();
    let setup = Setup::named(words.next().unwrap_or_default(), 0..super::setups::ALL.len());
    let mut table = Table { session: Session::new(setup, &input), steps: BTreeMap::new() };
    for line in rest.split('\n').take(200) {
        table.call(line);
    }
    table.end();
}

impl Table<'_> {
    /// Makes a call. The host reads its mail before it does.
    fn call(&mut self, line: &str) {
        self.mail();
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (name, number, third, rest) = (word(), word(), word(), word());
        let n = number.parse::<u32>().unwrap_or_default() % OPERATIONS;
        match name {
            "respond" => {
                let (headers, body) = rest.split_once('|').unwrap_or((rest, ""));
                let headers = headers.replace(';', "\n");
                let status = third.parse().unwrap_or(200);
                let step = self.session.engine.respond(n, status, &headers, body.to_string());
                self.answered(n, &step, true);
            }
            "fail" => {
                let kind = Exchange { word: third, headers: "", body: "" }.error();
                let step = self.session.engine.fail(n, kind, rest);
                self.answered(n, &step, true);
            }
            "credential" => {
                let given = Exchange { word: third, headers: "none", body: rest };
                let step = self.session.answer(n, &Step::Credential, &given);
                self.answered(n, &step, false);
            }
            "cancel" => self.cancel(n),
            "open" => {
                let step = self.session.engine.open("s3", "");
                assert!(matches!(self.session.see(&step), Step::Failed(_)), "opened twice");
            }
            verb => self.start(n, verbs::named(verb), third),
        }
    }

    fn start(&mut self, n: u32, verb: &str, key: &str) {
        let text = verbs::start(&mut self.session.engine, n, verb, key);
        let step = self.session.see(&text);
        if self.steps.contains_key(&n) {
            assert!(matches!(step, Step::Failed(_)), "operation {n} was started twice");
        } else {
            self.put(n, step);
        }
    }

    /// An answer changes the operation if it has asked for one, and is refused otherwise.
    fn answered(&mut self, n: u32, text: &str, request: bool) {
        let step = self.session.see(text);
        let asked = match self.steps.get(&n) {
            Some(Step::Request(_)) => request,
            Some(Step::Credential) => !request,
            _ => false,
        };
        match asked {
            true => self.put(n, step),
            false => assert_eq!(step.kind(), "invalid-input"),
        }
    }

    fn cancel(&mut self, n: u32) {
        let text = self.session.engine.cancel(n);
        assert!(text.is_empty() || text == "*");
        self.steps.remove(&n);
    }

    fn mail(&mut self) {
        for (n, step) in self.session.mail() {
            match self.steps.get(&n) {
                Some(Step::Waiting) => self.put(n, step),
                other => panic!("a step for {n}, which has {other:?}"),
            }
        }
    }

    fn put(&mut self, n: u32, step: Step) {
        match step {
            Step::Done(_) | Step::Failed(_) => self.steps.remove(&n),
            step => self.steps.insert(n, step),
        };
    }

    /// Whoever waits, waits for one that asks: when those end, all do.
    fn end(mut self) {
        for _ in 0..BOUND {
            self.mail();
            let asks = |step: &Step| matches!(step, Step::Request(_) | Step::Credential);
            let next = self.steps.iter().find(|(_, step)| asks(step));
            let Some((n, step)) = next.map(|(n, step)| (*n, step.clone())) else { break };
            let failed = Exchange::read("unknown");
            let text = self.session.answer(n, &step, &failed);
            let step = self.session.see(&text);
            self.put(n, step);
        }
        assert!(self.steps.is_empty(), "these never end: {:?}", self.steps);
    }
}
