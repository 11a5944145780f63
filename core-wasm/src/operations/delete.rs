//! `delete`: delete objects, as many as the server takes in one request.

use crate::alias;
use crate::error::Failure;
use crate::operation::Job;
use crate::store::{Kind, Store};
use crate::validate;
use futures_util::{StreamExt, stream};
use object_store::ObjectStore;
use std::sync::Arc;

/// The job of `operations.delete`.
pub fn job(store: Arc<Store>, paths: &str) -> Result<Job, Failure> {
    let paths = validate::keys(paths, store.delete_batch)?;
    let single = paths.iter().any(alias::is_alias);
    if single && paths.len() > 1 && matches!(store.kind, Kind::S3(_)) {
        return Err(Failure::input("a key that is no path is deleted alone"));
    }
    let deletes = paths.iter().map(|path| path.to_string()).collect();
    let work = async move {
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let objects = match &store.single {
            Some(store) if single => store as &dyn ObjectStore,
            _ => store.objects(),
        };
        let results: Vec<_> = objects.delete_stream(paths).collect().await;
        results.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok("null".to_string())
    };
    Ok(Job { deletes, ..Job::new(work) })
}
