//! Azure uploads with attributes or tags, whose parts are written one by one.
//!
//! Azure takes attributes and tags when an upload is completed. The crate's way to write single
//! parts forgets them; its way that keeps them invents the parts' ids itself. So an upload's
//! attributes travel in its id, and completing it is *rehearsed*: the crate writes as many empty
//! parts as there are, which the transport answers without asking the host, and the list of parts
//! that the crate then sends gets the ids of the real ones, which are of the same length.

use crate::error::Failure;
use crate::operation::{Trouble, WriteOptions};
use crate::operations::put;
use crate::store::Store;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use object_store::path::Path;
use object_store::{PutMultipartOptions, PutPayload};

/// The id of an upload with these options.
pub fn upload_id(options: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(options)
}

/// The options of the upload with this id.
pub fn options(upload: &str) -> Result<PutMultipartOptions, Failure> {
    let refuse = |_| Failure::input("the upload is none of this store");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(upload).map_err(|_| refuse(()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse(()))?;
    let given = WriteOptions::parse("create-upload", &text)?;
    Ok(PutMultipartOptions {
        attributes: given.attributes()?,
        tags: given.tags(),
        ..Default::default()
    })
}

/// Completes an upload of so many parts.
pub async fn complete(
    store: &Store,
    path: &Path,
    options: PutMultipartOptions,
    count: usize,
) -> Result<String, Trouble> {
    let mut upload = store.objects().put_multipart_opts(path, options).await?;
    for _ in 0..count {
        upload.put_part(PutPayload::default()).await?;
    }
    put::described(&upload.complete().await?)
}

/// Whether a request writes a part, which is not done in a rehearsal.
pub fn is_part(url: &http::Uri) -> bool {
    url.query().is_some_and(|query| query.split('&').any(|pair| pair == "comp=block"))
}

const OPEN: &str = "<Uncommitted>";

/// The crate's list of parts with the ids of the real ones; none if it cannot be of them.
pub fn with_ids(list: &str, ids: &[String]) -> Option<String> {
    let mut pieces = list.split(OPEN);
    let mut written = pieces.next()?.to_string();
    let mut ids = ids.iter();
    for piece in pieces {
        let rest = piece.find('<').map(|end| &piece[end..])?;
        written += OPEN;
        written += &BASE64_STANDARD.encode(ids.next()?);
        written += rest;
    }
    (ids.next().is_none() && written.len() == list.len()).then_some(written)
}
