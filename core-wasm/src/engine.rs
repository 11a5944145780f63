//! The table of operations and the loop that drives them. It mirrors the WIT, one method a function.

use crate::alias;
use crate::clock::{Bell, Clock};
use crate::credential;
use crate::desk::{Answer, Desk, Operation, Waits};
use crate::error::{Failure, Kind};
use crate::log;
use crate::operation::{Job, Trouble, Work};
use crate::operations::{copy, delete, get, list, multipart, put, sign};
use crate::pages;
use crate::response;
use crate::step;
use crate::store::{self, Store};
use crate::success::Asked;
use crate::validate;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// One store with its running operations.
pub struct Engine {
    desk: Arc<Desk>,
    clock: Option<Clock>,
    store: Option<Arc<Store>>,
    running: BTreeMap<Operation, Running>,
    mail: VecDeque<String>,
}

struct Running {
    work: Work,
    bell: Arc<Bell>,
    /// Whether it reads a listing.
    lists: bool,
    /// Whether it waits for another operation.
    stalled: bool,
    /// Virtual time that its next request must still wait for.
    owed: Duration,
}

enum Turn {
    Ended(Result<String, Trouble>),
    Asks,
    Stalled,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine without a store.
    pub fn new() -> Self {
        log::start();
        Self {
            desk: Arc::default(),
            clock: Clock::new().ok(),
            store: None,
            running: BTreeMap::new(),
            mail: VecDeque::new(),
        }
    }

    /// `stores.open`.
    pub fn open(&mut self, kind: &str, options: &str) -> String {
        let result = match self.store {
            Some(_) => Err(Failure::input("the store of this instance is open already")),
            None => store::open(kind, options, &self.desk),
        };
        let step = match result {
            Ok(store) => {
                let (digest, batch) = (store.digest, store.delete_batch);
                self.store = Some(Arc::new(store));
                step::done(&format!("{{\"digest\":{digest},\"delete_batch\":{batch}}}"))
            }
            Err(failure) => self.failed(failure),
        };
        self.finish(step)
    }

    /// `stores.parse-path`.
    pub fn parse_path(&mut self, path: &str) -> String {
        match validate::prefix(path) {
            Ok(path) => {
                step::done(&serde_json::Value::from(&*alias::key(path.as_ref())).to_string())
            }
            Err(failure) => self.failed(failure),
        }
    }

    /// `operations.get`.
    pub fn get(&mut self, operation: Operation, path: &str, options: &str) -> String {
        self.start(operation, |store| get::job(store, path, options))
    }

    /// `operations.put`.
    pub fn put(
        &mut self,
        operation: Operation,
        path: &str,
        length: u64,
        sha256: &str,
        options: &str,
    ) -> String {
        self.start(operation, |store| put::job(store, path, length, sha256, options))
    }

    /// `operations.create-upload`.
    pub fn create_upload(&mut self, operation: Operation, path: &str, options: &str) -> String {
        self.start(operation, |store| multipart::create(store, path, options))
    }

    /// `operations.put-part`.
    pub fn put_part(
        &mut self,
        operation: Operation,
        path: &str,
        upload: &str,
        index: u32,
        length: u64,
        sha256: &str,
    ) -> String {
        self.start(operation, |store| multipart::part(store, path, upload, index, length, sha256))
    }

    /// `operations.complete-upload`.
    pub fn complete_upload(
        &mut self,
        operation: Operation,
        path: &str,
        upload: &str,
        parts: &str,
    ) -> String {
        self.start(operation, |store| multipart::complete(store, path, upload, parts))
    }

    /// `operations.abort-upload`.
    pub fn abort_upload(&mut self, operation: Operation, path: &str, upload: &str) -> String {
        self.start(operation, |store| multipart::abort(store, path, upload))
    }

    /// `operations.list`.
    pub fn list(&mut self, operation: Operation, prefix: &str, options: &str) -> String {
        self.start(operation, |store| list::job(store, prefix, options))
    }

    /// `operations.delete`.
    pub fn delete(&mut self, operation: Operation, paths: &str) -> String {
        self.start(operation, |store| delete::job(store, paths))
    }

    /// `operations.copy`.
    pub fn copy(
        &mut self,
        operation: Operation,
        source: &str,
        target: &str,
        overwrite: bool,
    ) -> String {
        self.start(operation, |store| copy::job(store, source, target, overwrite))
    }

    /// `operations.copy-part`.
    pub fn copy_part(
        &mut self,
        operation: Operation,
        path: &str,
        upload: &str,
        index: u32,
        headers: &str,
    ) -> String {
        self.start(operation, |store| copy::part(store, path, upload, index, headers))
    }

    /// `operations.complete-copy`.
    pub fn complete_copy(
        &mut self,
        operation: Operation,
        path: &str,
        upload: &str,
        parts: &str,
        headers: &str,
    ) -> String {
        self.start(operation, |store| copy::complete(store, path, upload, parts, headers))
    }

    /// `operations.tags`.
    pub fn tags(&mut self, operation: Operation, path: &str) -> String {
        self.start(operation, |store| copy::tags(store, path))
    }

    /// `operations.sign`.
    pub fn sign(
        &mut self,
        operation: Operation,
        method: &str,
        paths: &str,
        expires: u32,
    ) -> String {
        self.start(operation, |store| sign::job(store, method, paths, expires))
    }

    /// `http.respond`.
    pub fn respond(
        &mut self,
        operation: Operation,
        status: u32,
        headers: &str,
        body: String,
    ) -> String {
        if let Err(step) = self.check_waits(operation, Waits::Response) {
            return step;
        }
        let lists = self.running.get(&operation).is_some_and(|running| running.lists);
        let body = if lists { pages::aliased(body) } else { body };
        let deletes = self.desk.deletes(operation);
        let exchange = self.desk.exchange(operation);
        let plain =
            matches!(&self.store, Some(store) if matches!(store.kind, store::Kind::Http(_)));
        let asked = Asked { lists, plain };
        let (result, outcome) = response::parse(status, headers, body, &exchange, &deletes, &asked);
        self.desk.answer(operation, Answer::Exchange(result), Some(outcome));
        self.advance(operation)
    }

    /// `http.fail`; `kind` is the name of a `transport-error`.
    pub fn fail(&mut self, operation: Operation, kind: &'static str, message: &str) -> String {
        if let Err(step) = self.check_waits(operation, Waits::Response) {
            return step;
        }
        let (result, outcome) = response::failed(kind, message);
        self.desk.answer(operation, Answer::Exchange(result), Some(outcome));
        self.advance(operation)
    }

    /// `http.credential`.
    pub fn credential(
        &mut self,
        operation: Operation,
        credential: String,
        expires: u64,
        message: &str,
    ) -> String {
        if let Err(step) = self.check_waits(operation, Waits::Credential) {
            return step;
        }
        let answer = match credential.is_empty() {
            true if message.is_empty() => Err("the host has no credential".to_string()),
            true => Err(message.to_string()),
            false => Ok((credential, credential::lifetime(expires))),
        };
        self.desk.answer(operation, Answer::Credential(answer), None);
        self.advance(operation)
    }

    /// `http.cancel`.
    pub fn cancel(&mut self, operation: Operation) -> String {
        self.desk.leave(operation);
        self.running.remove(&operation);
        self.finish(String::new())
    }

    /// `http.mail`.
    pub fn mail(&mut self) -> String {
        self.mail.pop_front().unwrap_or_default()
    }

    fn start(
        &mut self,
        operation: Operation,
        job: impl FnOnce(Arc<Store>) -> Result<Job, Failure>,
    ) -> String {
        let job = match (&self.store, self.running.contains_key(&operation)) {
            (None, _) => Err(Failure::input("no store is open")),
            (_, true) => Err(Failure::input(format!("operation {operation} runs already"))),
            (Some(store), false) => job(store.clone()),
        };
        match job {
            Ok(Job { work, body, deletes, blocks, lists }) => {
                self.desk.enter(operation, body, deletes, blocks);
                let bell = Arc::default();
                let running = Running { work, bell, lists, stalled: false, owed: Duration::ZERO };
                self.running.insert(operation, running);
                self.advance(operation)
            }
            Err(failure) => self.failed(failure),
        }
    }

    fn check_waits(&self, operation: Operation, waits: Waits) -> Result<(), String> {
        match self.desk.waits_for(operation) {
            Some(waiting) if waiting == waits => Ok(()),
            _ => Err(step::failed(&Failure::input(format!(
                "operation {operation} has not asked for this"
            )))),
        }
    }

    /// Drives an operation to its next step, and with it those that waited for it.
    fn advance(&mut self, operation: Operation) -> String {
        let step = self.drive(operation);
        self.finish(step)
    }

    fn drive(&mut self, operation: Operation) -> String {
        let (turn, delay) = self.turn(operation);
        match turn {
            Turn::Asks => match self.desk.take_ask(operation) {
                Some(ask) => step::ask(ask, delay),
                None => self.end(operation, Err(no_clock())),
            },
            Turn::Stalled => step::WAITING.to_string(),
            Turn::Ended(result) => self.end(operation, result),
        }
    }

    fn turn(&mut self, operation: Operation) -> (Turn, Duration) {
        let guard = self.store.as_ref().map_or(Duration::ZERO, |store| store.guard);
        let (Some(clock), Some(running)) = (&mut self.clock, self.running.get_mut(&operation))
        else {
            return (Turn::Ended(Err(no_clock())), Duration::ZERO);
        };
        let desk = &self.desk;
        desk.set_current(operation);
        let (turn, passed) = clock.drive(guard, |context| {
            let waker = running.bell.waker(context.waker());
            match running.work.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
                Poll::Ready(result) => Poll::Ready(Turn::Ended(result)),
                Poll::Pending if desk.has_ask(operation) => Poll::Ready(Turn::Asks),
                Poll::Pending => Poll::Pending,
            }
        });
        let delay = running.owed + passed;
        running.stalled = turn.is_none();
        running.owed = if running.stalled { delay } else { Duration::ZERO };
        (turn.unwrap_or(Turn::Stalled), delay)
    }

    fn end(&mut self, operation: Operation, result: Result<String, Trouble>) -> String {
        let exchange = self.desk.exchange(operation);
        self.running.remove(&operation);
        self.desk.leave(operation);
        match result {
            Ok(json) => step::done(&json),
            Err(trouble) => self.failed(trouble.failure(&exchange)),
        }
    }

    fn failed(&self, failure: Failure) -> String {
        step::failed(&failure.redacted(&self.desk))
    }

    /// Drives the operations that have got what they waited for, and marks the step if there is mail.
    fn finish(&mut self, step: String) -> String {
        while let Some(operation) = self.next_woken() {
            let step = self.drive(operation);
            if step != step::WAITING {
                self.mail.push_back(format!("step {operation}\n{step}"));
            }
        }
        for (level, text) in log::take() {
            let text = self.desk.redact(&alias::key(&text));
            let text = crate::redact::cut(text, crate::redact::MESSAGE);
            self.mail.push_back(format!("log {level}\n{text}"));
        }
        match self.mail.is_empty() {
            true => step,
            false => format!("*{step}"),
        }
    }

    fn next_woken(&self) -> Option<Operation> {
        let woken = |running: &Running| running.stalled && running.bell.has_rung();
        self.running.iter().find(|(_, running)| woken(running)).map(|(operation, _)| *operation)
    }
}

fn no_clock() -> Trouble {
    Failure::new(Kind::Generic, "the engine has no clock").into()
}
