//! The JSON options of `stores.open`.

use crate::error::{Failure, Kind};
use crate::validate;
use http::{HeaderMap, HeaderName, HeaderValue};
use object_store::{BackoffConfig, RetryConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::time::Duration;

/// A backoff must not be longer than this, so that virtual time stays far from its limits.
const LONGEST_BACKOFF: u64 = 24 * 60 * 60 * 1000;

/// What `stores.open` is given.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct OpenOptions {
    /// Configuration in the crate's keys.
    pub config: BTreeMap<String, String>,
    /// How failed requests are repeated.
    pub retry: RetryOptions,
    /// Headers that every request carries.
    pub default_headers: BTreeMap<String, String>,
    /// Whether credentials come from the host.
    pub host_credentials: bool,
    /// Whether those are of the machine's own service account, which Google signs URLs for.
    pub instance_signs: bool,
    /// Texts that the host sends and that must never be shown.
    pub secrets: Vec<String>,
}

/// The crate's `RetryConfig`; what is left out keeps the crate's default.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOptions {
    max_retries: Option<u32>,
    retry_timeout_ms: Option<u64>,
    init_backoff_ms: Option<u64>,
    max_backoff_ms: Option<u64>,
    base: Option<f64>,
}

/// Reads JSON options; the empty text means none are given.
///
/// The text of the JSON reader's own errors is not shown: it may repeat a secret value.
pub fn parse<T: DeserializeOwned + Default>(what: &str, json: &str) -> Result<T, Failure> {
    if json.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(json).map_err(|error| {
        let column = error.column();
        Failure::input(format!("the options of {what} are not as documented, at column {column}"))
    })
}

impl RetryOptions {
    /// The crate's configuration. Values on which its jitter panics are refused.
    pub fn config(&self) -> Result<RetryConfig, Failure> {
        let mut config = RetryConfig::default();
        let backoff = &mut config.backoff;
        set_millis(&mut backoff.init_backoff, self.init_backoff_ms);
        set_millis(&mut backoff.max_backoff, self.max_backoff_ms);
        backoff.base = self.base.unwrap_or(backoff.base);
        check_backoff(backoff)?;
        set_millis(&mut config.retry_timeout, self.retry_timeout_ms);
        if let Some(retries) = self.max_retries {
            config.max_retries = retries as usize;
        }
        Ok(config)
    }
}

fn set_millis(duration: &mut Duration, millis: Option<u64>) {
    if let Some(millis) = millis {
        *duration = Duration::from_millis(millis);
    }
}

fn check_backoff(backoff: &BackoffConfig) -> Result<(), Failure> {
    let BackoffConfig { init_backoff, max_backoff, base, .. } = backoff;
    if init_backoff.is_zero() || *max_backoff < *init_backoff {
        return Err(Failure::input("retry: 0 < init_backoff_ms <= max_backoff_ms must hold"));
    }
    if *max_backoff > Duration::from_millis(LONGEST_BACKOFF) {
        return Err(Failure::input("retry: max_backoff_ms must not be over a day"));
    }
    match *base > 1.0 && *base <= 1000.0 {
        true => Ok(()),
        false => Err(Failure::input("retry: base must be over 1 and not over 1000")),
    }
}

/// The default headers, checked.
pub fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        validate::attribute(name, value)?;
        let lower = name.to_ascii_lowercase();
        let reserved =
            ["host", "content-length", "transfer-encoding", "connection", "authorization"];
        if reserved.contains(&lower.as_str()) {
            return Err(Failure::input(format!("default_headers cannot set {name}")));
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(&lower), HeaderValue::try_from(value))
        {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// The failure that names an unknown configuration key and the nearest known one.
pub fn unknown_key(store: &str, key: &str, known: &[&'static str]) -> Failure {
    let key = crate::redact::cut(key.to_string(), 64);
    let nearest = known.iter().min_by_key(|name| distance(&key, name));
    let hint = nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    let message = format!("{key:?} is no configuration key of {store}{hint}");
    Failure::new(Kind::UnknownConfigurationKey, message)
}

/// The edit distance of Levenshtein.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
