//! `sign`: URLs that let anyone do something for a while.

use crate::alias;
use crate::error::Failure;
use crate::operation::{Job, json};
use crate::store::{Kind, Store};
use crate::validate;
use http::Method;
use object_store::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The longest that S3 and GCS let a URL live: seven days.
const LONGEST: u32 = 604_800;

/// The most paths of one call.
const MOST: usize = 10_000;

/// The job of `operations.sign`.
pub fn job(store: Arc<Store>, method: &str, paths: &str, seconds: u32) -> Result<Job, Failure> {
    let method = validate::method(method)?;
    store.signs.map_err(Failure::unsupported)?;
    check(&store, &method, seconds)?;
    let mut paths = validate::keys(paths, MOST)?;
    if matches!(store.kind, Kind::Gcs(_)) {
        paths = paths.iter().map(encoded).collect::<Result<_, _>>()?;
    }
    Ok(Job::new(async move {
        let signer =
            store.signer().ok_or_else(|| Failure::unsupported("this store cannot sign URLs"))?;
        let expires = Duration::from_secs(seconds.into());
        let urls = signer.signed_urls(method, &paths, expires).await?;
        let sent = |url: &url::Url| alias::wire_text(url.as_str()).unwrap_or(url.to_string());
        json(&urls.iter().map(sent).collect::<Vec<_>>())
    }))
}

/// A key as it must stand in a URL. The crate signs keys of GCS as they are, so that `%41` would mean
/// `A`, and `+` and its like would not be encoded as Google wants them.
fn encoded(key: &Path) -> Result<Path, Failure> {
    let encode = |byte: u8| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let text: String = key.as_ref().bytes().map(encode).collect();
    Path::parse(text).map_err(|error| Failure::path(error.to_string()))
}

fn check(store: &Store, method: &Method, seconds: u32) -> Result<(), Failure> {
    let azure = matches!(store.kind, Kind::Azure(_));
    if seconds == 0 {
        return Err(Failure::input("a signed URL must live longer than 0 seconds"));
    }
    if !azure && seconds > LONGEST {
        return Err(Failure::input(
            "a signed URL of this store lives 604800 seconds (7 days) at most",
        ));
    }
    match azure && (*method == Method::HEAD || *method == Method::POST) {
        true => Err(Failure::input("a URL of Azure can be signed for GET, PUT and DELETE")),
        false => Ok(()),
    }
}
