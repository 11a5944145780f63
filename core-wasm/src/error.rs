//! Why an operation failed, and the text that says so without a secret in it.

use crate::alias;
use crate::desk::{Desk, Exchange};
use crate::redact;
use object_store::client::HttpError;
use serde::Serialize;
use std::error::Error as StdError;

/// What can be done about a failure. The names are those of `store-error` in the WIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is no such object.
    NotFound,
    /// An object is there already.
    AlreadyExists,
    /// The condition of the request does not hold.
    Precondition,
    /// The object did not change.
    NotModified,
    /// The credential is valid but not allowed to.
    PermissionDenied,
    /// There is no valid credential.
    Unauthenticated,
    /// The store cannot do this.
    NotSupported,
    /// The store could, but its configuration or this library does not.
    NotImplemented,
    /// The path is not valid.
    InvalidPath,
    /// The configuration names a key that the store does not know.
    UnknownConfigurationKey,
    /// An argument is not valid; nothing was sent.
    InvalidInput,
    /// Anything else.
    Generic,
}

/// A failure as the host reads it: the JSON of a `failed` step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What can be done about it.
    pub kind: Kind,
    /// At most 2 KiB, without query strings and secrets.
    pub message: String,
    /// The server's own error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The server's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Failure {
    /// A failure that no server had a part in. `redacted` cuts its message to size.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: None, detail: None }
    }

    /// An argument is not valid.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput, message)
    }

    /// A path is not valid.
    pub fn path(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidPath, message)
    }

    /// The store cannot do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::NotSupported, message)
    }

    /// The same failure with every secret that the desk knows of cut out.
    pub fn redacted(mut self, desk: &Desk) -> Self {
        let clean = |text: String, limit| redact::cut(desk.redact(&text), limit);
        self.message = clean(alias::key(&self.message).into_owned(), redact::MESSAGE);
        self.code = self.code.map(|text| clean(text, redact::CODE));
        self.detail = self.detail.map(|text| clean(text, redact::DETAIL));
        self
    }
}

/// Says what went wrong in an operation whose last exchange with a server was `exchange`.
pub fn describe(error: &object_store::Error, exchange: &Exchange) -> Failure {
    let refused = from_request(error);
    let kind = match (kind_of(error), refused, exchange.status()) {
        (Kind::Generic, true, Some(status)) => kind_of_status(status),
        (kind, _, _) => kind,
    };
    match exchange.describe().filter(|_| refused || is_answer(kind)) {
        Some(message) => {
            let (code, detail) = exchange.server_words();
            Failure { kind, message, code, detail }
        }
        None => Failure::new(kind, own_words(error)),
    }
}

fn kind_of(error: &object_store::Error) -> Kind {
    use object_store::Error::*;
    match error {
        NotFound { .. } => Kind::NotFound,
        InvalidPath { .. } => Kind::InvalidPath,
        NotSupported { .. } => Kind::NotSupported,
        AlreadyExists { .. } => Kind::AlreadyExists,
        Precondition { .. } => Kind::Precondition,
        NotModified { .. } => Kind::NotModified,
        NotImplemented { .. } => Kind::NotImplemented,
        PermissionDenied { .. } => Kind::PermissionDenied,
        Unauthenticated { .. } => Kind::Unauthenticated,
        UnknownConfigurationKey { .. } => Kind::UnknownConfigurationKey,
        _ => Kind::Generic,
    }
}

/// The crate calls a refused listing or batch `Generic`; its status says more.
fn kind_of_status(status: u16) -> Kind {
    match status {
        401 => Kind::Unauthenticated,
        403 => Kind::PermissionDenied,
        404 => Kind::NotFound,
        _ => Kind::Generic,
    }
}

/// Whether errors of this kind come from a server's answer.
fn is_answer(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, AlreadyExists | Precondition | NotModified | PermissionDenied)
}

/// Whether the error ends in a failed exchange (the crate's `RetryError`, which is private).
fn from_request(error: &object_store::Error) -> bool {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<HttpError>() || error.to_string().starts_with("Error performing ") {
            return true;
        }
        source = error.source();
    }
    false
}

/// The text of an error that is not about an exchange: its `Display`, which holds no secret that
/// the redaction does not know.
fn own_words(error: &object_store::Error) -> String {
    use object_store::Error::*;
    match error {
        Generic { source, .. } | NotSupported { source } | Unauthenticated { source, .. } => {
            source.to_string()
        }
        InvalidPath { source } => source.to_string(),
        NotFound { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

/// An error of ours that travels through the crate.
#[derive(Debug)]
pub struct Plain(pub String);

impl std::fmt::Display for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Plain {}

/// An error of ours as the crate's `Generic`.
pub fn generic(message: impl Into<String>) -> object_store::Error {
    object_store::Error::Generic {
        store: "object-store-core",
        source: Box::new(Plain(message.into())),
    }
}
