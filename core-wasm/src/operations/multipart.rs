//! Multipart uploads: create, one part, complete, abort.

use crate::body::placeholder;
use crate::error::{Failure, Kind as Why};
use crate::operation::{Job, Mode, WriteOptions, json};
use crate::operations::{blocks, put};
use crate::store::{Kind, Store};
use crate::validate;
use object_store::PutMultipartOptions;
use object_store::multipart::{MultipartStore, PartId};
use std::sync::Arc;

/// The job of `operations.create-upload`.
pub fn create(store: Arc<Store>, path: &str, json_options: &str) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    let given = WriteOptions::parse("create-upload", json_options)?;
    if given.mode != Mode::Overwrite {
        return Err(Failure::input("a multipart upload has no mode"));
    }
    supported(&store)?;
    put::check(&store, &given)?;
    let azure = matches!(store.kind, Kind::Azure(_));
    let options = PutMultipartOptions {
        attributes: given.attributes()?,
        tags: given.tags(),
        ..Default::default()
    };
    if azure && !(given.attributes.is_empty() && given.tags.is_empty()) {
        let id = blocks::upload_id(json_options);
        return Ok(Job::new(async move { json(&id) }));
    }
    Ok(Job::new(
        async move { json(&uploads(&store)?.create_multipart_opts(&path, options).await?) },
    ))
}

/// The job of `operations.put-part`.
pub fn part(
    store: Arc<Store>,
    path: &str,
    upload: &str,
    index: u32,
    length: u64,
    sha256: &str,
) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    check_upload(&store, upload)?;
    supported(&store)?;
    check_count(&store, index as usize + 1)?;
    let body = put::body(length, sha256)?;
    let upload = upload.to_string();
    let work = async move {
        let data = placeholder(length);
        let part = uploads(&store)?.put_part(&path, &upload, index as usize, data).await?;
        json(&part.content_id)
    };
    Ok(Job { body: Some(body), ..Job::new(work) })
}

/// The job of `operations.complete-upload`.
pub fn complete(store: Arc<Store>, path: &str, upload: &str, parts: &str) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    check_upload(&store, upload)?;
    let parts: Vec<String> = serde_json::from_str(parts)
        .map_err(|_| Failure::input("parts are not a JSON array of strings"))?;
    parts.iter().try_for_each(|part| validate::url_part("part id", part))?;
    supported(&store)?;
    check_count(&store, parts.len())?;
    if matches!(store.kind, Kind::Azure(_)) && !upload.is_empty() {
        let (options, count) = (blocks::options(upload)?, parts.len());
        let work = async move { blocks::complete(&store, &path, options, count).await };
        return Ok(Job { blocks: Some(parts.into()), ..Job::new(work) });
    }
    let parts = parts.into_iter().map(|content_id| PartId { content_id }).collect();
    let upload = upload.to_string();
    // an upload without parts is completed with one empty part, which the brain itself writes
    Ok(Job::new(async move {
        let result = uploads(&store)?.complete_multipart(&path, &upload, parts).await?;
        put::described(&result)
    }))
}

/// The job of `operations.abort-upload`.
pub fn abort(store: Arc<Store>, path: &str, upload: &str) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    check_upload(&store, upload)?;
    supported(&store)?;
    let upload = upload.to_string();
    Ok(Job::new(async move {
        uploads(&store)?.abort_multipart(&path, &upload).await?;
        Ok("null".to_string())
    }))
}

/// The id of an upload; Azure's carries the attributes.
fn check_upload(store: &Store, upload: &str) -> Result<(), Failure> {
    match store.kind {
        Kind::Azure(_) if upload.is_empty() => Ok(()),
        Kind::Azure(_) => blocks::options(upload).map(drop),
        _ => validate::url_part("upload id", upload),
    }
}

fn supported(store: &Store) -> Result<(), Failure> {
    uploads(store).map(drop)
}

fn uploads(store: &Store) -> Result<&dyn MultipartStore, Failure> {
    let message = "an http store has no multipart uploads";
    store.multipart().ok_or_else(|| Failure::new(Why::NotImplemented, message))
}

fn check_count(store: &Store, count: usize) -> Result<(), Failure> {
    let most = if matches!(store.kind, Kind::Azure(_)) { 50_000 } else { 10_000 };
    match count <= most {
        true => Ok(()),
        false => Err(Failure::input(format!("an upload has at most {most} parts"))),
    }
}
