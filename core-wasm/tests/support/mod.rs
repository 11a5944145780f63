//! A scripted server and a simulated clock around the engine; every run is bounded.
#![allow(dead_code)]

use object_store_core::Engine;
use serde_json::Value;
use std::collections::VecDeque;

/// No operation of these tests takes more steps.
pub const BOUND: usize = 100;

/// A step, taken apart.
#[derive(Debug, Clone)]
pub enum Step {
    Done(Value),
    Failed(Value),
    Request(Request),
    Credential,
    Waiting,
}

/// A `request` step.
#[derive(Debug, Clone)]
pub struct Request {
    pub delay: u64,
    pub body: String,
    pub response: String,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Step {
    pub fn read(text: &str) -> Self {
        let text = text.strip_prefix('*').unwrap_or(text);
        let (word, rest) = text.split_once('\n').unwrap_or((text, ""));
        match word {
            "done" => Self::Done(serde_json::from_str(rest).expect("a result is JSON")),
            "failed" => Self::Failed(serde_json::from_str(rest).expect("a failure is JSON")),
            "request" => Self::Request(request(rest)),
            "credential" => Self::Credential,
            "waiting" => Self::Waiting,
            _ => panic!("no such step: {text}"),
        }
    }

    pub fn done(self) -> Value {
        match self {
            Self::Done(value) => value,
            other => panic!("not done: {other:?}"),
        }
    }

    pub fn request(self) -> Request {
        match self {
            Self::Request(request) => request,
            other => panic!("no request: {other:?}"),
        }
    }

    /// The kind and the message of a failure.
    pub fn failed(self) -> (String, String) {
        match self {
            Self::Failed(value) => {
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_string();
                assert!(text("message").len() <= 2048);
                (text("kind"), text("message"))
            }
            other => panic!("not failed: {other:?}"),
        }
    }

    pub fn kind(self) -> String {
        self.failed().0
    }
}

fn request(rest: &str) -> Request {
    let (head, text) = rest.split_once("\n\n").expect("an empty line");
    let mut lines = head.split('\n');
    let mut line = || lines.next().expect("a line").to_string();
    let delay = line().parse().expect("a delay");
    let (body, response, method, url) = (line(), line(), line(), line());
    let headers = lines
        .map(|line| line.split_once(':').expect("a header"))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Request { delay, body, response, method, url, headers, text: text.to_string() }
}

/// What a scripted server answers.
#[derive(Clone)]
pub enum Reply {
    Response(u32, &'static str, String),
    Failure(&'static str, &'static str),
}

pub fn reply(status: u32, headers: &'static str, body: &str) -> Reply {
    Reply::Response(status, headers, body.to_string())
}

pub const OBJECT: &str =
    "content-length:5\netag:\"e\"\nlast-modified:Wed, 21 Oct 2015 07:28:00 GMT\n";

/// An open store.
pub fn open(kind: &str, options: &str) -> Engine {
    let mut engine = Engine::new();
    Step::read(&engine.open(kind, options)).done();
    while !engine.mail().is_empty() {}
    engine
}

pub const S3: &str = r#"{"config": {"bucket": "b", "region": "us-east-1",
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}"#;

pub fn s3() -> Engine {
    open("s3", S3)
}

pub const GCS: &str = r#"{"config": {"bucket": "b", "bearer_token": "gcs-token"}}"#;

pub const AZURE: &str = r#"{"config": {"account_name": "acc", "container_name": "c",
    "access_key": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="}}"#;

pub const HTTP: &str = r#"{"config": {"url": "https://dav.example/base"}}"#;

pub fn store(kind: &str) -> Engine {
    let options = match kind {
        "s3" => S3,
        "gcs" => GCS,
        "azure" => AZURE,
        _ => HTTP,
    };
    open(kind, options)
}

/// Runs operation 1 against a script; returns its last step and the requests it made.
pub fn run(engine: &mut Engine, first: String, script: &[Reply]) -> (Step, Vec<Request>) {
    let mut script: VecDeque<Reply> = script.iter().cloned().collect();
    let (mut step, mut requests) = (Step::read(&first), Vec::new());
    for _ in 0..BOUND {
        let Step::Request(request) = step else { return (step, requests) };
        requests.push(request);
        let next = script.pop_front().expect("the script has an answer");
        step = Step::read(&answer(engine, 1, next));
    }
    panic!("no end after {BOUND} steps");
}

pub fn answer(engine: &mut Engine, operation: u32, reply: Reply) -> String {
    match reply {
        Reply::Response(status, headers, body) => engine.respond(operation, status, headers, body),
        Reply::Failure(kind, message) => engine.fail(operation, kind, message),
    }
}

/// The mail of an engine: `(first line, rest)`.
pub fn mail(engine: &mut Engine) -> Vec<(String, String)> {
    let mut mail = Vec::new();
    for _ in 0..10_000 {
        let message = engine.mail();
        if message.is_empty() {
            return mail;
        }
        let (head, rest) = message.split_once('\n').unwrap_or((&message, ""));
        mail.push((head.to_string(), rest.to_string()));
    }
    panic!("the mail never ends");
}

/// The steps in the mail: operation and step.
pub fn mailed_steps(engine: &mut Engine) -> Vec<(u32, Step)> {
    mail(engine)
        .into_iter()
        .filter_map(|(head, rest)| {
            let operation = head.strip_prefix("step ")?.parse().ok()?;
            Some((operation, Step::read(&rest)))
        })
        .collect()
}
