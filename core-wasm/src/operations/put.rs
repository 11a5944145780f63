//! `put`: write an object in one request.

use crate::body::{HostBody, placeholder};
use crate::error::Failure;
use crate::operation::{Job, Mode, WriteOptions, json};
use crate::store::{Kind, Store};
use crate::validate;
use object_store::{PutMode, PutOptions, PutResult, UpdateVersion};
use std::sync::Arc;

/// The job of `operations.put`.
pub fn job(
    store: Arc<Store>,
    path: &str,
    length: u64,
    sha256: &str,
    json: &str,
) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    let given = WriteOptions::parse("put", json)?;
    check(&store, &given)?;
    let body = body(length, sha256)?;
    let options = PutOptions {
        attributes: given.attributes()?,
        tags: given.tags(),
        mode: mode(given.mode),
        ..Default::default()
    };
    let work = async move {
        let result = store.objects().put_opts(&path, placeholder(length), options).await?;
        described(&result)
    };
    Ok(Job { body: Some(body), ..Job::new(work) })
}

/// The result of a write.
pub fn described(result: &PutResult) -> Result<String, crate::operation::Trouble> {
    json(&(&result.e_tag, &result.version))
}

/// The facts about a body of the host.
pub fn body(length: u64, sha256: &str) -> Result<HostBody, Failure> {
    Ok(HostBody { length: validate::length(length)?, digest: validate::digest(sha256)? })
}

/// What the crate would drop in silence is refused.
pub fn check(store: &Store, given: &WriteOptions) -> Result<(), Failure> {
    let standard = [
        "Content-Type",
        "Content-Encoding",
        "Content-Language",
        "Content-Disposition",
        "Cache-Control",
    ];
    let custom = given.attributes.keys().find(|name| !standard.contains(&name.as_str()));
    match (&store.kind, custom) {
        (Kind::Gcs(_) | Kind::Http(_), _) if !given.tags.is_empty() => {
            Err(Failure::unsupported("this store has no tags"))
        }
        (Kind::Http(_), Some(name)) => {
            Err(Failure::unsupported(format!("an http store cannot keep the attribute {name}")))
        }
        _ => Ok(()),
    }
}

fn mode(given: Mode) -> PutMode {
    match given {
        Mode::Overwrite => PutMode::Overwrite,
        Mode::Create => PutMode::Create,
        Mode::Update { e_tag, version } => PutMode::Update(UpdateVersion { e_tag, version }),
    }
}
