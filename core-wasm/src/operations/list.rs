//! `list`: one page of the objects below a prefix.

use crate::error::{Failure, generic};
use crate::operation::{Job, Trouble, json};
use crate::options;
use crate::store::Store;
use crate::validate;
use futures_util::TryStreamExt;
use object_store::ListResult;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    delimiter: bool,
    offset: Option<String>,
    token: Option<String>,
    max_keys: Option<u32>,
}

type Entry<'a> = (&'a str, i64, u64, Option<Cow<'a, str>>, Option<&'a str>);

#[derive(Serialize)]
struct Page<'a> {
    objects: Vec<Entry<'a>>,
    prefixes: Vec<&'a str>,
    token: Option<&'a str>,
}

/// The job of `operations.list`.
pub fn job(store: Arc<Store>, prefix: &str, json: &str) -> Result<Job, Failure> {
    let prefix = validate::prefix(prefix)?;
    let options: Options = options::parse("list", json)?;
    let offset = options.offset.as_deref().map(validate::prefix).transpose()?;
    options.token.iter().try_for_each(|token| validate::url_part("token", token))?;
    if options.max_keys == Some(0) {
        return Err(Failure::input("max_keys must be over 0"));
    }
    Ok(Job::new(async move {
        match store.pages() {
            Some(pages) => page(&store, pages, prefix, options, offset).await,
            None => all(&store, prefix, options, offset).await,
        }
    }))
}

async fn page(
    store: &Store,
    pages: &dyn PaginatedListStore,
    prefix: Path,
    options: Options,
    offset: Option<Path>,
) -> Result<String, Trouble> {
    let start = offset.as_ref().filter(|_| !store.filter_offset);
    let prefix = (!prefix.as_ref().is_empty()).then(|| format!("{prefix}/"));
    let options = PaginatedListOptions {
        offset: start.map(|offset| offset.to_string()),
        delimiter: options.delimiter.then_some(Cow::Borrowed("/")),
        max_keys: options.max_keys.map(|keys| keys as usize),
        page_token: options.token,
        ..Default::default()
    };
    let found = pages.list_paginated(prefix.as_deref(), options).await?;
    let token = found.page_token.as_deref().filter(|token| !token.is_empty());
    describe(&found.result, offset.filter(|_| store.filter_offset).as_ref(), token)
}

/// A store without pages: everything, in one.
async fn all(
    store: &Store,
    prefix: Path,
    options: Options,
    offset: Option<Path>,
) -> Result<String, Trouble> {
    let below = Some(&prefix).filter(|prefix| !prefix.as_ref().is_empty());
    let found = match options.delimiter {
        true => store.objects().list_with_delimiter(below).await?,
        false => ListResult {
            objects: store.objects().list(below).try_collect().await?,
            common_prefixes: Vec::new(),
            extensions: Default::default(),
        },
    };
    describe(&relative(found, &store.base, &prefix)?, offset.as_ref(), None)
}

/// The crate's http store gives paths from the root of the server; keys are below the store's URL.
fn relative(mut found: ListResult, base: &Path, prefix: &Path) -> Result<ListResult, Trouble> {
    let key = |path: &Path| match path.prefix_match(base) {
        Some(parts) => Ok(Path::from_iter(parts)),
        None => {
            Err(generic(format!("the listing names {path}, which is not below the store's URL")))
        }
    };
    for object in &mut found.objects {
        object.location = key(&object.location)?;
    }
    for path in &mut found.common_prefixes {
        *path = key(path)?;
    }
    let inside = |path: &Path| path.as_ref().len() > prefix.as_ref().len();
    found.objects.retain(|object| inside(&object.location));
    found.common_prefixes.retain(inside);
    Ok(found)
}

/// An entity tag with its quotes: the listings of Azure leave them out, its headers do not.
fn quoted(tag: &str) -> Cow<'_, str> {
    match tag.starts_with("0x") {
        true => Cow::Owned(format!("\"{tag}\"")),
        false => Cow::Borrowed(tag),
    }
}

fn describe(
    result: &ListResult,
    after: Option<&Path>,
    token: Option<&str>,
) -> Result<String, Trouble> {
    let objects = result
        .objects
        .iter()
        .filter(|object| after.is_none_or(|after| object.location > *after))
        .map(|object| {
            let (modified, size, e_tag, version) = crate::operation::meta(object);
            (object.location.as_ref(), modified, size, e_tag.map(quoted), version)
        })
        .collect();
    let prefixes = result.common_prefixes.iter().map(|prefix| prefix.as_ref()).collect();
    json(&Page { objects, prefixes, token })
}
