//! Headers that are not ASCII: the crate reads none, so they travel through it in hexadecimal.

use std::borrow::Cow;
use std::fmt::Write;

const MARK: &str = "=?object-store-core?";

/// A header's value as the crate can read it, if it is one that becomes an attribute.
///
/// The host gives each byte as one character. Most servers mean UTF-8, the others Latin-1.
pub fn encode<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_ascii() || !is_attribute(name) {
        return Cow::Borrowed(value);
    }
    let bytes = value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect::<Option<_>>();
    let text = bytes.and_then(|bytes: Vec<u8>| String::from_utf8(bytes).ok());
    let text = text.as_deref().unwrap_or(value);
    let mut encoded = String::from(MARK);
    for byte in text.bytes() {
        let _ = write!(encoded, "{byte:02x}");
    }
    Cow::Owned(encoded)
}

/// The attribute that was encoded.
pub fn decode(value: &str) -> Cow<'_, str> {
    match value.strip_prefix(MARK).and_then(from_hex) {
        Some(text) if !text.contains(char::is_control) => Cow::Owned(text),
        _ => Cow::Borrowed(value),
    }
}

fn from_hex(hex: &str) -> Option<String> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes = pairs.map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

fn is_attribute(name: &str) -> bool {
    const STANDARD: [&str; 5] = [
        "content-type",
        "content-disposition",
        "content-encoding",
        "content-language",
        "cache-control",
    ];
    STANDARD.contains(&name) || name.contains("-meta-")
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_is_not_ascii_comes_back_as_it_was_meant() {
        let there_and_back = |value| decode(&encode("content-type", value)).into_owned();
        assert_eq!(there_and_back("a\u{c3}\u{bc}"), "aü"); // UTF-8
        assert_eq!(there_and_back("a\u{fc}"), "aü"); // Latin-1
        assert_eq!(there_and_back("plain"), "plain");
        assert_eq!(encode("etag", "\u{fc}"), "\u{fc}");
        assert_eq!(decode("=?object-store-core?0d0a"), "=?object-store-core?0d0a");
        assert_eq!(decode("=?object-store-core?xyz"), "=?object-store-core?xyz");
    }
}
