//! `delete`: delete objects, as many as the server takes in one request.

use crate::error::Failure;
use crate::operation::Job;
use crate::store::Store;
use crate::validate;
use futures_util::{StreamExt, stream};
use std::sync::Arc;

/// The job of `operations.delete`.
pub fn job(store: Arc<Store>, paths: &str) -> Result<Job, Failure> {
    let paths = validate::keys(paths, store.delete_batch)?;
    let deletes = paths.iter().map(|path| path.to_string()).collect();
    let work = async move {
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let results: Vec<_> = store.objects().delete_stream(paths).collect().await;
        results.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok("null".to_string())
    };
    Ok(Job { deletes, ..Job::new(work) })
}
