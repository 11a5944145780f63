//! `copy`: copy an object within the store, whole or in parts.

use crate::copier::Copier;
use crate::error::Failure;
use crate::operation::{Job, json};
use crate::operations::put;
use crate::options;
use crate::store::{Kind, Store};
use crate::validate;
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore, PartId};
use object_store::{CopyMode, CopyOptions, PutPayload};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The job of `operations.copy`.
pub fn job(store: Arc<Store>, source: &str, target: &str, overwrite: bool) -> Result<Job, Failure> {
    let (source, target) = (validate::key(source)?, validate::key(target)?);
    let mode = if overwrite { CopyMode::Overwrite } else { CopyMode::Create };
    Ok(Job::new(async move {
        let options = CopyOptions { mode, ..Default::default() };
        store.objects().copy_opts(&source, &target, options).await?;
        Ok("null".to_string())
    }))
}

/// The job of `operations.copy-part`.
pub fn part(
    store: Arc<Store>,
    path: &str,
    upload: &str,
    index: u32,
    headers: &str,
) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    validate::url_part("upload", upload)?;
    if index >= 10_000 {
        return Err(Failure::input("an upload has at most 10000 parts"));
    }
    let (upload, carrying) = (upload.to_string(), with_headers(&store, headers)?);
    Ok(Job::new(async move {
        let part = carrying.put_part(&path, &upload, index as usize, PutPayload::new()).await?;
        json(&part.content_id)
    }))
}

/// The job of `operations.complete-copy`.
pub fn complete(
    store: Arc<Store>,
    path: &str,
    upload: &str,
    parts: &str,
    headers: &str,
) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    validate::url_part("upload", upload)?;
    let parts: Vec<String> = serde_json::from_str(parts)
        .map_err(|_| Failure::input("parts are not a JSON array of strings"))?;
    parts.iter().try_for_each(|part| validate::url_part("a part", part))?;
    let parts = parts.into_iter().map(|content_id| PartId { content_id }).collect();
    let (upload, carrying) = (upload.to_string(), with_headers(&store, headers)?);
    Ok(Job::new(async move {
        put::described(&carrying.complete_multipart(&path, &upload, parts).await?)
    }))
}

/// The job of `operations.tags`.
pub fn tags(store: Arc<Store>, path: &str) -> Result<Job, Failure> {
    let path = validate::key(path)?;
    copier(&store)?;
    Ok(Job::new(async move {
        let Kind::S3(there) = &store.kind else { return Err(unknown().into()) };
        json(&copier(&store)?.tags(there, &path).await?)
    }))
}

fn with_headers(store: &Store, json: &str) -> Result<AmazonS3, Failure> {
    let given: BTreeMap<String, String> = options::parse("copy-part", json)?;
    copier(store)?.store(options::headers(&given)?)
}

fn copier(store: &Store) -> Result<&Copier, Failure> {
    store.copier.as_ref().ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::unsupported("only S3 copies in parts")
}
