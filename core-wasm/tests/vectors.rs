//! Signatures, computed again from the requests by other code: SigV4, GOOG4, Azure SharedKey.

mod support;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use support::*;
use url::Url;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Every byte but the unreserved characters, as `%XX`.
fn escape(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn canonical_query(url: &Url, without: &str) -> String {
    let mut pairs: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| name != without)
        .map(|(name, value)| format!("{}={}", escape(&name), escape(&value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// The signature of Signature Version 4, after the document "Signature calculations for the
/// Authorization header" of Amazon S3.
fn sigv4(
    method: &str,
    url: &Url,
    headers: &BTreeMap<String, String>,
    signed: &str,
    payload: &str,
    date: &str,
) -> String {
    let trimmed = |name: &str| headers[name].split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: String =
        signed.split(';').map(|name| format!("{name}:{}\n", trimmed(name))).collect();
    let query = canonical_query(url, "X-Amz-Signature");
    let request = format!("{method}\n{}\n{query}\n{lines}\n{signed}\n{payload}", url.path());
    let day = &date[..8];
    let scope = format!("{day}/us-east-1/s3/aws4_request");
    let digest = hex(&Sha256::digest(request.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    let key = ["us-east-1", "s3", "aws4_request"]
        .iter()
        .fold(hmac(format!("AWS4{SECRET}").as_bytes(), day), |key, part| hmac(&key, part));
    hex(&hmac(&key, &text))
}

fn header_map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[test]
fn the_reimplementation_gives_the_published_signatures() {
    let empty = hex(&Sha256::digest(b""));
    let headers = header_map(&[
        ("host", "examplebucket.s3.amazonaws.com"),
        ("range", "bytes=0-9"),
        ("x-amz-content-sha256", &empty),
        ("x-amz-date", "20130524T000000Z"),
    ]);
    let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").expect("a URL");
    let signed = "host;range;x-amz-content-sha256;x-amz-date";
    assert_eq!(
        sigv4("GET", &url, &headers, signed, &empty, "20130524T000000Z"),
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524\
        %2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&\
        X-Amz-SignedHeaders=host";
    let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com/test.txt?{query}"))
        .expect("a URL");
    assert_eq!(
        sigv4("GET", &url, &headers, "host", "UNSIGNED-PAYLOAD", "20130524T000000Z"),
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

/// Checks the signature of an emitted request; returns the headers that it covers.
fn check_sigv4(request: &Request) -> String {
    let url = Url::parse(&request.url).expect("a URL");
    let mut headers: BTreeMap<String, String> = request.headers.iter().cloned().collect();
    headers.insert("host".to_string(), url.authority().to_string());
    let authorization = request.header("authorization").expect("an authorization");
    let field = |name: &str| {
        let rest = authorization.split_once(name).expect("a field").1;
        rest.split(',').next().unwrap_or_default().to_string()
    };
    let (signed, signature) = (field("SignedHeaders="), field("Signature="));
    let date = headers["x-amz-date"].clone();
    let payload = headers["x-amz-content-sha256"].clone();
    assert_eq!(sigv4(&request.method, &url, &headers, &signed, &payload, &date), signature);
    signed
}

#[test]
fn every_s3_request_is_signed_over_what_is_sent() {
    let keys = ["a", "a b/c+d", "ü/日本", "x=1&y=2", "%41", "a:b@c!$'()*,;", "~tilde", "plus+?#"];
    let digest = "ab".repeat(32);
    let attributes = r#"{"attributes": {"Content-Type": "a/b; c=d", "meta-k": "two  words"}}"#;
    for key in keys {
        let mut engine = s3();
        let steps = [
            engine.get(1, key, r#"{"range": ["bounded", 0, 9], "version": "a+b/c"}"#),
            engine.put(2, key, 9, &digest, attributes),
            engine.create_upload(3, key, attributes),
            engine.put_part(4, key, "id+/=", 0, 9, &digest),
            engine.complete_upload(5, key, "id+/=", r#"["\"p\""]"#),
            engine.abort_upload(6, key, "id"),
            engine.list(7, key, r#"{"delimiter": true, "token": "t+/="}"#),
            engine.copy(8, key, "other", true),
            engine.delete(9, key),
        ];
        for step in steps {
            let request = Step::read(&step).request();
            let signed = check_sigv4(&request);
            for (name, _) in &request.headers {
                let free =
                    ["authorization", "content-length", "user-agent"].contains(&name.as_str());
                assert!(
                    free || signed.split(';').any(|signed| signed == name),
                    "{name} is not signed"
                );
            }
            if request.body == "text" {
                let digest = hex(&Sha256::digest(request.text.as_bytes()));
                assert_eq!(request.header("x-amz-content-sha256"), Some(digest.as_str()));
            }
        }
    }
}

#[test]
fn a_presigned_url_of_s3_has_the_right_signature() {
    let mut engine = s3();
    for method in ["GET", "PUT", "HEAD", "DELETE", "POST"] {
        let urls = Step::read(&engine.sign(1, method, "a b/ü+?", 60)).done();
        let url = Url::parse(urls[0].as_str().expect("a URL")).expect("a URL");
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let headers = header_map(&[("host", url.authority())]);
        let date = &query["X-Amz-Date"];
        assert_eq!(
            sigv4(method, &url, &headers, "host", "UNSIGNED-PAYLOAD", date),
            query["X-Amz-Signature"]
        );
        assert_eq!(query["X-Amz-Expires"], "60");
    }
}

#[test]
fn a_gcs_store_signs_urls_and_tokens_with_its_key() {
    let key = rsa::PrivateKey::new(&mut rand::rng(), 2048).expect("a key");
    let pem = key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).expect("a PEM");
    let account =
        json!({"private_key": pem.as_str(), "private_key_id": "kid", "client_email": "me@x.iam"});
    let options = json!({"config": {"bucket": "b", "service_account_key": account.to_string()}});
    let mut engine = open("gcs", &options.to_string());
    let verify = |text: &str, signature: &[u8]| {
        let mut prefixed =
            vec![0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03];
        prefixed.extend([0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20]);
        let scheme = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: prefixed.into() };
        key.to_public_key()
            .verify(scheme, &Sha256::digest(text.as_bytes()), signature)
            .expect("valid");
    };
    let urls = Step::read(&engine.sign(1, "GET", "a b+c%41/ü~_.-", 60)).done();
    let url = Url::parse(urls[0].as_str().expect("a URL")).expect("a URL");
    assert_eq!(url.path(), "/b/a%20b%2Bc%2541/%C3%BC~_.-");
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let canonical = format!(
        "GET\n{}\n{}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD",
        url.path(),
        canonical_query(&url, "X-Goog-Signature")
    );
    let date = &query["X-Goog-Date"];
    let text = format!(
        "GOOG4-RSA-SHA256\n{date}\n{}/auto/storage/goog4_request\n{}",
        &date[..8],
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let signature: Vec<u8> = (0..query["X-Goog-Signature"].len() / 2)
        .map(|i| u8::from_str_radix(&query["X-Goog-Signature"][2 * i..2 * i + 2], 16).expect("hex"))
        .collect();
    verify(&text, &signature);
    let request = Step::read(&engine.get(2, "a", "")).request();
    let token = request
        .header("authorization")
        .and_then(|text| text.strip_prefix("Bearer "))
        .expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("a JWT");
    verify(signed, &BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64"));
}

#[test]
fn the_machines_service_account_has_its_urls_signed_by_google() {
    let options = json!({"config": {"bucket": "b"}, "host_credentials": true});
    let refused = Step::read(&open("gcs", &options.to_string()).sign(1, "GET", "a", 60));
    assert_eq!(refused.kind(), "not-supported");
    let options =
        json!({"config": {"bucket": "b"}, "host_credentials": true, "instance_signs": true});
    let mut engine = open("gcs", &options.to_string());
    let email = Step::read(&engine.sign(1, "GET", "a", 60)).request();
    let account = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/";
    assert_eq!(email.url, format!("{account}default/email"));
    let step = Step::read(&engine.respond(1, 200, "", "me@x.iam".to_string()));
    assert!(matches!(step, Step::Credential), "{step:?}");
    let signing =
        Step::read(&engine.credential(1, r#"{"token": "T"}"#.to_string(), 0, "")).request();
    let service = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/";
    assert_eq!(signing.url, format!("{service}me@x.iam:signBlob"));
    assert_eq!(signing.header("authorization"), Some("Bearer T"));
    let signed = r#"{"keyId": "k", "signedBlob": "AQL/"}"#.to_string();
    let urls = Step::read(&engine.respond(1, 200, "", signed)).done();
    assert!(urls[0].as_str().expect("a URL").ends_with("&X-Goog-Signature=0102ff"), "{urls}");
}

#[test]
fn every_azure_request_has_the_right_shared_key() {
    let mut engine = store("azure");
    let options = r#"{"attributes": {"Content-Type": "a/b", "k": "v"}, "tags": {"a": "b"}}"#;
    let steps = [
        engine.get(1, "a b/ü", r#"{"range": ["bounded", 0, 9], "if_match": "x"}"#),
        engine.put(2, "a", 9, "", options),
        engine.put_part(3, "a", "", 0, 9, ""),
        engine.list(4, "p", r#"{"delimiter": true}"#),
        engine.copy(5, "a", "b", false),
    ];
    for step in steps {
        let request = Step::read(&step).request();
        let authorization = request.header("authorization").expect("an authorization");
        assert_eq!(authorization, format!("SharedKey acc:{}", shared_key(&request)));
    }
}

#[test]
fn a_url_of_azure_is_signed_for_the_key_as_it_stands() {
    let mut engine = store("azure");
    let urls = Step::read(&engine.sign(1, "GET", "a b+%41/ü", 60)).done();
    let url = Url::parse(urls[0].as_str().expect("a text")).expect("a URL");
    assert_eq!(url.path(), "/c/a%20b+%2541/%C3%BC");
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let text = format!(
        "r\n{}\n{}\n/blob/acc/c/a b+%41/ü\n\n\n\n{}\nb\n\n\n\n\n\n\n",
        query["st"], query["se"], query["sv"]
    );
    let key = BASE64_STANDARD.decode(AZURE_KEY).expect("base64");
    assert_eq!(query["sig"], BASE64_STANDARD.encode(hmac(&key, &text)));
}

const AZURE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The signature of "Authorize with Shared Key" of Azure Storage.
fn shared_key(request: &Request) -> String {
    let url = Url::parse(&request.url).expect("a URL");
    let value = |name: &str| request.header(name).unwrap_or_default();
    let length = Some(value("content-length")).filter(|length| *length != "0").unwrap_or_default();
    let mut text = format!("{}\n", request.method);
    for part in [
        value("content-encoding"),
        value("content-language"),
        length,
        value("content-md5"),
        value("content-type"),
        value("date"),
        value("if-modified-since"),
        value("if-match"),
        value("if-none-match"),
        value("if-unmodified-since"),
        value("range"),
    ] {
        text.push_str(part);
        text.push('\n');
    }
    let mut headers: Vec<_> =
        request.headers.iter().filter(|(name, _)| name.starts_with("x-ms-")).collect();
    headers.sort();
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}:{value}\n")));
    text.push_str(&format!("/acc{}", url.path()));
    let mut query: Vec<_> = url.query_pairs().into_owned().collect();
    query.sort();
    query
        .iter()
        .for_each(|(name, value)| text.push_str(&format!("\n{}:{value}", name.to_lowercase())));
    BASE64_STANDARD.encode(hmac(&BASE64_STANDARD.decode(AZURE_KEY).expect("base64"), &text))
}
