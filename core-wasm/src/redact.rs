//! Text that users may read: cut to size, without query strings and secrets.

use std::borrow::Cow;
use std::cmp::Reverse;

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
    let mut secrets: Vec<_> = secrets.iter().filter(|secret| secret.len() >= SHORTEST).collect();
    secrets.sort_by_key(|secret| Reverse(secret.len())); // one may be the beginning of another
    let mut clean = Cow::Borrowed(text);
    for secret in secrets {
        if clean.contains(secret.as_str()) {
            clean = Cow::Owned(clean.replace(secret.as_str(), "***"));
        }
    }
    without_queries(&clean) // last, for a secret may look like the end of a URL
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

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_secret_is_hidden_whole_whatever_it_looks_like() {
        let secrets = ["path/like?key", "token", "token-of-another"].map(str::to_string);
        for secret in &secrets {
            let text = format!("{secret} and <{secret}> in https://h/k?sig={secret}");
            assert_eq!(clean(&text, &secrets), "*** and <***> in https://h/k");
        }
    }
}
