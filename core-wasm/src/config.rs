//! Configuration in the crate's keys: which there are, and what their values may be.

use crate::desk::Desk;
use crate::error::Failure;
use crate::options::{self, OpenOptions};
use crate::validate;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use object_store::ClientConfigKey;
use object_store::azure::split_sas;
use std::str::FromStr;
use url::Url;

/// The longest value of a key that is no secret, in bytes.
const LONGEST_PLAIN: usize = 2048;

/// The keys of S3, each in its shortest spelling.
pub const S3: &[&str] = &[
    "access_key_id",
    "secret_access_key",
    "session_token",
    "region",
    "default_region",
    "bucket",
    "endpoint",
    "aws_endpoint_url_s3",
    "virtual_hosted_style_request",
    "s3_express",
    "imdsv1_fallback",
    "metadata_endpoint",
    "unsigned_payload",
    "checksum_algorithm",
    "container_credentials_relative_uri",
    "container_credentials_full_uri",
    "container_authorization_token_file",
    "web_identity_token_file",
    "role_arn",
    "role_session_name",
    "endpoint_url_sts",
    "skip_signature",
    "copy_if_not_exists",
    "conditional_put",
    "disable_tagging",
    "disable_bulk_delete",
    "request_payer",
    "server_side_encryption",
    "sse_kms_key_id",
    "sse_bucket_key_enabled",
    "sse_customer_key_base64",
    "allow_http",
    "default_content_type",
];

/// The keys of GCS.
pub const GCS: &[&str] = &[
    "service_account",
    "service_account_key",
    "bucket",
    "base_url",
    "application_credentials",
    "bearer_token",
    "skip_signature",
    "allow_http",
    "default_content_type",
];

/// The keys of Azure.
pub const AZURE: &[&str] = &[
    "account_name",
    "account_key",
    "access_key",
    "container_name",
    "client_id",
    "client_secret",
    "tenant_id",
    "authority_host",
    "sas_token",
    "sas_key",
    "bearer_token",
    "token",
    "use_emulator",
    "endpoint",
    "msi_endpoint",
    "object_id",
    "msi_resource_id",
    "federated_token_file",
    "use_fabric_endpoint",
    "use_azure_cli",
    "skip_signature",
    "disable_tagging",
    "fabric_token_service_url",
    "fabric_workload_host",
    "fabric_session_token",
    "fabric_cluster_identifier",
    "credential_type",
    "encryption_key",
    "allow_http",
    "default_content_type",
];

/// The keys of the HTTP store.
pub const HTTP: &[&str] = &["url", "allow_http", "default_content_type"];

/// Keys whose value is `true` or `false`; by the crate's canonical names, without their store.
const BOOLEANS: &[&str] = &[
    "virtual_hosted_style_request",
    "s3_express",
    "imdsv1_fallback",
    "unsigned_payload",
    "skip_signature",
    "disable_tagging",
    "disable_bulk_delete",
    "request_payer",
    "sse_bucket_key_enabled",
    "use_emulator",
    "use_fabric_endpoint",
    "use_azure_cli",
    "allow_http",
];

/// Keys whose value is a URL.
const URLS: &[&str] = &[
    "endpoint_url_s3",
    "endpoint_url_sts",
    "metadata_endpoint",
    "container_credentials_full_uri",
    "base_url",
    "endpoint",
    "msi_endpoint",
    "authority_host",
    "fabric_token_service_url",
    "url",
];

/// Keys that name a file or a program: there is neither in the sandbox.
const FILES: &[&str] = &[
    "container_authorization_token_file",
    "web_identity_token_file",
    "federated_token_file",
    "service_account",
    "application_credentials",
    "use_azure_cli",
];

/// One key with its value.
pub struct Entry<K> {
    /// The crate's key.
    pub key: K,
    /// Its canonical name, without the name of the store in front.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Reads the configuration of one store.
pub fn read<K>(
    store: &str,
    known: &[&'static str],
    given: &OpenOptions,
    desk: &Desk,
) -> Result<Vec<Entry<K>>, Failure>
where
    K: FromStr + AsRef<str>,
{
    let mut entries: Vec<Entry<K>> = Vec::new();
    for (key, value) in &given.config {
        let lower = key.to_ascii_lowercase();
        let Ok(key) = K::from_str(&lower) else {
            return Err(options::unknown_key(store, &lower, known));
        };
        let name = short_name(key.as_ref()).to_string();
        if entries.iter().any(|entry| entry.name == name) {
            return Err(Failure::input(format!("the configuration gives {name} twice")));
        }
        check(&name, value, desk)?;
        let value = if name == "bucket" && store == "s3" { in_url(value) } else { value.clone() };
        entries.push(Entry { key, name, value });
    }
    Ok(entries)
}

/// The name of a bucket as it must stand in a URL: the crate signs it as it is, and Ceph's names of
/// other tenants' buckets have a colon or a dollar sign, which are signed encoded.
fn in_url(bucket: &str) -> String {
    bucket.replace(':', "%3A").replace('$', "%24")
}

/// A canonical name without the name of the store in front.
fn short_name(canonical: &str) -> &str {
    let prefixes = ["aws_", "google_", "azure_storage_", "azure_"];
    prefixes.iter().find_map(|prefix| canonical.strip_prefix(prefix)).unwrap_or(canonical)
}

fn check(name: &str, value: &str, desk: &Desk) -> Result<(), Failure> {
    let secret = is_secret(name);
    if secret {
        desk.add_secret(value);
    }
    let client = ClientConfigKey::from_str(name).is_ok();
    if client && !["allow_http", "default_content_type"].contains(&name) {
        return Err(Failure::input(format!(
            "the key {name} belongs to the HTTP client of the host"
        )));
    }
    let longest = if secret { validate::LONGEST_VALUE } else { LONGEST_PLAIN };
    if value.len() > longest || !(validate::is_header_text(value) || name == "service_account_key")
    {
        return Err(Failure::input(format!(
            "the value of {name} has more than {longest} bytes or is not printable ASCII"
        )));
    }
    check_form(name, value, desk)
}

fn check_form(name: &str, value: &str, desk: &Desk) -> Result<(), Failure> {
    if BOOLEANS.contains(&name) {
        boolean(name, value)?;
    }
    if FILES.contains(&name) && cfg!(target_family = "wasm") && boolean(name, value) != Ok(false) {
        return Err(Failure::unsupported(format!(
            "{name} cannot be used in the sandbox; the host must give the credential instead"
        )));
    }
    if URLS.contains(&name) {
        url(name, value)?;
    }
    match name {
        "region" | "default_region" | "account_name" => label(name, value, "-_."),
        "authority_id" | "tenant_id" => label(name, value, "-_."),
        "bucket" | "container_name" => bucket(name, value),
        "checksum_algorithm" => checksum(value),
        "copy_if_not_exists" => copy_header(value),
        "container_credentials_relative_uri" => relative(name, value),
        "account_key" | "encryption_key" | "sse_customer_key_base64" => base64(name, value),
        "sas_key" => sas(name, value),
        "service_account_key" => service_account(value, desk),
        _ => Ok(()),
    }
}

/// Whether the value of a key must never be shown.
pub fn is_secret(name: &str) -> bool {
    let public = ["access_key_id", "sse_kms_key_id", "sse_bucket_key_enabled"];
    let marks = ["secret", "token", "_key"];
    marks.iter().any(|mark| name.contains(mark))
        && !public.contains(&name)
        && !FILES.contains(&name)
        && !name.ends_with("_url")
}

/// A value that is `true` or `false`, in the crate's spellings.
pub fn boolean(name: &str, value: &str) -> Result<bool, Failure> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" | "y" => Ok(true),
        "0" | "false" | "off" | "no" | "n" => Ok(false),
        _ => Err(Failure::input(format!("the value of {name} must be true or false"))),
    }
}

/// A URL that the crate can take apart without a panic.
pub fn url(name: &str, value: &str) -> Result<Url, Failure> {
    let refuse = |why: &str| Err(Failure::input(format!("the value of {name} {why}")));
    let (Ok(url), Ok(uri)) = (Url::parse(value), value.parse::<http::Uri>()) else {
        return refuse("is no URL");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return refuse("is no http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() || value.contains('@') {
        return refuse("has a user name or password in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("has a query or a fragment");
    }
    match Url::parse(&uri.to_string()) {
        Ok(again) if again.host_str() == url.host_str() => Ok(url),
        _ => refuse("is no URL that can be signed"),
    }
}

fn label(name: &str, value: &str, more: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    match !value.is_empty() && value.len() <= 128 && value.chars().all(allowed) {
        true => Ok(()),
        false => {
            Err(Failure::input(format!("the value of {name} is not letters, digits and {more}")))
        }
    }
}

fn bucket(name: &str, value: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.$:".contains(c);
    let dots = value == "." || value == "..";
    match !value.is_empty() && value.len() <= 255 && !dots && value.chars().all(allowed) {
        true => Ok(()),
        false => Err(Failure::input(format!("the value of {name} is no bucket or container name"))),
    }
}

fn checksum(value: &str) -> Result<(), Failure> {
    match value.to_ascii_lowercase().trim() {
        "sha256" => Ok(()),
        "crc64nvme" => Err(Failure::unsupported(
            "checksum_algorithm CRC64NVME cannot be used, because bodies stay in the host; use SHA256",
        )),
        _ => Err(Failure::input("checksum_algorithm must be SHA256")),
    }
}

fn copy_header(value: &str) -> Result<(), Failure> {
    let mut parts = value.split(':').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let valid = match kind {
        "header" | "header-with-status" => {
            parts.next().is_some_and(|name| http::HeaderName::from_bytes(name.as_bytes()).is_ok())
        }
        _ => kind == "multipart",
    };
    match valid {
        true => Ok(()),
        false => Err(Failure::input(
            "copy_if_not_exists must be multipart, header:NAME:VALUE or header-with-status:NAME:VALUE:STATUS",
        )),
    }
}

fn relative(name: &str, value: &str) -> Result<(), Failure> {
    match value.starts_with('/') {
        true => url(name, &format!("http://169.254.170.2{value}")).map(drop),
        false => Err(Failure::input(format!("the value of {name} must start with a slash"))),
    }
}

fn base64(name: &str, value: &str) -> Result<(), Failure> {
    match BASE64_STANDARD.decode(value) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::input(format!("the value of {name} is not valid base64"))),
    }
}

fn sas(name: &str, value: &str) -> Result<(), Failure> {
    match value.len() <= validate::LONGEST_URL_PART && split_sas(value).is_ok() {
        true => Ok(()),
        false => Err(Failure::input(format!("the value of {name} is no SAS token"))),
    }
}

fn service_account(value: &str, desk: &Desk) -> Result<(), Failure> {
    let json = serde_json::from_str::<serde_json::Value>(value).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(|value| value.as_str());
    for name in ["private_key", "private_key_id", "client_email"] {
        let valid =
            text(name).is_some_and(|text| name == "private_key" || validate::is_header_text(text));
        if !valid {
            return Err(Failure::input(format!(
                "service_account_key is no JSON key of a service account: {name} is missing"
            )));
        }
    }
    desk.add_secret(text("private_key").unwrap_or_default());
    match text("gcs_base_url") {
        Some(base) => url("service_account_key's gcs_base_url", base).map(drop),
        None => Ok(()),
    }
}
