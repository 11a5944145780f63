//! Inputs: text that a person can write, and that stays meaningful when it is mutated.
//!
//! The first line names a setup (see `setups`) and whatever else a target wants. `{{secret}}`,
//! `{{token}}` and `{{granted}}` stand for canaries, so that a mutation cannot tear a canary apart.

use std::borrow::Cow;

/// A secret of the configuration that is only signed with: it must be in no text at all.
pub const SECRET: &str = "sEcReTq7Wm2ZkX9vBn4LpR8tYs3HdJ6gFcA1uEoIxKzQ5wVM";

/// A secret of the configuration that requests carry.
pub const TOKEN: &str = "tOkEnB8nV3xZq6LwJ1kHs9DfG4pRy7TmC2aUeIoXzKlWq5Nb";

/// A secret that a server of tokens gave.
pub const GRANTED: &str = "gRaNtEdP4kLz8QxW2mVb7CnT5yRh1JsD9fGuAeIoZxKtHq3Y";

/// One input.
pub struct Input {
    /// As it came.
    pub raw: String,
    /// With the canaries in their places.
    pub text: String,
}

impl Input {
    /// Bytes that are no UTF-8 become replacement characters: the host decodes before the engine.
    pub fn new(data: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(data).into_owned();
        let text = expand(&raw).into_owned();
        Self { raw, text }
    }

    /// The same without canaries: what a caller puts into a path is no secret.
    pub fn plain(data: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(data).into_owned();
        Self { text: raw.clone(), raw }
    }

    /// The words of the first line, and what is below it.
    pub fn head(&self) -> (impl Iterator<Item = &str>, &str) {
        let (first, rest) = self.text.split_once('\n').unwrap_or((&self.text, ""));
        (first.split(' '), rest)
    }
}

/// The text with the canaries in it.
pub fn expand(text: &str) -> Cow<'_, str> {
    if !text.contains("{{") {
        return Cow::Borrowed(text);
    }
    let text = text.replace("{{secret}}", SECRET).replace("{{token}}", TOKEN);
    Cow::Owned(text.replace("{{granted}}", GRANTED))
}

/// The index of a word among names; a word that is none of them still stands for one.
pub fn pick(names: impl ExactSizeIterator<Item = &'static str> + Clone, word: &str) -> usize {
    let count = names.len();
    let sum = word.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
    names.clone().position(|name| name == word).unwrap_or(sum % count)
}

/// What a server or the host answers.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The first line: a status, or the name of a transport error.
    pub word: &'a str,
    /// The header lines.
    pub headers: &'a str,
    /// The body, or the message of a transport error.
    pub body: &'a str,
}

impl<'a> Exchange<'a> {
    /// Reads `WORD`, header lines, an empty line, the body.
    pub fn read(text: &'a str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let (word, headers) = head.split_once('\n').unwrap_or((head, ""));
        Self { word: word.trim(), headers, body }
    }

    /// Reads several, with a line of four dashes between any two.
    pub fn read_all(text: &'a str) -> Vec<Self> {
        text.split("\n----\n").map(Self::read).collect()
    }

    /// The status, if it is one.
    pub fn status(&self) -> Option<u32> {
        self.word.parse().ok()
    }

    /// The transport error that the word names, or the last one.
    pub fn error(&self) -> &'static str {
        const KINDS: [&str; 6] =
            ["connect", "request", "timeout", "interrupted", "decode", "unknown"];
        KINDS.into_iter().find(|kind| *kind == self.word).unwrap_or("unknown")
    }
}
