//! Credentials: from the host's provider, kept until they expire, and checked before they are used.

use crate::desk::{Answer, Ask, Desk};
use crate::error::Plain;
use crate::validate;
use async_trait::async_trait;
use object_store::aws::AwsCredential;
use object_store::azure::{AzureAccessKey, AzureCredential, split_sas};
use object_store::client::CryptoProvider;
use object_store::gcp::GcpCredential;
use object_store::{CredentialProvider, Error, Result};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A credential that the host can give and that a header can carry.
pub trait Credential: std::fmt::Debug + Sized + Send + Sync + 'static {
    /// Reads the JSON that `http.credential` documents.
    fn from_json(json: &str, desk: &Desk) -> Result<Self, String>;

    /// What makes it unusable: the crate panics on a text that no header can carry.
    fn check(&self) -> Result<(), String>;
}

/// Asks the host, one operation at a time, and keeps what it gave.
#[derive(Debug)]
pub struct HostProvider<C> {
    desk: Arc<Desk>,
    kept: Mutex<Kept<C>>,
    asked: std::sync::atomic::AtomicU64,
}

#[derive(Debug)]
struct Kept<C> {
    credential: Option<Arc<C>>,
    expires: Option<Instant>,
    failure: Option<String>,
}

impl<C: Credential> HostProvider<C> {
    /// A provider that has not asked yet.
    pub fn new(desk: Arc<Desk>) -> Self {
        let kept = Mutex::new(Kept { credential: None, expires: None, failure: None });
        Self { desk, kept, asked: Default::default() }
    }

    async fn fetch(&self) -> Result<(Arc<C>, Option<Instant>), String> {
        let Some(Answer::Credential(answer)) = self.desk.ask(Ask::Credential).await else {
            return Err("the operation is gone".to_string());
        };
        let (json, lifetime) = answer?;
        let credential = C::from_json(&json, &self.desk)?;
        credential.check()?;
        let expires = lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
        Ok((Arc::new(credential), expires))
    }
}

impl<C> Kept<C> {
    fn current(&self) -> Option<Arc<C>> {
        let valid = self.expires.is_none_or(|expires| Instant::now() < expires);
        self.credential.clone().filter(|_| valid)
    }
}

#[async_trait]
impl<C: Credential> CredentialProvider for HostProvider<C> {
    type Credential = C;

    async fn get_credential(&self) -> Result<Arc<C>> {
        use std::sync::atomic::Ordering::Relaxed;
        let seen = self.asked.load(Relaxed);
        let mut kept = self.kept.lock().await;
        if let Some(credential) = kept.current() {
            return Ok(credential);
        }
        if let Some(failure) = kept.failure.clone().filter(|_| self.asked.load(Relaxed) != seen) {
            return Err(unauthenticated(failure)); // the ask that this operation waited for
        }
        let answer = self.fetch().await;
        self.asked.fetch_add(1, Relaxed);
        match answer {
            Ok((credential, expires)) => {
                *kept = Kept { credential: Some(credential.clone()), expires, failure: None };
                Ok(credential)
            }
            Err(message) => {
                *kept = Kept { credential: None, expires: None, failure: Some(message.clone()) };
                Err(unauthenticated(message))
            }
        }
    }
}

/// A provider of the crate's own, whose credentials are checked: they may come from a server.
#[derive(Debug)]
pub struct Checked<C> {
    /// The provider that the crate made of the configuration.
    pub inner: Arc<dyn CredentialProvider<Credential = C>>,
}

#[async_trait]
impl<C: Credential> CredentialProvider for Checked<C> {
    type Credential = C;

    async fn get_credential(&self) -> Result<Arc<C>> {
        let credential = self.inner.get_credential().await.map_err(|error| match error {
            Error::NotSupported { .. } | Error::NotImplemented { .. } => error,
            error => Error::Unauthenticated { path: String::new(), source: Box::new(error) },
        })?;
        credential.check().map_err(unauthenticated)?;
        Ok(credential)
    }
}

fn unauthenticated(message: impl Into<String>) -> Error {
    Error::Unauthenticated { path: String::new(), source: Box::new(Plain(message.into())) }
}

#[derive(Deserialize)]
struct AwsJson {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

impl Credential for AwsCredential {
    fn from_json(json: &str, desk: &Desk) -> Result<Self, String> {
        let read: AwsJson = read(json)?;
        desk.add_secret(&read.secret_access_key);
        desk.add_secret(read.token.as_deref().unwrap_or_default());
        Ok(Self {
            key_id: read.access_key_id,
            secret_key: read.secret_access_key,
            token: read.token,
        })
    }

    fn check(&self) -> Result<(), String> {
        checked("access key id", &self.key_id)?;
        checked("session token", self.token.as_deref().unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct GcpJson {
    token: String,
}

impl Credential for GcpCredential {
    fn from_json(json: &str, desk: &Desk) -> Result<Self, String> {
        let read: GcpJson = read(json)?;
        desk.add_secret(&read.token);
        Ok(Self { bearer: read.token })
    }

    fn check(&self) -> Result<(), String> {
        checked("token", &self.bearer)
    }
}

#[derive(Deserialize)]
struct AzureJson {
    access_key: Option<String>,
    sas_token: Option<String>,
    token: Option<String>,
}

impl Credential for AzureCredential {
    fn from_json(json: &str, desk: &Desk) -> Result<Self, String> {
        let read: AzureJson = read(json)?;
        for secret in [&read.access_key, &read.sas_token, &read.token].into_iter().flatten() {
            desk.add_secret(secret);
        }
        match (read.access_key, read.sas_token, read.token) {
            (Some(key), None, None) => AzureAccessKey::try_new(&key)
                .map(Self::AccessKey)
                .map_err(|_| "the credential's access_key is not valid base64".to_string()),
            (None, Some(sas), None) => split_sas(&sas)
                .map(Self::SASToken)
                .map_err(|_| "the credential's sas_token is no query string".to_string()),
            (None, None, Some(token)) => Ok(Self::BearerToken(token)),
            _ => Err("the credential must have one of access_key, sas_token, token".to_string()),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::AccessKey(_) => Ok(()),
            Self::BearerToken(token) => checked("token", token),
            Self::SASToken(pairs) => match pairs.iter().map(|(k, v)| k.len() + v.len()).sum() {
                0..=validate::LONGEST_URL_PART => Ok(()),
                _ => Err("the credential's SAS token is too long".to_string()),
            },
        }
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    // serde's own text may repeat a value, so it is not shown
    serde_json::from_str(json).map_err(|_| "the credential lacks a field or is no JSON".to_string())
}

fn checked(what: &str, value: &str) -> Result<(), String> {
    match validate::is_header_text(value) && value.len() <= validate::LONGEST_VALUE {
        true => Ok(()),
        false => Err(format!("the credential's {what} has characters that no header can carry")),
    }
}

/// How long the host says a credential is good for; zero means for ever.
pub fn lifetime(milliseconds: u64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}

/// The crate's trait object for signing.
pub type SharedCrypto = Arc<dyn CryptoProvider>;
