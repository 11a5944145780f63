//! `list`: one page of the objects below a prefix.

use crate::alias;
use crate::error::Failure;
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
    bad_keys: bool,
}

type Entry<'a> = (Cow<'a, str>, i64, u64, Option<Cow<'a, str>>, Option<&'a str>);

/// `bad` and `bad_prefixes` are what no path below the prefix can name.
#[derive(Serialize, Default)]
struct Page<'a> {
    objects: Vec<Entry<'a>>,
    prefixes: Vec<Cow<'a, str>>,
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad_prefixes: Vec<String>,
}

/// The job of `operations.list`.
pub fn job(store: Arc<Store>, prefix: &str, json: &str) -> Result<Job, Failure> {
    let prefix = validate::prefix(prefix)?;
    let options: Options = options::parse("list", json)?;
    let offset = options.offset.as_deref().map(validate::key).transpose()?;
    options.token.iter().try_for_each(|token| validate::url_part("page token", token))?;
    if options.max_keys == Some(0) {
        return Err(Failure::input("max_keys must be over 0"));
    }
    let work = async move {
        match store.pages() {
            Some(pages) => page(&store, pages, prefix, options, offset).await,
            None => all(&store, prefix, options, offset).await,
        }
    };
    Ok(Job { lists: true, ..Job::new(work) })
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
    let request = PaginatedListOptions {
        offset: start.map(|offset| offset.to_string()),
        delimiter: options.delimiter.then_some(Cow::Borrowed("/")),
        max_keys: options.max_keys.map(|keys| keys as usize),
        page_token: options.token.as_deref().map(alias::literal),
        ..Default::default()
    };
    let found = pages.list_paginated(prefix.as_deref(), request).await?;
    let token = found.page_token.as_deref().filter(|token| !token.is_empty());
    let after = offset.as_ref().filter(|_| store.filter_offset);
    let below = prefix.as_deref().unwrap_or_default();
    describe(&found.result, below, after, token)?.json(below, options.bad_keys)
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
    let prefix = if below.is_some() { format!("{prefix}/") } else { String::new() };
    let found = relative(found, &store.base, &prefix);
    describe(&found, &prefix, offset.as_ref(), None)?.json(&prefix, options.bad_keys)
}

/// The crate's http store gives paths from the root of the server; keys are below the store's URL.
/// A path that is not there stays whole, with a slash in front, which makes it a bad key.
fn relative(mut found: ListResult, base: &Path, prefix: &str) -> ListResult {
    let key = |path: &Path| {
        let path = path.as_ref();
        let below = match base.as_ref() {
            "" => Some(path),
            base if base == path => Some(""),
            base => path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')),
        };
        let key = below.map_or_else(|| Path::parse(alias::text(&format!("/{path}"))), Path::parse);
        key.unwrap_or_default()
    };
    for object in &mut found.objects {
        object.location = key(&object.location);
    }
    for path in &mut found.common_prefixes {
        *path = key(path);
    }
    // the folder itself, and a file that has the prefix for its name
    let inside = |path: &Path| !path.is_root() && path.as_ref() != prefix.trim_end_matches('/');
    found.objects.retain(|object| inside(&object.location));
    found.common_prefixes.retain(inside);
    found
}

/// An entity tag with its quotes: the listings of Azure leave them out, its headers do not.
fn quoted(tag: &str) -> Cow<'_, str> {
    match tag.starts_with("0x") {
        true => Cow::Owned(format!("\"{tag}\"")),
        false => Cow::Borrowed(tag),
    }
}

/// Whether a path of the crate's is what a listing below `prefix` may name: a path, or the marker of
/// a folder, whose key ends with a slash.
fn is_good(alias: &str, prefix: &str) -> bool {
    let Some(below) = alias.strip_prefix(prefix) else { return false };
    if !below.contains(alias::MARK) {
        return true;
    }
    let key = alias::key(below);
    alias::is_plain_or_marked(key.strip_suffix('/').unwrap_or(&key))
        || (key.is_empty() && !prefix.is_empty())
}

fn describe<'a>(
    result: &'a ListResult,
    prefix: &str,
    after: Option<&Path>,
    token: Option<&'a str>,
) -> Result<Page<'a>, Trouble> {
    let mut page = Page { token, ..Default::default() };
    let after = after.map(|after| alias::key(after.as_ref()));
    for object in &result.objects {
        let (alias, key) = (object.location.as_ref(), alias::key(object.location.as_ref()));
        if after.as_ref().is_some_and(|after| key <= *after) {
            continue;
        }
        let (modified, size, e_tag, version) = crate::operation::meta(object);
        let entry = (key, modified, size, e_tag.map(quoted), version);
        match is_good(alias, prefix) {
            true => page.objects.push(entry),
            false => page.bad.push(entry),
        }
    }
    for path in &result.common_prefixes {
        let key = alias::key(path.as_ref());
        match is_good(path.as_ref(), prefix) && !key.ends_with('/') {
            true => page.prefixes.push(key),
            false => page.bad_prefixes.push(format!("{key}/")),
        }
    }
    Ok(page)
}

impl Page<'_> {
    /// The result, with its bad keys if they are wanted; else the first one ends the listing.
    fn json(&self, prefix: &str, bad_keys: bool) -> Result<String, Trouble> {
        let bad = self.bad.first().map(|entry| &*entry.0);
        match bad.or(self.bad_prefixes.first().map(String::as_str)) {
            Some(key) if !bad_keys => Err(refused(key, &alias::key(prefix)).into()),
            _ => json(self),
        }
    }
}

fn refused(key: &str, prefix: &str) -> Failure {
    Failure::path(match key.starts_with(prefix) {
        true => format!("no path can name the key '{key}'"),
        false => format!(
            "the server lists '{key}', which is not below '{}'",
            prefix.strip_suffix('/').unwrap_or(prefix)
        ),
    })
}
