//! Opening a store: from configuration to one of the crate's stores.

use crate::config::{self, Entry};
use crate::copier::Copier;
use crate::credential::{Checked, Credential, HostProvider, SharedCrypto};
use crate::crypto::Crypto;
use crate::desk::Desk;
use crate::error::Failure;
use crate::options::{self, OpenOptions};
use crate::transport::Transport;
use http::HeaderMap;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{
    GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey,
};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::list::PaginatedListStore;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{
    ClientConfigKey, ClientOptions, CredentialProvider, ObjectStore, RetryConfig,
    StaticCredentialProvider,
};
use std::sync::Arc;
use std::time::Duration;

/// One of the crate's stores.
pub enum Kind {
    /// Amazon S3 and what speaks its protocol.
    S3(AmazonS3),
    /// Google Cloud Storage.
    Gcs(GoogleCloudStorage),
    /// Azure Blob Storage.
    Azure(MicrosoftAzure),
    /// HTTP with WebDAV.
    Http(HttpStore),
}

/// An open store and what must be known about it.
pub struct Store {
    /// The store.
    pub kind: Kind,
    /// The same store of S3, which deletes one by one: the crate signs the MD5 of a list of keys
    /// out of our sight, so that no alias can be undone there.
    pub single: Option<AmazonS3>,
    /// What S3 can do and the crate cannot.
    pub copier: Option<Copier>,
    /// Whether the SHA-256 of a body is needed.
    pub digest: bool,
    /// How many paths one delete takes at most.
    pub delete_batch: usize,
    /// Whether the server does not know where a listing starts, so that we must.
    pub filter_offset: bool,
    /// Whether URLs can be signed; else why not.
    pub signs: Result<(), &'static str>,
    /// Where the keys of an http store begin, from the root of its server.
    pub base: Path,
    /// The longest a drive can sleep.
    pub guard: Duration,
}

impl Store {
    /// The verbs that every store has.
    pub fn objects(&self) -> &dyn ObjectStore {
        match &self.kind {
            Kind::S3(store) => store,
            Kind::Gcs(store) => store,
            Kind::Azure(store) => store,
            Kind::Http(store) => store,
        }
    }

    /// Multipart uploads.
    pub fn multipart(&self) -> Option<&dyn MultipartStore> {
        match &self.kind {
            Kind::S3(store) => Some(store),
            Kind::Gcs(store) => Some(store),
            Kind::Azure(store) => Some(store),
            Kind::Http(_) => None,
        }
    }

    /// Listing by pages.
    pub fn pages(&self) -> Option<&dyn PaginatedListStore> {
        match &self.kind {
            Kind::S3(store) => Some(store),
            Kind::Gcs(store) => Some(store),
            Kind::Azure(store) => Some(store),
            Kind::Http(_) => None,
        }
    }

    /// Signing URLs.
    pub fn signer(&self) -> Option<&dyn Signer> {
        match &self.kind {
            Kind::S3(store) => Some(store),
            Kind::Gcs(store) => Some(store),
            Kind::Azure(store) => Some(store),
            Kind::Http(_) => None,
        }
    }
}

struct Setup<'a> {
    desk: &'a Arc<Desk>,
    given: &'a OpenOptions,
    retry: RetryConfig,
    headers: HeaderMap,
}

/// Opens a store as `stores.open` says.
pub fn open(kind: &str, json: &str, desk: &Arc<Desk>) -> Result<Store, Failure> {
    let given: OpenOptions = options::parse("open", json)?;
    given.secrets.iter().for_each(|secret| desk.add_secret(secret));
    let (retry, headers) = (given.retry.config()?, options::headers(&given.default_headers)?);
    let guard = retry.backoff.max_backoff * 2 + Duration::from_secs(60);
    let setup = Setup { desk, given: &given, retry, headers };
    let store = match kind {
        "s3" => setup.s3(),
        "gcs" => setup.gcs(),
        "azure" => setup.azure(),
        "http" => setup.http(),
        _ => Err(Failure::input("the kind of a store is s3, gcs, azure or http")),
    }?;
    Ok(Store { guard, ..store })
}

/// What is wrong with a configuration, by the crate.
pub fn failed(error: object_store::Error) -> Failure {
    let text = match &error {
        object_store::Error::Generic { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    Failure::input(format!("the configuration is not valid: {text}"))
}

/// Builds a store of the cloud. Where its credentials are the crate's own it is built twice: to get
/// their provider, and to have what it gives checked.
macro_rules! build {
    ($setup:expr, $builder:ident, $entries:expr, $given:expr) => {{
        let build = |credentials| {
            let mut builder = $builder::new().with_client_options($setup.client());
            for entry in $entries {
                builder = builder.with_config(entry.key, &entry.value);
            }
            builder =
                builder.with_retry($setup.retry.clone()).with_crypto_provider($setup.crypto());
            if let Some(credentials) = credentials {
                builder = builder.with_credentials(credentials);
            }
            builder.with_http_connector($setup.transport()).build().map_err(failed)
        };
        match $given {
            Some(credentials) => build(Some(credentials))?,
            None => {
                let inner = build(None)?.credentials().clone();
                build(Some(Arc::new(Checked { inner })))?
            }
        }
    }};
}

impl Setup<'_> {
    fn transport(&self) -> Transport {
        Transport::new(self.desk.clone(), self.headers.clone())
    }

    fn crypto(&self) -> SharedCrypto {
        Arc::new(Crypto::new(self.desk.clone()))
    }

    /// The host's provider, if the store was opened with one.
    fn host_provider<C: Credential>(&self) -> Option<Arc<dyn CredentialProvider<Credential = C>>> {
        let provider = || Arc::new(HostProvider::new(self.desk.clone())) as _;
        self.given.host_credentials.then(provider)
    }

    fn client(&self) -> ClientOptions {
        ClientOptions::new().with_default_headers(self.headers.clone())
    }

    fn store(&self, kind: Kind, delete_batch: usize) -> Store {
        let (base, guard) = (Path::default(), Duration::ZERO);
        Store {
            kind,
            single: None,
            copier: None,
            digest: false,
            delete_batch,
            filter_offset: false,
            signs: Ok(()),
            base,
            guard,
        }
    }

    fn s3(&self) -> Result<Store, Failure> {
        let entries = config::read::<AmazonS3ConfigKey>("s3", config::S3, self.given, self.desk)?;
        let facts = Facts(&entries);
        facts.check_s3_url()?;
        let store = build!(self, AmazonS3Builder, &entries, self.host_provider());
        let key = AmazonS3ConfigKey::DisableBulkDelete;
        let one = Entry { key, name: "disable_bulk_delete".into(), value: "true".into() };
        let credentials = Some(store.credentials().clone());
        let single = build!(self, AmazonS3Builder, entries.iter().chain([&one]), credentials);
        let batch = if facts.flag("disable_bulk_delete") { 1 } else { 1000 };
        let signed = !facts.flag("skip_signature") && !facts.flag("unsigned_payload");
        let copier = Copier {
            desk: self.desk.clone(),
            entries: Copier::entries(&entries),
            retry: self.retry.clone(),
            headers: self.headers.clone(),
            credentials: store.credentials().clone(),
            crypto: self.crypto(),
            region: facts.get("region").unwrap_or("us-east-1").to_string(),
            request_payer: facts.flag("request_payer"),
        };
        Ok(Store {
            single: Some(single),
            copier: Some(copier),
            digest: signed || facts.has("checksum_algorithm"),
            filter_offset: facts.flag("s3_express"),
            ..self.store(Kind::S3(store), batch)
        })
    }

    fn gcs(&self) -> Result<Store, Failure> {
        let entries = config::read::<GoogleConfigKey>("gcs", config::GCS, self.given, self.desk)?;
        let facts = Facts(&entries);
        // the crate fetches a token for some requests even if it is told to sign none
        let none = || {
            Arc::new(StaticCredentialProvider::new(GcpCredential { bearer: String::new() })) as _
        };
        let unsigned = facts.flag("skip_signature");
        let given = self.host_provider().or_else(|| unsigned.then(none));
        let store = build!(self, GoogleCloudStorageBuilder, &entries, given);
        let keyless = (self.given.host_credentials && !self.given.instance_signs)
            || facts.has("bearer_token")
            || facts.flag("skip_signature");
        let signs =
            match keyless && !facts.has("service_account_key") && !facts.has("service_account") {
                true => Err("signing URLs of GCS needs a service_account_key"),
                false => Ok(()),
            };
        Ok(Store { signs, ..self.store(Kind::Gcs(store), 1) })
    }

    fn azure(&self) -> Result<Store, Failure> {
        let entries =
            config::read::<AzureConfigKey>("azure", config::AZURE, self.given, self.desk)?;
        let facts = Facts(&entries);
        let emulator = facts.flag("use_emulator") || facts.has_account_in_path();
        facts.check_azure(self.given.host_credentials)?;
        let store = build!(self, MicrosoftAzureBuilder, &entries, self.host_provider());
        Ok(Store { filter_offset: emulator, ..self.store(Kind::Azure(store), 256) })
    }

    fn http(&self) -> Result<Store, Failure> {
        let (mut client, mut url, mut allow_http) = (self.client(), None, false);
        for (key, value) in &self.given.config {
            let key = key.to_ascii_lowercase();
            match key.as_str() {
                "url" => url = Some(config::url("url", value)?),
                "allow_http" => allow_http = config::boolean("allow_http", value)?,
                "default_content_type" if crate::validate::is_header_text(value) => {
                    client = client.with_config(ClientConfigKey::DefaultContentType, value);
                }
                _ => return Err(options::unknown_key("http", &key, config::HTTP)),
            }
        }
        let url = url.ok_or_else(|| Failure::input("the http store needs a url"))?;
        require_https(&url, allow_http)?;
        if self.given.host_credentials {
            return Err(Failure::unsupported("the http store knows no credentials"));
        }
        let base = Path::from_url_path(url.path())
            .map_err(|_| Failure::input("the path of the url is no path of objects"))?;
        let builder = HttpBuilder::new().with_url(url).with_retry(self.retry.clone());
        let builder = builder.with_client_options(client).with_http_connector(self.transport());
        let store = self.store(Kind::Http(builder.build().map_err(failed)?), 1);
        Ok(Store { signs: Err("an http store cannot sign URLs"), base, ..store })
    }
}

fn require_https(url: &url::Url, allow_http: bool) -> Result<(), Failure> {
    match url.scheme() == "https" || allow_http {
        true => Ok(()),
        false => Err(Failure::input("the endpoint is not https; set allow_http to use it anyway")),
    }
}

/// What the configuration says, by short names.
struct Facts<'a, K>(&'a [Entry<K>]);

impl<K> Facts<'_, K> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|entry| entry.name == name).map(|entry| entry.value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| config::boolean(name, value) == Ok(true))
    }

    /// The URL that the crate will make must be one, for it is unwrapped at every request.
    fn check_s3_url(&self) -> Result<(), Failure> {
        let bucket = self.get("bucket").ok_or_else(|| Failure::input("s3 needs a bucket"))?;
        let region = self.get("region").or(self.get("default_region")).unwrap_or("us-east-1");
        for name in ["endpoint_url_s3", "endpoint", "endpoint_url_sts"] {
            if let Some(endpoint) = self.get(name) {
                require_https(&config::url(name, endpoint)?, self.flag("allow_http"))?;
            }
        }
        let endpoint = self.get("endpoint_url_s3").or(self.get("endpoint"));
        let url = match (endpoint, self.flag("virtual_hosted_style_request")) {
            _ if self.flag("s3_express") => {
                format!("https://{bucket}.s3express-z.{region}.amazonaws.com")
            }
            (Some(endpoint), true) => endpoint.to_string(),
            (Some(endpoint), false) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            (None, true) => format!("https://{bucket}.s3.{region}.amazonaws.com"),
            (None, false) => format!("https://s3.{region}.amazonaws.com/{bucket}"),
        };
        config::url("endpoint with bucket", &url).map(drop)
    }

    /// Whether the endpoint is one of an emulator: it has the account in its path, not its host.
    fn has_account_in_path(&self) -> bool {
        let endpoint = self.get("endpoint").and_then(|endpoint| url::Url::parse(endpoint).ok());
        endpoint.is_some_and(|endpoint| endpoint.path() != "/")
    }

    fn check_azure(&self, host_credentials: bool) -> Result<(), Failure> {
        if self.flag("use_emulator") && host_credentials {
            return Err(Failure::input(
                "use_emulator has its own credential; give the endpoint instead",
            ));
        }
        if self.has("sas_key") && self.has("account_key") {
            return Err(Failure::input("give an access key or a SAS token, not both"));
        }
        match self.get("endpoint") {
            Some(endpoint) => {
                require_https(&config::url("endpoint", endpoint)?, self.flag("allow_http"))
            }
            None => Ok(()),
        }
    }
}
