//! The targets, and what they share. The engine's tests include this module to replay the corpora.

#[path = "../../../tests/support/mod.rs"]
pub mod support;

pub mod checks;
pub mod input;
pub mod session;
pub mod setups;
pub mod verbs;

pub mod calls;
pub mod content_range;
pub mod errors;
pub mod list;
pub mod options;
pub mod path;
pub mod response;
pub mod tokens;

/// A target: its name, which is that of its corpus, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: [Target; 8] = [
    ("calls", calls::run),
    ("content_range", content_range::run),
    ("errors", errors::run),
    ("list", list::run),
    ("options", options::run),
    ("path", path::run),
    ("response", response::run),
    ("tokens", tokens::run),
];
