//! What the crate cannot say to S3: parts that the server copies, uploads that are completed only
//! if nothing is there, and what tags an object has.

use crate::config::Entry;
use crate::credential::SharedCrypto;
use crate::desk::Desk;
use crate::error::Failure;
use crate::store::failed;
use crate::transport::Transport;
use http::{HeaderMap, Method};
use object_store::aws::{
    AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredentialProvider,
};
use object_store::client::{HttpConnector, HttpRequest, HttpRequestBody};
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ClientOptions, RetryConfig};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often tags are asked for while the server cannot answer.
const TRIES: u32 = 4;

/// Makes stores of the same bucket whose requests carry further headers, which are signed, too.
pub struct Copier {
    /// Where requests are put.
    pub desk: Arc<Desk>,
    /// The configuration.
    pub entries: Vec<(AmazonS3ConfigKey, String)>,
    /// How failed requests are repeated.
    pub retry: RetryConfig,
    /// Headers that every request carries.
    pub headers: HeaderMap,
    /// The store's own credentials.
    pub credentials: AwsCredentialProvider,
    /// The store's own cryptography.
    pub crypto: SharedCrypto,
    /// The region that is signed for.
    pub region: String,
    /// Whether the requester pays.
    pub request_payer: bool,
}

#[derive(Deserialize)]
struct Tagging {
    #[serde(rename = "TagSet")]
    set: TagSet,
}

#[derive(Deserialize)]
struct TagSet {
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl Copier {
    /// What is kept of the configuration. The server makes the checksums of what it copies.
    pub fn entries(given: &[Entry<AmazonS3ConfigKey>]) -> Vec<(AmazonS3ConfigKey, String)> {
        let kept = given.iter().filter(|entry| entry.name != "checksum_algorithm");
        kept.map(|entry| (entry.key, entry.value.clone())).collect()
    }

    /// A store whose requests carry these headers, too.
    pub fn store(&self, more: HeaderMap) -> Result<AmazonS3, Failure> {
        let mut headers = self.headers.clone();
        headers.extend(more);
        let options = ClientOptions::new().with_default_headers(headers.clone());
        let mut builder = AmazonS3Builder::new().with_client_options(options);
        for (key, value) in &self.entries {
            builder = builder.with_config(*key, value);
        }
        builder
            .with_retry(self.retry.clone())
            .with_crypto_provider(self.crypto.clone())
            .with_credentials(self.credentials.clone())
            .with_http_connector(Transport::copying(self.desk.clone(), headers))
            .build()
            .map_err(failed)
    }

    /// The server's status, and the tags of an object as it writes them.
    pub async fn tags(
        &self,
        store: &AmazonS3,
        path: &Path,
    ) -> Result<(u16, BTreeMap<String, String>), Failure> {
        let unsent = |_| Failure::input("the request for tags cannot be made");
        // The only way to have the crate say where an object is.
        let mut url = store
            .signed_url(Method::GET, path, Duration::from_secs(1))
            .await
            .map_err(|error| Failure::input(error.to_string()))?;
        url.set_query(Some("tagging="));
        let credential =
            self.credentials.get_credential().await.map_err(|e| Failure::input(e.to_string()))?;
        let client = Transport::new(self.desk.clone(), self.headers.clone())
            .connect(&ClientOptions::new())
            .map_err(failed)?;
        let mut tried = 0;
        loop {
            let mut request = HttpRequest::new(HttpRequestBody::empty());
            *request.uri_mut() = url.as_str().parse().map_err(|_| unsent(()))?;
            request.headers_mut().extend(self.headers.clone());
            AwsAuthorizer::new(&credential, "s3", &self.region)
                .with_crypto(self.crypto.as_ref())
                .with_request_payer(self.request_payer)
                .try_authorize(&mut request, None)
                .map_err(failed)?;
            let answer = client.execute(request).await;
            tried += 1;
            match answer {
                Ok(response) if !response.status().is_server_error() || tried == TRIES => {
                    let (parts, body) = response.into_parts();
                    let text = body.bytes().await.map_err(|_| unsent(()))?;
                    return Ok((parts.status.as_u16(), read_tags(&text)));
                }
                Err(error) if tried == TRIES => return Err(Failure::input(error.to_string())),
                _ => tokio::time::sleep(self.retry.backoff.init_backoff * 2_u32.pow(tried)).await,
            }
        }
    }
}

fn read_tags(xml: &[u8]) -> BTreeMap<String, String> {
    let found = quick_xml::de::from_reader::<_, Tagging>(xml).map(|tagging| tagging.set.tags);
    found.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}
