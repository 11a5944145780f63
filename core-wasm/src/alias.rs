//! Keys that the crate's `Path` cannot express, under names that it can.
//!
//! A `Path` drops slashes at both ends and has no empty, `.` or `..` segments and no control
//! characters, but objects have such keys: `run/` is the marker of a folder, and not the object
//! `run`. Inside the crate such a key goes by its *alias*, in which [`MARK`] and two digits stand
//! for what is missing; [`wire`] undoes it in what is sent and in what is signed, which are the same
//! text. Every key has one alias and every alias one key, because `MARK` itself is replaced, too.

use object_store::path::{Error, Path};
use std::borrow::Cow;

/// The last private-use characters belong to nobody; this one is replaced wherever a key has it.
pub const MARK: char = '\u{10FF00}';
/// As it stands in a URL.
const ENCODED: &[u8] = b"%F4%8F%BC%80";
/// As it stands in UTF-8.
const DECODED: &[u8] = b"\xF4\x8F\xBC\x80";
/// What follows a mark that stands for nothing: before an empty segment, `.` and `..`.
const NOTHING: &str = "FF";
/// What follows a mark that stands for itself. Control characters are two hexadecimal digits.
const ITSELF: &str = "FE";

/// The alias of a key.
pub fn of(key: &str) -> Result<Path, Error> {
    match is_plain(key) {
        true => Path::parse(key),
        false => Path::parse(text(key)),
    }
}

/// Whether a key is its own alias.
pub fn is_plain(key: &str) -> bool {
    let odd = |c: char| c.is_ascii_control() || c == MARK;
    !key.split('/').any(|segment| matches!(segment, "" | "." | "..")) && !key.contains(odd)
}

/// Whether a key is a path of the crate's, but for marks in it.
pub fn is_plain_or_marked(key: &str) -> bool {
    is_plain(&key.replace(MARK, "_"))
}

/// A text that is no key, such that [`wire`] leaves it as it is.
pub fn literal(text: &str) -> String {
    text.replace(MARK, &format!("{MARK}{ITSELF}"))
}

/// The alias of a key, as text.
pub fn text(key: &str) -> String {
    let mut alias = String::with_capacity(key.len() + 8);
    for (index, segment) in key.split('/').enumerate() {
        if index > 0 {
            alias.push('/');
        }
        if matches!(segment, "" | "." | "..") {
            alias.push(MARK);
            alias += NOTHING;
        }
        for c in segment.chars() {
            match c {
                MARK => alias.extend([MARK].into_iter().chain(ITSELF.chars())),
                c if c.is_ascii_control() => {
                    alias.push(MARK);
                    alias += &format!("{:02X}", u32::from(c));
                }
                c => alias.push(c),
            }
        }
    }
    alias
}

/// Whether a path is the alias of another key.
pub fn is_alias(path: &Path) -> bool {
    path.as_ref().contains(MARK)
}

/// The key of an alias; also a text with aliases in it, such as an error's.
pub fn key(alias: &str) -> Cow<'_, str> {
    match alias.contains(MARK) {
        true => Cow::Owned(String::from_utf8_lossy(&undone(alias.as_bytes(), DECODED)).into()),
        false => Cow::Borrowed(alias),
    }
}

/// What is sent for a text of the crate's: the keys in the place of their aliases.
pub fn wire(text: &[u8]) -> Cow<'_, [u8]> {
    let has = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    if !text.contains(&b'%') && !text.contains(&DECODED[0]) {
        return Cow::Borrowed(text);
    }
    match (has(ENCODED), has(DECODED)) {
        (false, false) => Cow::Borrowed(text),
        (true, false) => Cow::Owned(undone(text, ENCODED)),
        (false, true) => Cow::Owned(undone(text, DECODED)),
        (true, true) => Cow::Owned(undone(&undone(text, ENCODED), DECODED)),
    }
}

/// The same for text; none where nothing is to be done.
pub fn wire_text(text: &str) -> Option<String> {
    match wire(text.as_bytes()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(bytes) => String::from_utf8(bytes).ok(),
    }
}

fn undone(text: &[u8], mark: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let code = rest.strip_prefix(mark).and_then(|rest| rest.split_at_checked(2));
        let Some((digits, tail)) = code else {
            out.push(first);
            rest = &rest[1..];
            continue;
        };
        match digits {
            b"FF" => {}
            b"FE" => out.extend_from_slice(mark),
            _ if mark == ENCODED => out.extend_from_slice(&[b"%", digits].concat()),
            _ => out.extend(
                std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            ),
        }
        rest = tail;
    }
    out
}

/// The line that begins a request within a batch of Azure's.
const DELETE: &str = "DELETE /";
/// A header of the part that holds it; spaces may stand before its value (RFC 822, section 3.1).
const ENCODING: &str = "Content-Transfer-Encoding: ";

/// A batch of Azure's with the keys in the place of their aliases, as long as it was: its length
/// has been signed. Spaces take the room.
pub fn batch(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut value = None;
    for line in text.split_inclusive('\n') {
        if line.starts_with(ENCODING) {
            value = Some(out.len() + ENCODING.len());
        }
        match wire_text(line).filter(|_| line.starts_with(DELETE)) {
            Some(sent) => {
                out.insert_str(value?, &" ".repeat(line.len() - sent.len()));
                out += &sent;
            }
            None => out += line,
        }
    }
    (out.len() == text.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 16] = [
        "run/",
        "/",
        "//",
        "/a",
        "a//b",
        "a/./b",
        "../x",
        "..",
        ".",
        "a\tb",
        "\0",
        "\u{7f}/",
        "\u{10FF00}",
        "\u{10FF00}FF",
        "a/\u{10FF00}/",
        "\u{10FF00}FE/\u{10FF00}0",
    ];

    #[test]
    fn every_key_has_an_alias_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for key in KEYS.into_iter().chain(["a", "a/b", "..a/...", "%2F"]) {
            let alias = of(key).expect("a path");
            assert_eq!(super::key(alias.as_ref()), key);
            assert_eq!(alias.as_ref() == key, is_plain(key), "{key:?}");
            assert!(seen.insert(alias.to_string()), "{key:?}");
        }
    }

    #[test]
    fn what_is_sent_is_the_encoded_key() {
        for key in KEYS {
            let url = url::Url::parse("https://h/b").map(|mut url| {
                url.path_segments_mut().expect("a base").extend(of(key).expect("a path").parts());
                url.to_string()
            });
            let sent = wire_text(&url.expect("a url")).expect("an alias");
            let path = sent.strip_prefix("https://h/b/").expect("a path");
            let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            assert_eq!(decoded, key);
        }
        assert_eq!(wire_text("https://h/b/a%20b?x=%F4%8F"), None);
        assert_eq!(wire(b"\xF4\x8F\xBC\x80F").as_ref(), b"\xF4\x8F\xBC\x80F");
    }

    #[test]
    fn a_batch_keeps_its_length() {
        let part = |key: &str| {
            format!(
                "--b\r\nContent-Transfer-Encoding: x\r\n\r\nDELETE /c/{key} HTTP/1.1\r\nA: 0\r\n"
            )
        };
        let given = format!("{}{}", part("run/%F4%8F%BC%80FF"), part("a"));
        let sent = batch(&given).expect("a batch");
        assert_eq!(sent.len(), given.len());
        assert!(sent.contains("Encoding:               x\r\n\r\nDELETE /c/run/ HTTP/1.1\r\nA"));
        assert!(sent.ends_with(&part("a")));
    }
}
