//! The crate's HTTP client, without HTTP: each request is put on the desk and waits for its answer.

use crate::alias;
use crate::body::{KeepResponse, is_placeholder};
use crate::desk::{Answer, Ask, Desk, Request, RequestBody};
use crate::error::Plain;
use crate::operations::blocks;
use async_trait::async_trait;
use http::HeaderMap;
use http::header::{AUTHORIZATION, ETAG};
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use serde::Deserialize;
use std::sync::Arc;

/// Headers that carry a token; a signature is made anew for each request, and opens nothing else.
const CARRIERS: [&str; 3] = ["authorization", "x-amz-security-token", "x-amz-s3session-token"];

/// Headers that name another object.
const SOURCES: [&str; 4] =
    ["x-amz-copy-source", "x-goog-copy-source", "x-ms-copy-source", "destination"];

/// Makes clients that put their requests on one desk.
#[derive(Clone, Debug)]
pub struct Transport {
    desk: Arc<Desk>,
    default_headers: Arc<HeaderMap>,
    copies: bool,
}

impl Transport {
    /// A transport that adds `default_headers` where a request lacks them.
    pub fn new(desk: Arc<Desk>, default_headers: HeaderMap) -> Self {
        Self { desk, default_headers: Arc::new(default_headers), copies: false }
    }

    /// The same for parts that the server copies: it answers with another form than the crate
    /// expects of a part.
    pub fn copying(desk: Arc<Desk>, default_headers: HeaderMap) -> Self {
        Self { copies: true, ..Self::new(desk, default_headers) }
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut request = self.request(request).await?;
        undo_aliases(&mut request)?;
        self.remember_secrets(&request);
        if let Some(ids) = self.desk.current_blocks() {
            if blocks::is_part(&request.url) {
                return Ok(created());
            }
            rewrite(&mut request, &ids)?;
        }
        match self.desk.ask(Ask::Request(Box::new(request))).await {
            Some(Answer::Exchange(result)) if self.copies => copied(result?).await,
            Some(Answer::Exchange(result)) => result,
            _ => Err(failure("the operation is gone")),
        }
    }
}

impl Transport {
    async fn request(&self, request: HttpRequest) -> Result<Request, HttpError> {
        let (parts, body) = request.into_parts();
        let body = self.body(body).await?;
        let mut headers = parts.headers;
        if headers.get(AUTHORIZATION).is_some_and(|value| value == "Bearer ") {
            headers.remove(AUTHORIZATION); // the crate's way of not signing a request of GCS
        }
        for (name, value) in self.default_headers.iter() {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        let keep_response = parts.extensions.get::<KeepResponse>().is_some();
        Ok(Request { method: parts.method, url: parts.uri, headers, body, keep_response })
    }

    /// What a request carries as a secret is one: a server that is sent it may repeat it, and the
    /// tokens that a server of tokens gave are known from nowhere else.
    fn remember_secrets(&self, request: &Request) {
        for name in CARRIERS {
            let value = request.headers.get(name).and_then(|value| value.to_str().ok());
            let token = match name {
                "authorization" => value.and_then(|value| value.strip_prefix("Bearer ")),
                _ => value,
            };
            token.into_iter().for_each(|token| self.desk.add_secret(token));
        }
        let pairs = request.url.query().unwrap_or_default().split('&');
        if let Some(signature) = pairs.filter_map(|pair| pair.strip_prefix("sig=")).next() {
            self.desk.add_secret(signature);
            let decoded = url::form_urlencoded::parse(signature.as_bytes()).next();
            decoded.iter().for_each(|(text, _)| self.desk.add_secret(text));
        }
    }

    async fn body(&self, mut body: HttpRequestBody) -> Result<RequestBody, HttpError> {
        let mut zeros = 0;
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) if is_placeholder(&data) => zeros += data.len() as u64,
                Ok(data) => text.extend_from_slice(&data),
                Err(_) => return Err(failure("a body has no trailers")),
            }
        }
        match (zeros, text.is_empty()) {
            (0, true) => Ok(RequestBody::None),
            (0, false) => String::from_utf8(text)
                .map(RequestBody::Text)
                .map_err(|_| failure("a body that the brain wrote is no text")),
            (length, true) => self.host_body(length),
            (_, false) => Err(failure("a body mixes the host's bytes with others")),
        }
    }

    fn host_body(&self, length: u64) -> Result<RequestBody, HttpError> {
        match self.desk.current_body() {
            Some(body) if body.length == length => Ok(RequestBody::Host),
            _ => Err(failure("the placeholder does not stand for this operation's body")),
        }
    }
}

/// Puts keys in the place of their aliases, wherever a request has one.
fn undo_aliases(request: &mut Request) -> Result<(), HttpError> {
    let wrong = |_| failure("the key cannot be sent");
    let target = request.url.path_and_query().map_or("", |target| target.as_str());
    if alias::wire_text(target).is_some()
        && let Some(url) = alias::wire_text(&request.url.to_string())
    {
        request.url = url.parse().map_err(|_| wrong(()))?;
    }
    for name in SOURCES {
        let value = request.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(sent) = value.and_then(alias::wire_text) {
            let value = http::HeaderValue::from_str(&sent).map_err(|_| wrong(()))?;
            request.headers.insert(name, value);
        }
    }
    if let RequestBody::Text(text) = &mut request.body
        && alias::wire_text(text).is_some()
    {
        *text = alias::batch(text).ok_or_else(|| wrong(()))?;
    }
    Ok(())
}

/// What the server says of a part that it copied.
#[derive(Deserialize)]
struct CopyPartResult {
    #[serde(rename = "ETag")]
    e_tag: String,
}

/// An answer with the e_tag of the copied part as a header. What begins as a success and is an error
/// is an error of the server.
async fn copied(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (mut parts, body) = response.into_parts();
    let text = body.bytes().await?;
    let said = String::from_utf8_lossy(&text);
    if parts.status.is_success() && said.contains("CopyPartResult") {
        let found = quick_xml::de::from_str::<CopyPartResult>(&said).ok();
        let value = found.and_then(|found| http::HeaderValue::from_str(&found.e_tag).ok());
        parts.headers.insert(ETAG, value.ok_or_else(|| failure("a copied part has no e_tag"))?);
    } else if parts.status.is_success() && said.contains("<Error>") {
        parts.status = http::StatusCode::INTERNAL_SERVER_ERROR;
    }
    Ok(http::Response::from_parts(parts, text.into()))
}

/// The answer to a rehearsed request.
fn created() -> HttpResponse {
    let mut response = HttpResponse::new(HttpResponseBody::from(bytes::Bytes::new()));
    *response.status_mut() = http::StatusCode::CREATED;
    response
}

/// Puts the ids of the real parts into the list of the rehearsed ones.
fn rewrite(request: &mut Request, ids: &[String]) -> Result<(), HttpError> {
    if let RequestBody::Text(list) = &mut request.body {
        *list = blocks::with_ids(list, ids).ok_or_else(|| failure("the parts do not fit"))?;
    }
    Ok(())
}

fn failure(message: &str) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, Plain(message.to_string()))
}
