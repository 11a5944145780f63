//! What an argument may be. The crate unwraps some of these, so each is checked before it sees them.

use crate::alias;
use crate::error::{Failure, Kind};
use http::{HeaderName, Method};
use object_store::path::Path;

/// The longest key, in bytes: 1,024 characters, as Azure takes them. The host knows each limit.
pub const LONGEST_KEY: usize = 4096;
/// The longest text of a condition, in bytes.
pub const LONGEST_CONDITION: usize = 1024;
/// The longest text that goes into a URL besides the key, in bytes: escaped, it is three times as
/// long, and a URL has at most 65,534.
pub const LONGEST_URL_PART: usize = 16 * 1024;
/// The longest configuration value or credential text, in bytes.
pub const LONGEST_VALUE: usize = 16 * 1024;
/// The longest user metadata of one object in all, and the longest other attributes, in bytes.
pub const LONGEST_ATTRIBUTES: usize = 8 * 1024;

/// Whether a header can carry it as it stands: printable ASCII and spaces.
pub fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// What a key begins with that is taken as it stands behind it, whatever it is.
pub const RAW: char = '\0';

/// A key of an object, under its alias. A slash at its end belongs to it.
pub fn key(text: &str) -> Result<Path, Failure> {
    if let Some(raw) = text.strip_prefix(RAW) {
        check_length(raw)?;
        return named(alias::of(raw).map_err(|error| Failure::path(error.to_string()))?);
    }
    let path = named(prefix(text)?)?;
    match text.ends_with('/') {
        true => alias::of(&format!("{}/", alias::key(path.as_ref())))
            .map_err(|error| Failure::path(error.to_string())),
        false => Ok(path),
    }
}

fn named(path: Path) -> Result<Path, Failure> {
    match path.as_ref().is_empty() {
        true => Err(Failure::path("the empty path names no object")),
        false => Ok(path),
    }
}

/// A key or the beginning of one in whole segments, under its alias; the empty one is the root.
pub fn prefix(text: &str) -> Result<Path, Failure> {
    let refuse = |error: object_store::path::Error| Failure::path(error.to_string());
    if let Some(raw) = text.strip_prefix(RAW) {
        check_length(raw)?;
        return alias::of(raw.strip_suffix('/').unwrap_or(raw)).map_err(refuse);
    }
    check_length(text)?;
    let path = Path::parse(text).map_err(refuse)?;
    match alias::is_alias(&path) {
        true => alias::of(path.as_ref()).map_err(refuse),
        false => Ok(path),
    }
}

fn check_length(text: &str) -> Result<(), Failure> {
    match text.len() <= LONGEST_KEY {
        true => Ok(()),
        false => {
            let bytes = text.len();
            let long = format!("the path has {bytes} bytes, more than {LONGEST_KEY}: {text}");
            Err(Failure::path(crate::redact::cut(long, 256)))
        }
    }
}

/// Several keys, separated by newlines; or one that is taken as it stands, and may have newlines.
pub fn keys(text: &str, most: usize) -> Result<Vec<Path>, Failure> {
    if text.starts_with(RAW) {
        return Ok(vec![key(text)?]);
    }
    let keys = text.split('\n').map(key).collect::<Result<Vec<_>, _>>()?;
    match keys.len() <= most {
        true => Ok(keys),
        false => Err(Failure::input(format!("{} paths, but at most {most} at once", keys.len()))),
    }
}

/// The text of a condition (`if_match`, `e_tag`, `version`).
pub fn condition(name: &str, text: &str) -> Result<(), Failure> {
    match is_header_text(text) && !text.is_empty() && text.len() <= LONGEST_CONDITION {
        true => Ok(()),
        false => Err(Failure::input(format!(
            "{name} is not 1 to {LONGEST_CONDITION} printable ASCII characters"
        ))),
    }
}

/// A text of the server's that goes into a URL: a page token, an upload id, the id of a part.
pub fn url_part(name: &str, text: &str) -> Result<(), Failure> {
    match text.len() <= LONGEST_URL_PART && !text.contains(char::is_control) {
        true => Ok(()),
        false => Err(Failure::new(
            Kind::Generic,
            format!(
                "the server gave a {name} that cannot be sent back: it has control characters or \
                 more than {LONGEST_URL_PART} bytes"
            ),
        )),
    }
}

/// The name and value of an attribute. User metadata must be named by a header token.
pub fn attribute(name: &str, value: &str) -> Result<(), Failure> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(Failure::input(format!(
            "the attribute name {name:?} is no header token (letters, digits and -_.!#$%&'*+^`|~)"
        )));
    }
    match is_header_text(value) {
        true => Ok(()),
        false => Err(Failure::input(format!(
            "the value of attribute {name} has characters that are not printable ASCII; escape them"
        ))),
    }
}

/// The method of a signed URL.
pub fn method(text: &str) -> Result<Method, Failure> {
    match text {
        "GET" | "HEAD" | "PUT" | "POST" | "DELETE" => {
            Ok(Method::from_bytes(text.as_bytes()).unwrap_or(Method::GET))
        }
        _ => Err(Failure::input("a URL can be signed for GET, HEAD, PUT, POST and DELETE")),
    }
}

/// A SHA-256 in hexadecimal; the empty text is none.
pub fn digest(hex: &str) -> Result<Option<[u8; 32]>, Failure> {
    if hex.is_empty() {
        return Ok(None);
    }
    let mut digest = [0; 32];
    let valid = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair =
            std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        *byte = pair.unwrap_or_default();
    }
    match valid {
        true => Ok(Some(digest)),
        false => Err(Failure::input("sha256 is not 64 hexadecimal digits")),
    }
}

/// The length of a body that goes out in one request.
pub fn length(length: u64) -> Result<u64, Failure> {
    match length <= crate::body::MAX_LENGTH {
        true => Ok(length),
        false => Err(Failure::input(format!(
            "a body of {length} bytes is too long for one request; use a multipart upload"
        ))),
    }
}
