//! Text that users may read: cut to size, without query strings and secrets.

/// The longest message, in bytes.
pub const MESSAGE: usize = 2048;
/// The longest server error code, in bytes.
pub const CODE: usize = 128;
/// The longest server error text, in bytes.
pub const DETAIL: usize = 1024;

/// A secret shorter than this is not looked for: it would tear holes into every text.
const SHORTEST: usize = 4;

/// Cuts the text to `limit` bytes, on a character boundary.
pub fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit - 3).rev().find(|i| text.is_char_boundary(*i));
        text.truncate(end.unwrap_or(0));
        text.push_str("...");
    }
    text
}

/// The text without the query strings of the URLs in it, and with `***` for each secret.
pub fn clean(text: &str, secrets: &[String]) -> String {
    let mut clean = without_queries(text);
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        if clean.contains(secret.as_str()) {
            clean = clean.replace(secret.as_str(), "***");
        }
    }
    clean
}

fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(ends_url) {
        match word.find('?').filter(|_| word.contains('/')) {
            Some(at) => {
                out.push_str(&word[..at]);
                out.extend(word.chars().next_back().filter(|c| ends_url(*c)));
            }
            None => out.push_str(word),
        }
    }
    out
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`')
}
