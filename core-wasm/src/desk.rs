//! Where operations and the host meet: what was asked, what was answered, and for whom.

use crate::body::HostBody;
use crate::redact;
use object_store::client::{HttpError, HttpResponse};
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// The number that the host gives an operation.
pub type Operation = u32;

/// What an operation asks of the host.
#[derive(Debug)]
pub enum Ask {
    /// An HTTP exchange.
    Request(Box<Request>),
    /// The credential of the host's provider.
    Credential,
}

/// The body of a request.
#[derive(Debug)]
pub enum RequestBody {
    /// There is none.
    None,
    /// The one that the operation was started with.
    Host,
    /// Text that the brain wrote.
    Text(String),
}

/// A request as the host sends it.
#[derive(Debug)]
pub struct Request {
    /// Its method.
    pub method: http::Method,
    /// Its absolute URL.
    pub url: http::Uri,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// Its body.
    pub body: RequestBody,
    /// Whether the body of a 2xx response stays in the host.
    pub keep_response: bool,
}

/// What the host answered.
#[derive(Debug)]
pub enum Answer {
    /// To a request: the response, or why there is none.
    Exchange(Result<HttpResponse, HttpError>),
    /// To a credential ask: its JSON and its lifetime, or why there is none.
    Credential(Result<(String, Option<Duration>), String>),
}

/// What is known of an operation's last exchange; its errors are written from it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Method and URL without query.
    pub target: Option<(http::Method, String)>,
    /// How often in a row the same target was asked for.
    pub attempts: u32,
    /// When the first attempt was made.
    pub since: Instant,
    /// How the last attempt ended.
    pub outcome: Outcome,
}

/// How an exchange ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It has not ended.
    Open,
    /// By a response: its status, and the server's error code and text.
    Status(u16, Option<String>, Option<String>),
    /// By a transport error, named and described.
    Failed(&'static str, String),
}

struct Slot {
    ask: Option<Ask>,
    answer: Option<Answer>,
    waits_for: Option<Waits>,
    /// Inside a stream of the crate, a future is polled again only if it is woken.
    waker: Option<Waker>,
    body: Option<HostBody>,
    deletes: Arc<[String]>,
    blocks: Option<Arc<[String]>>,
    exchange: Exchange,
}

/// Which kind of answer an operation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The response to a request.
    Response,
    /// A credential.
    Credential,
}

#[derive(Default)]
struct State {
    current: Operation,
    slots: HashMap<Operation, Slot>,
    secrets: Vec<String>,
}

/// The meeting place of one engine.
#[derive(Default)]
pub struct Desk(Mutex<State>);

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a place for a new operation.
    pub fn enter(
        &self,
        operation: Operation,
        body: Option<HostBody>,
        deletes: Arc<[String]>,
        blocks: Option<Arc<[String]>>,
    ) {
        let slot = Slot {
            ask: None,
            answer: None,
            waits_for: None,
            waker: None,
            body,
            deletes,
            blocks,
            exchange: Exchange::none(),
        };
        self.state().slots.insert(operation, slot);
    }

    /// Forgets an operation.
    pub fn leave(&self, operation: Operation) {
        self.state().slots.remove(&operation);
    }

    /// Says which operation is polled from now on.
    pub fn set_current(&self, operation: Operation) {
        self.state().current = operation;
    }

    /// The host's body of the operation that is being polled.
    pub fn current_body(&self) -> Option<HostBody> {
        let state = self.state();
        state.slots.get(&state.current).and_then(|slot| slot.body)
    }

    /// The parts that the operation that is being polled puts in the place of rehearsed ones.
    pub fn current_blocks(&self) -> Option<Arc<[String]>> {
        let state = self.state();
        state.slots.get(&state.current).and_then(|slot| slot.blocks.clone())
    }

    /// The keys that the operation deletes.
    pub fn deletes(&self, operation: Operation) -> Arc<[String]> {
        let state = self.state();
        state.slots.get(&operation).map(|slot| slot.deletes.clone()).unwrap_or_default()
    }

    /// Asks the host for something and waits for its answer.
    pub async fn ask(&self, ask: Ask) -> Option<Answer> {
        let operation = self.put(ask);
        poll_fn(|context| {
            let mut state = self.state();
            match state.slots.get_mut(&operation) {
                None => Poll::Ready(None),
                Some(slot) => match slot.answer.take() {
                    Some(answer) => Poll::Ready(Some(answer)),
                    None => {
                        slot.waker = Some(context.waker().clone());
                        Poll::Pending
                    }
                },
            }
        })
        .await
    }

    fn put(&self, ask: Ask) -> Operation {
        let mut state = self.state();
        let operation = state.current;
        if let Some(slot) = state.slots.get_mut(&operation) {
            slot.waits_for = Some(match &ask {
                Ask::Request(request) => {
                    slot.exchange.begin(request);
                    Waits::Response
                }
                Ask::Credential => Waits::Credential,
            });
            slot.ask = Some(ask);
        }
        operation
    }

    /// Whether the operation has asked for something that the host has not seen yet.
    pub fn has_ask(&self, operation: Operation) -> bool {
        self.state().slots.get(&operation).is_some_and(|slot| slot.ask.is_some())
    }

    /// What the operation asks of the host.
    pub fn take_ask(&self, operation: Operation) -> Option<Ask> {
        self.state().slots.get_mut(&operation).and_then(|slot| slot.ask.take())
    }

    /// What kind of answer the operation waits for.
    pub fn waits_for(&self, operation: Operation) -> Option<Waits> {
        self.state().slots.get(&operation).and_then(|slot| slot.waits_for)
    }

    /// The last exchange of an operation.
    pub fn exchange(&self, operation: Operation) -> Exchange {
        let state = self.state();
        state.slots.get(&operation).map_or_else(Exchange::none, |slot| slot.exchange.clone())
    }

    /// Hands an answer to an operation; `outcome` is what its errors will say.
    pub fn answer(&self, operation: Operation, answer: Answer, outcome: Option<Outcome>) {
        let mut state = self.state();
        let Some(slot) = state.slots.get_mut(&operation) else { return };
        slot.waits_for = None;
        slot.answer = Some(answer);
        if let Some(outcome) = outcome {
            slot.exchange.outcome = outcome;
        }
        let waker = slot.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Remembers a text that must never be shown.
    pub fn add_secret(&self, secret: &str) {
        let mut state = self.state();
        if !secret.is_empty() && !state.secrets.iter().any(|known| known == secret) {
            state.secrets.push(secret.to_string());
            if state.secrets.len() > 64 {
                state.secrets.remove(16);
            }
        }
    }

    /// The text without query strings and secrets.
    pub fn redact(&self, text: &str) -> String {
        redact::clean(text, &self.state().secrets)
    }
}

impl Exchange {
    fn none() -> Self {
        Self { target: None, attempts: 0, since: Instant::now(), outcome: Outcome::Open }
    }

    fn begin(&mut self, request: &Request) {
        let target = Some((request.method.clone(), without_query(&request.url)));
        if self.target != target {
            *self = Self { target, attempts: 0, since: Instant::now(), outcome: Outcome::Open };
        }
        self.attempts += 1;
    }

    /// The status of the last response, if the exchange ended by one.
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Status(status, _, _) => Some(status),
            _ => None,
        }
    }

    /// The server's error code and text.
    pub fn server_words(&self) -> (Option<String>, Option<String>) {
        match &self.outcome {
            Outcome::Status(_, code, detail) => (code.clone(), detail.clone()),
            _ => (None, None),
        }
    }

    /// One line about how it ended.
    pub fn describe(&self) -> Option<String> {
        let what = match &self.outcome {
            Outcome::Open => return None,
            Outcome::Failed(kind, text) => format!("{kind}: {text}"),
            Outcome::Status(status, code, _) => describe_status(*status, code.as_deref()),
        };
        let (method, target) = self.target.as_ref()?;
        Some(format!("{what} ({method} {target}{})", self.describe_attempts()))
    }

    fn describe_attempts(&self) -> String {
        match self.attempts {
            0 | 1 => String::new(),
            2 => format!(", after 1 retry in {:.1} s", self.since.elapsed().as_secs_f32()),
            n => {
                format!(", after {} retries in {:.1} s", n - 1, self.since.elapsed().as_secs_f32())
            }
        }
    }
}

fn describe_status(status: u16, code: Option<&str>) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    let mut text = format!("server answered {status}");
    if let Some(reason) = reason {
        text = format!("{text} {reason}");
    }
    if (200..300).contains(&status) {
        text.push_str(" with an error in the body");
    }
    if (300..400).contains(&status) && status != 304 {
        text.push_str(", a redirect: is the region or the endpoint right?");
    }
    if code == Some("RequestTimeTooSkewed") {
        text.push_str(", because this machine's clock is wrong");
    }
    text
}

fn without_query(url: &http::Uri) -> String {
    let text = url.to_string();
    match text.split_once('?') {
        Some((path, _)) => path.to_string(),
        None => text,
    }
}
