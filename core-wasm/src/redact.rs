//! Text that users may read: cut to size, without query strings and secrets.

use crate::decode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
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

/// The text without the query strings of the URLs in it, and with `***` for each secret, however it
/// is encoded: where decoding shows more of them, the text is given decoded.
pub fn clean(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<_> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets.sort_by_key(|secret| Reverse(secret.len())); // one may be the beginning of another
    secrets.dedup();
    let decoded = decode::everything(text);
    let known = |text: &str| -> usize {
        secrets.iter().map(|secret| text.matches(&**secret).count()).sum()
    };
    let more = known(&decoded) > known(text) || signs(&decoded) > signs(text);
    let mut clean = if more { decoded } else { Cow::Borrowed(text) };
    for secret in secrets {
        if clean.contains(&*secret) {
            clean = Cow::Owned(clean.replace(&*secret, "***"));
        }
    }
    without_signatures(&without_queries(&clean)) // last, for a secret may look like the end of a URL
}

/// A secret, and those in it: without its scheme, a signature alone, a password of `Basic`.
fn forms(secret: &str) -> Vec<Cow<'_, str>> {
    let mut found = vec![Cow::Borrowed(secret)];
    let words: Vec<_> = secret.split_whitespace().collect();
    if let [scheme, word] = words[..] {
        found.push(word.into());
        if scheme.eq_ignore_ascii_case("Basic")
            && let Some(pair) =
                BASE64_STANDARD.decode(word).ok().and_then(|b| String::from_utf8(b).ok())
        {
            found.extend(pair.split_once(':').map(|(_, password)| password.to_string().into()));
            found.push(pair.into());
        }
        if scheme.starts_with("SharedKey") {
            found.extend(word.split_once(':').map(|(_, signature)| signature.into()));
        }
    }
    for name in SIGNATURES {
        if let Some((_, value)) = secret.split_once(name) {
            let value = value.split(['&', ',', ' ']).next().unwrap_or_default();
            found.push(value.into());
            found.push(Cow::Owned(decode::everything(value).into_owned()));
        }
    }
    found
}

/// What stands before a signature or a token, in queries and in headers.
const SIGNATURES: [&str; 4] = ["sig=", "ignature=", "ecurity-Token=", "oken="];

fn signs(text: &str) -> usize {
    SIGNATURES.iter().map(|name| text.matches(name).count()).sum()
}

/// The text with `***` for each signature and token that is named.
fn without_signatures(text: &str) -> String {
    let mut out = text.to_string();
    for name in SIGNATURES {
        if !out.contains(name) {
            continue;
        }
        let mut parts = out.split(name);
        let mut clean = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let end = part.find(|c| ends_url(c) || "&,;)".contains(c)).unwrap_or(part.len());
            clean.push_str(name);
            clean.push_str(if end > 0 { "***" } else { "" });
            clean.push_str(&part[end..]);
        }
        out = clean;
    }
    out
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

    #[test]
    fn a_secret_is_hidden_however_it_is_encoded() {
        let secrets = ["a/b+c==".to_string()];
        for text in [
            "a/b+c==",
            "a%2Fb%2Bc%3D%3D",
            "a%252Fb%252Bc%253D%253D",
            "a&#47;b&#x2b;c&#61;=",
            "a\\u002fb\\u002Bc==",
            "a/b+c== a%2Fb%2Bc==",
        ] {
            assert!(!clean(&format!("no {text}!"), &secrets).contains('b'), "{text}");
        }
        assert_eq!(clean("100% of a%20b&amp;c", &secrets), "100% of a%20b&amp;c");
    }

    #[test]
    fn what_is_in_a_secret_is_one() {
        let basic = ["Basic bWU6cGFzc3dvcmQ=".to_string()];
        assert_eq!(clean("bWU6cGFzc3dvcmQ= me:password password", &basic), "*** *** ***");
        let signed = ["AWS4-HMAC-SHA256 Credential=k/d, Signature=abcdef".to_string()];
        assert_eq!(clean("got abcdef", &signed), "got ***");
        let sas = ["sv=2025&sig=ab%2Bc%3D&se=1".to_string()];
        assert_eq!(clean("ab+c= ab%2Bc%3D", &sas), "*** ***");
        assert_eq!(clean("X-Amz-Signature%3Dabc%26b", &[]), "X-Amz-Signature=***&b");
        assert_eq!(clean("X-Amz-Security-Token=abc, b", &[]), "X-Amz-Security-Token=***, b");
    }
}
