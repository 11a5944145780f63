//! Answers on which object_store 0.14.2 panics. A panic ends the instance, so they are refused here.

use crate::desk::Exchange;
use crate::validate;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use object_store::path::Path;
use serde::Deserialize;
use std::collections::HashSet;

/// The longest text of a server that goes into a URL (an upload id): three times as long when
/// escaped, it must stay below the 65,534 bytes that a URL may have.
const LONGEST_XML_ID: usize = 16 * 1024;

/// The longest lifetime of a token that is believed; the crate adds it to an instant unchecked.
const LONGEST_LIFETIME: u64 = 10 * 365 * 24 * 60 * 60;

/// Says what is wrong with a response that the crate must not see.
pub fn check(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    exchange: &Exchange,
    deletes: &[String],
) -> Result<(), &'static str> {
    content_range(headers)?;
    if !status.is_success() || body.is_empty() {
        return Ok(());
    }
    token_lifetime(body)?;
    session_token(body)?;
    if let Some((method, target)) = &exchange.target {
        upload_id(method, body)?;
        metadata_text(method, target, body)?;
        if *method == Method::POST && !deletes.is_empty() {
            return batch(headers, body, deletes);
        }
    }
    Ok(())
}

/// `end + 1` overflows in the crate's parser.
fn content_range(headers: &HeaderMap) -> Result<(), &'static str> {
    for value in headers.get_all(CONTENT_RANGE) {
        let numbers = value.as_bytes().split(|byte| !byte.is_ascii_digit());
        if numbers.filter(|digits| !digits.is_empty()).any(is_huge) {
            return Err("its Content-Range has a number over 2^63");
        }
    }
    Ok(())
}

fn is_huge(digits: &[u8]) -> bool {
    let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u64>().ok());
    number.is_none_or(|number| number > i64::MAX as u64)
}

/// `Instant::now() + Duration::from_secs(expires_in)` overflows.
fn token_lifetime(body: &str) -> Result<(), &'static str> {
    let may_tell = match body.trim_start().bytes().next() {
        Some(b'{') => body.contains("expires_"),
        first => first == Some(b'['), // serde makes a token of a list, too
    };
    if !may_tell {
        return Ok(());
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
        return Ok(()); // the crate refuses it too
    };
    let number = |value: &serde_json::Value| {
        value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    let over = |name: &str, most| json.get(name).and_then(number).is_some_and(|n| n > most);
    let items = json.as_array().map_or(&[][..], Vec::as_slice);
    let in_list = items.iter().filter_map(number).any(|number| number > LONGEST_LIFETIME);
    match in_list || over("expires_in", LONGEST_LIFETIME) || over("expires_on", 1 << 36) {
        true => Err("its token expires too far in the future"),
        false => Ok(()),
    }
}

/// The session token of S3 Express is unwrapped into a header.
fn session_token(body: &str) -> Result<(), &'static str> {
    if !body.contains("SessionToken") {
        return Ok(());
    }
    for value in ["SessionToken", "AccessKeyId"].iter().flat_map(|name| elements(body, name)) {
        if value.contains('&') || value.is_empty() || !validate::is_header_text(value) {
            return Err("its credential has characters that no header can carry");
        }
    }
    Ok(())
}

/// What all elements of a name hold, whatever their prefixes and attributes; nothing for one that
/// holds more than text.
fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut pieces = xml.split('<').peekable();
    std::iter::from_fn(move || {
        loop {
            let (tag, value) = pieces.next()?.split_once('>').unwrap_or_default();
            if tag.contains(name) && !tag.starts_with('/') {
                let is_text = pieces.peek().is_some_and(|next| next.starts_with('/'));
                return Some(if is_text { value } else { "" });
            }
        }
    })
}

/// The upload id of a copy by parts goes into a URL that is unwrapped.
fn upload_id(method: &Method, body: &str) -> Result<(), &'static str> {
    let begins = *method != Method::GET && body.len() > LONGEST_XML_ID;
    match begins && body.contains("UploadId>") {
        true => Err("its upload id is too long"),
        false => Ok(()),
    }
}

/// What metadata servers answer goes into headers and URLs that are unwrapped.
fn metadata_text(method: &Method, target: &str, body: &str) -> Result<(), &'static str> {
    let is_token = *method == Method::PUT && target.ends_with("/latest/api/token");
    let is_name = target.ends_with("/iam/security-credentials/")
        || (target.contains("/computeMetadata/") && target.ends_with("/email"));
    let is_plain = body.len() <= 8192 && body.bytes().all(|byte| byte.is_ascii_graphic());
    let is_segment =
        body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@+=,".contains(&byte));
    match (is_token && !is_plain) || (is_name && !(is_plain && is_segment)) {
        true => Err("the metadata server's text is none that it can give"),
        false => Ok(()),
    }
}

/// The crate finds the keys of a batch answer among those it sent, and indexes by its part numbers.
fn batch(headers: &HeaderMap, body: &str, deletes: &[String]) -> Result<(), &'static str> {
    let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    match content_type.starts_with(b"multipart/mixed") {
        true => azure_batch(body, deletes.len()),
        false => s3_batch(body, deletes),
    }
}

#[derive(Deserialize)]
struct DeleteResult {
    #[serde(default, rename = "$value")]
    content: Vec<DeleteEntry>,
}

#[derive(Deserialize)]
enum DeleteEntry {
    Deleted(serde::de::IgnoredAny),
    Error(DeleteError),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteError {
    key: String,
}

fn s3_batch(body: &str, deletes: &[String]) -> Result<(), &'static str> {
    if !body.contains("Error") {
        return Ok(());
    }
    let Ok(result) = quick_xml::de::from_reader::<_, DeleteResult>(body.as_bytes()) else {
        return Ok(()); // the crate refuses it too
    };
    let deletes: HashSet<&str> = deletes.iter().map(String::as_str).collect();
    for entry in result.content {
        if let DeleteEntry::Error(error) = entry {
            let key = Path::parse(&error.key).map_err(|_| "it names a key that is not valid")?;
            if !deletes.contains(key.as_ref()) {
                return Err("it names a key that was not to be deleted");
            }
        }
    }
    Ok(())
}

fn azure_batch(body: &str, count: usize) -> Result<(), &'static str> {
    for line in body.lines() {
        if line.len() > 32 * 1024 {
            return Err("it has a header that is too long");
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let is_id = name.trim().eq_ignore_ascii_case("content-id");
        if is_id && value.trim().parse::<usize>().is_ok_and(|id| id >= count) {
            return Err("it answers a request that was not made");
        }
    }
    Ok(())
}
