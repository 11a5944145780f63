//! `copy`: copy an object within the store.

use crate::error::Failure;
use crate::operation::Job;
use crate::store::Store;
use crate::validate;
use object_store::{CopyMode, CopyOptions};
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
