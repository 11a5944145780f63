//! The stores that the targets open: each way to configure one that changes what it sends.

use super::input::{SECRET, TOKEN, expand, pick};
use super::support::open;
use object_store_core::Engine;

/// A way to open a store.
pub struct Setup {
    /// What an input calls it.
    pub name: &'static str,
    /// The kind of store.
    pub kind: &'static str,
    /// Its configuration, as JSON, with canaries.
    config: &'static str,
    /// The only hosts that it may talk to.
    pub hosts: &'static [&'static str],
}

const S3_HOSTS: &[&str] = &["s3.eu-west-1.amazonaws.com"];
const AZURE_HOSTS: &[&str] = &["acc.blob.core.windows.net"];
const GCS_HOSTS: &[&str] = &["storage.googleapis.com"];

/// All setups; those whose credentials come from a server are last.
pub const ALL: [Setup; 16] = [
    Setup {
        name: "s3",
        kind: "s3",
        config: r#"{"bucket": "b", "region": "eu-west-1", "access_key_id": "AK",
            "secret_access_key": "{{secret}}", "session_token": "{{token}}"}"#,
        hosts: S3_HOSTS,
    },
    Setup {
        name: "s3-parts",
        kind: "s3",
        config: r#"{"bucket": "b", "region": "eu-west-1", "access_key_id": "AK",
            "secret_access_key": "{{secret}}", "copy_if_not_exists": "multipart",
            "checksum_algorithm": "SHA256", "disable_bulk_delete": "true"}"#,
        hosts: S3_HOSTS,
    },
    Setup {
        name: "s3-endpoint",
        kind: "s3",
        config: r#"{"bucket": "b", "endpoint": "http://localhost:9000", "allow_http": "true",
            "copy_if_not_exists": "header:x-copy:no", "skip_signature": "true"}"#,
        // where a URL is to be signed, the machine is asked for a credential
        hosts: &["localhost", "169.254.169.254"],
    },
    Setup {
        name: "gcs",
        kind: "gcs",
        config: r#"{"bucket": "b", "bearer_token": "{{token}}"}"#,
        hosts: GCS_HOSTS,
    },
    Setup {
        name: "azure",
        kind: "azure",
        config: r#"{"account_name": "acc", "container_name": "c", "account_key": "{{secret}}"}"#,
        hosts: AZURE_HOSTS,
    },
    Setup {
        name: "azure-sas",
        kind: "azure",
        config: r#"{"account_name": "acc", "container_name": "c",
            "sas_key": "sv=2020-01-01&sp=rwdl&sig={{token}}"}"#,
        hosts: AZURE_HOSTS,
    },
    Setup {
        name: "http",
        kind: "http",
        config: r#"{"url": "https://dav.example/base"}"#,
        hosts: &["dav.example"],
    },
    Setup {
        name: "s3-express",
        kind: "s3",
        config: r#"{"bucket": "b--use1-az4--x-s3", "region": "us-east-1", "s3_express": "true",
            "access_key_id": "AK", "secret_access_key": "{{secret}}"}"#,
        hosts: &["b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"],
    },
    Setup {
        name: "s3-instance",
        kind: "s3",
        config: r#"{"bucket": "b", "region": "eu-west-1", "imdsv1_fallback": "true"}"#,
        hosts: &["s3.eu-west-1.amazonaws.com", "169.254.169.254"],
    },
    Setup {
        name: "s3-container",
        kind: "s3",
        config: r#"{"bucket": "b", "region": "eu-west-1",
            "container_credentials_relative_uri": "/creds"}"#,
        hosts: &["s3.eu-west-1.amazonaws.com", "169.254.170.2"],
    },
    Setup {
        name: "s3-host",
        kind: "s3",
        config: r#"{"bucket": "b", "region": "eu-west-1"}"#,
        hosts: S3_HOSTS,
    },
    Setup {
        name: "gcs-instance",
        kind: "gcs",
        config: r#"{"bucket": "b"}"#,
        hosts: &[
            "storage.googleapis.com",
            "metadata.google.internal",
            "169.254.169.254",
            "metadata",
        ],
    },
    Setup { name: "gcs-host", kind: "gcs", config: r#"{"bucket": "b"}"#, hosts: GCS_HOSTS },
    Setup {
        name: "azure-client",
        kind: "azure",
        config: r#"{"account_name": "acc", "container_name": "c", "client_id": "id",
            "client_secret": "{{token}}", "tenant_id": "tenant"}"#,
        hosts: &["acc.blob.core.windows.net", "login.microsoftonline.com"],
    },
    Setup {
        name: "azure-instance",
        kind: "azure",
        config: r#"{"account_name": "acc", "container_name": "c"}"#,
        hosts: &["acc.blob.core.windows.net", "169.254.169.254"],
    },
    Setup {
        name: "azure-host",
        kind: "azure",
        config: r#"{"account_name": "acc", "container_name": "c"}"#,
        hosts: AZURE_HOSTS,
    },
];

/// Which setups have credentials of their own, and need no server or host for them.
pub const STATIC: std::ops::Range<usize> = 0..7;

/// Which setups get their credentials from somebody else.
pub const FETCHING: std::ops::Range<usize> = 7..16;

impl Setup {
    /// The setup of `among` that a word stands for.
    pub fn named(word: &str, among: std::ops::Range<usize>) -> &'static Self {
        static SETUPS: [Setup; 16] = ALL;
        let setups = &SETUPS[among];
        &setups[pick(setups.iter().map(|setup| setup.name), word)]
    }

    /// The options of `stores.open`. Few retries, so that an input ends soon.
    pub fn options(&self) -> String {
        let host = self.name.ends_with("-host");
        let config = expand(self.config);
        let retry = r#"{"max_retries": 2}"#;
        format!(r#"{{"config": {config}, "retry": {retry}, "host_credentials": {host}}}"#)
    }

    /// The canaries in it.
    pub fn secrets(&self) -> Vec<&'static str> {
        let config = expand(self.config);
        [SECRET, TOKEN].into_iter().filter(|canary| config.contains(canary)).collect()
    }

    /// An engine with this store.
    pub fn engine(&self) -> Engine {
        open(self.kind, &self.options())
    }
}
