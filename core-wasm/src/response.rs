//! Responses as the host gives them, made into the crate's; what would break the crate is refused.

use crate::dates;
use crate::decode;
use crate::desk::{Exchange, Outcome};
use crate::error::Plain;
use crate::guard;
use crate::success::{self, Asked};
use crate::texts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use object_store::client::{HttpError, HttpErrorKind, HttpResponse};

/// A response with more headers than this is refused.
const MOST_HEADERS: usize = 1000;

/// Makes a response of what the host received; also says how the exchange ended.
pub fn parse(
    status: u32,
    headers: &str,
    body: String,
    exchange: &Exchange,
    deletes: &[String],
    asked: &Asked,
) -> (Result<HttpResponse, HttpError>, Outcome) {
    let method = exchange.target.as_ref().map_or(&Method::GET, |(method, _)| method);
    let said = status;
    let status = match success::settled(status, &body, method, asked) {
        Ok(status) => status,
        Err(reason) => return failed("decode", reason),
    };
    let (code, detail) = server_words(status, &body, *method == Method::GET);
    match build(status, headers, body, exchange, deletes) {
        Ok(response) => {
            // errors tell what the server said, not what it should have said
            let said = u16::try_from(said).unwrap_or(response.status().as_u16());
            let outcome = Outcome::Status(said, code, detail);
            (Ok(response), outcome)
        }
        Err(reason) => failed("decode", &reason),
    }
}

/// A transport error of the given kind, by its name in the WIT.
pub fn failed<T>(kind: &'static str, message: &str) -> (Result<T, HttpError>, Outcome) {
    let (error_kind, what) = match kind {
        "connect" => (HttpErrorKind::Connect, "connection failed"),
        "request" => (HttpErrorKind::Request, "request could not be sent"),
        "timeout" => (HttpErrorKind::Timeout, "timed out"),
        "interrupted" => (HttpErrorKind::Interrupted, "connection broke"),
        "decode" => (HttpErrorKind::Decode, "response is not valid"),
        _ => (HttpErrorKind::Unknown, "request failed"),
    };
    let error = HttpError::new(error_kind, Plain(message.to_string()));
    (Err(error), Outcome::Failed(what, message.to_string()))
}

fn build(
    status: u32,
    headers: &str,
    body: String,
    exchange: &Exchange,
    deletes: &[String],
) -> Result<HttpResponse, String> {
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(|status| !status.is_informational())
        .ok_or("its status is no HTTP status")?;
    let mut headers = parse_headers(headers)?;
    guard::check(status, &headers, &body, exchange, deletes)?;
    dates::settle_header(&mut headers);
    let body = match status.is_success() && !body.is_empty() {
        true => dates::settle_listing(body)?,
        false => body,
    };
    let mut response = HttpResponse::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn parse_headers(text: &str) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    for (count, line) in text.split('\n').filter(|line| !line.is_empty()).enumerate() {
        if count >= MOST_HEADERS {
            return Err("it has more than 1000 headers");
        }
        let (name, value) = line.split_once(':').ok_or("a header line has no colon")?;
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| "a header name is not valid")?;
        let value = texts::encode(name.as_str(), value.trim_matches([' ', '\t']));
        let value = HeaderValue::from_str(&value).map_err(|_| "a header value is not valid")?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The error code and text that the server put into the body: XML (S3, Azure, GCS) or JSON (tokens).
/// They are whole: what is cut before secrets are looked for could end in a part of one. With success
/// come those of what failed midway; not for what only reads, such as a listing, which is long.
fn server_words(status: u32, body: &str, reads: bool) -> (Option<String>, Option<String>) {
    let success = (200..300).contains(&status);
    if body.is_empty() || (success && (reads || !body.contains("<Error>"))) {
        return (None, None);
    }
    let (code, detail) = match body.trim_start().starts_with('{') {
        true => json_words(body),
        false => (element(body, "Code"), element(body, "Message")),
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    (given(code), given(detail))
}

fn element(xml: &str, name: &str) -> Option<String> {
    let start = xml.find(&format!("<{name}>"))? + name.len() + 2;
    let end = start + xml[start..].find(&format!("</{name}>"))?;
    Some(decode::references(xml[start..end].trim()).into_owned())
}

fn json_words(body: &str) -> (Option<String>, Option<String>) {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
        return (None, None);
    };
    let text =
        |value: &serde_json::Value| value.as_str().map(|t| decode::references(t).into_owned());
    match json.get("error") {
        Some(error) if error.is_object() => (
            error.get("status").and_then(text).or(error.get("code").map(|code| code.to_string())),
            error.get("message").and_then(text),
        ),
        error => (
            error.and_then(text).or(json.get("code").and_then(text)),
            json.get("error_description").or(json.get("message")).and_then(text),
        ),
    }
}
