//! What an operation is: a future of the crate, with what the host said when it started it.

use crate::body::{HostBody, KeepResponse};
use crate::dates;
use crate::desk::Exchange;
use crate::error::{Failure, describe};
use crate::options;
use crate::validate;
use http::Extensions;
use object_store::{Attribute, Attributes, ObjectMeta, TagSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The future of an operation. Its result is the JSON that its verb documents.
pub type Work = Pin<Box<dyn Future<Output = Result<String, Trouble>> + Send>>;

/// A new operation, before its first poll.
pub struct Job {
    /// What it does.
    pub work: Work,
    /// The body that stays in the host.
    pub body: Option<HostBody>,
    /// The keys it deletes.
    pub deletes: Arc<[String]>,
    /// The parts that it puts in the place of rehearsed ones.
    pub blocks: Option<Arc<[String]>>,
    /// Whether it reads a listing.
    pub lists: bool,
}

impl Job {
    /// A job without a body.
    pub fn new(work: impl Future<Output = Result<String, Trouble>> + Send + 'static) -> Self {
        let work = Box::pin(work);
        Self { work, body: None, deletes: Arc::default(), blocks: None, lists: false }
    }
}

/// Why an operation failed: by the crate's error, or by ours.
pub enum Trouble {
    /// The crate's error, to be described with what is known of the exchange.
    Crate(object_store::Error),
    /// Ours.
    Ours(Failure),
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Self {
        Self::Crate(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Ours(failure)
    }
}

impl Trouble {
    /// The failure that the host reads.
    pub fn failure(self, exchange: &Exchange) -> Failure {
        match self {
            Self::Crate(error) => describe(&error, exchange),
            Self::Ours(failure) => failure,
        }
    }
}

/// Any value as JSON text.
pub fn json<T: serde::Serialize>(value: &T) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|_| Failure::input("the result cannot be written").into())
}

/// An object's metadata, in the order that `operations` documents, after its path.
pub type Meta<'a> = (i64, u64, Option<&'a str>, Option<&'a str>);

/// The metadata of an object.
pub fn meta(object: &ObjectMeta) -> Meta<'_> {
    let modified = dates::micros(object.last_modified);
    (modified, object.size, object.e_tag.as_deref(), object.version.as_deref())
}

/// The extensions of a request whose response body stays in the host.
pub fn keep_response() -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(KeepResponse);
    extensions
}

/// The options of `put` and `create-upload`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct WriteOptions {
    /// When to write.
    pub mode: Mode,
    /// The object's attributes.
    pub attributes: BTreeMap<String, String>,
    /// The object's tags.
    pub tags: BTreeMap<String, String>,
}

/// When to write.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Always.
    #[default]
    Overwrite,
    /// If there is no such object.
    Create,
    /// If the object is this version still.
    #[serde(untagged)]
    Update {
        /// Its entity tag.
        e_tag: Option<String>,
        /// Its version.
        version: Option<String>,
    },
}

impl WriteOptions {
    /// Reads and checks them.
    pub fn parse(what: &str, json: &str) -> Result<Self, Failure> {
        let read: Self = options::parse(what, json)?;
        if let Mode::Update { e_tag, version } = &read.mode {
            e_tag.iter().try_for_each(|text| validate::condition("e_tag", text))?;
            version.iter().try_for_each(|text| validate::condition("version", text))?;
        }
        Ok(read)
    }

    /// The attributes in the crate's form.
    pub fn attributes(&self) -> Result<Attributes, Failure> {
        let mut attributes = Attributes::with_capacity(self.attributes.len());
        let (mut metadata, mut others) = (0_usize, 0_usize);
        for (name, value) in &self.attributes {
            validate::attribute(name, value)?;
            let key = attribute(name);
            let sum = match key {
                Attribute::Metadata(_) => &mut metadata,
                _ => &mut others,
            };
            *sum = sum.saturating_add(name.len()).saturating_add(value.len());
            attributes.insert(key, value.clone().into());
        }
        let bytes = metadata.max(others);
        match bytes <= validate::LONGEST_ATTRIBUTES {
            true => Ok(attributes),
            false => Err(Failure::input(format!(
                "the attributes have {bytes} bytes, more than {}",
                validate::LONGEST_ATTRIBUTES
            ))),
        }
    }

    /// The tags in the crate's form.
    pub fn tags(&self) -> TagSet {
        let mut tags = TagSet::default();
        self.tags.iter().for_each(|(key, value)| tags.push(key, value));
        tags
    }
}

fn attribute(name: &str) -> Attribute {
    match name {
        "Content-Type" => Attribute::ContentType,
        "Content-Encoding" => Attribute::ContentEncoding,
        "Content-Language" => Attribute::ContentLanguage,
        "Content-Disposition" => Attribute::ContentDisposition,
        "Cache-Control" => Attribute::CacheControl,
        "Storage-Class" => Attribute::StorageClass,
        other => Attribute::Metadata(other.to_string().into()),
    }
}

/// The name of an attribute, as `operations.get` documents it.
pub fn attribute_name(attribute: &Attribute) -> &str {
    match attribute {
        Attribute::ContentType => "Content-Type",
        Attribute::ContentEncoding => "Content-Encoding",
        Attribute::ContentLanguage => "Content-Language",
        Attribute::ContentDisposition => "Content-Disposition",
        Attribute::CacheControl => "Cache-Control",
        Attribute::StorageClass => "Storage-Class",
        Attribute::Metadata(name) => name,
        _ => "",
    }
}
