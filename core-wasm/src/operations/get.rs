//! `get`: read an object or a part of it, or its metadata alone.

use crate::error::Failure;
use crate::operation::{Job, attribute_name, json, keep_response, meta};
use crate::options;
use crate::store::Store;
use crate::texts;
use crate::validate;
use chrono::{DateTime, Datelike, Utc};
use object_store::{GetOptions, GetRange, GetResult};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    head: bool,
    range: Option<Range>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<i64>,
    if_unmodified_since: Option<i64>,
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Range {
    Bounded(String, u64, u64),
    Open(String, u64),
}

/// The job of `operations.get`.
pub fn job(store: Arc<Store>, path: &str, json: &str) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    let options = options::parse::<Options>("get", json)?.checked()?;
    Ok(Job::new(async move {
        let result = store.objects().get_opts(&path, options).await?;
        describe(&result)
    }))
}

fn describe(result: &GetResult) -> Result<String, crate::operation::Trouble> {
    let (modified, size, e_tag, version) = meta(&result.meta);
    let attributes: BTreeMap<_, _> = result
        .attributes
        .iter()
        .map(|(name, value)| (attribute_name(name), texts::decode(value.as_ref())))
        .collect();
    json(&(modified, size, e_tag, version, result.range.start, result.range.end, attributes))
}

impl Options {
    fn checked(self) -> Result<GetOptions, Failure> {
        for (name, text) in [
            ("if_match", &self.if_match),
            ("if_none_match", &self.if_none_match),
            ("version", &self.version),
        ] {
            text.iter().try_for_each(|text| validate::condition(name, text))?;
        }
        Ok(GetOptions {
            if_match: self.if_match,
            if_none_match: self.if_none_match,
            if_modified_since: self.if_modified_since.map(time).transpose()?,
            if_unmodified_since: self.if_unmodified_since.map(time).transpose()?,
            range: self.range.map(range).transpose()?,
            version: self.version,
            head: self.head,
            extensions: if self.head { Default::default() } else { keep_response() },
        })
    }
}

fn time(micros: i64) -> Result<DateTime<Utc>, Failure> {
    DateTime::from_timestamp_micros(micros)
        .filter(|time| (1..=9999).contains(&time.year()))
        .ok_or_else(|| Failure::input("a time of a condition is not in the years 1 to 9999"))
}

fn range(given: Range) -> Result<GetRange, Failure> {
    let wrong = |why: &str| Err(Failure::input(format!("range: {why}")));
    match given {
        Range::Bounded(kind, start, end) if kind == "bounded" => match (start, end) {
            _ if start >= end => wrong("it ends where it starts, or before"),
            _ if end > i64::MAX as u64 => wrong("it ends over 2^63"),
            _ if end - start > u64::from(u32::MAX) => {
                wrong("it is longer than 4 GiB; read it in several parts")
            }
            _ => Ok(GetRange::Bounded(start..end)),
        },
        Range::Open(kind, n) if n > i64::MAX as u64 => wrong(&format!("{kind} is over 2^63")),
        Range::Open(kind, n) if kind == "offset" => Ok(GetRange::Offset(n)),
        Range::Open(kind, 0) if kind == "suffix" => wrong("a suffix of no bytes"),
        Range::Open(kind, n) if kind == "suffix" => Ok(GetRange::Suffix(n)),
        _ => wrong("it must be bounded, offset or suffix"),
    }
}
