//! Keys that are no paths of the crate's: every verb sends them as they are, signed as they are sent.

mod support;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};
use support::*;

/// Keys as they cross the border, and as a URL has them.
const KEYS: [(&str, &str); 6] = [
    ("run/", "run/"),
    ("\0run/", "run/"),
    ("\0a//b", "a//b"),
    ("\0a/../b/.", "a/../b/."),
    ("\0/", "/"),
    ("\0a\nb\u{10FF00}/", "a%0Ab%F4%8F%BC%80/"),
];

const BAD_KEYS: &str = r#"{"bad_keys": true}"#;

const PAGE: &str = "<ListBucketResult><Contents><Key>KEY</Key><Size>1</Size>\
    <LastModified>2024-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>";

#[test]
fn every_verb_names_the_key_itself() {
    for kind in ["s3", "gcs", "azure", "http"] {
        for (key, sent) in KEYS {
            let mut engine = store(kind);
            let digest = "ab".repeat(32);
            let steps = [
                engine.get(1, key, ""),
                engine.put(2, key, 3, &digest, ""),
                engine.copy(3, "a", key, true),
                engine.copy(4, key, "a", true),
            ];
            for (step, method) in steps.iter().zip(["GET", "PUT", "COPY", "COPY"]) {
                let request = Step::read(step).request();
                let named = match request.method.as_str() {
                    "PUT" if request.url.ends_with("/a") => SOURCES.iter(),
                    "COPY" if method == "COPY" => SOURCES.iter(),
                    _ => [].iter(),
                };
                let texts: Vec<_> = named
                    .filter_map(|name| request.header(name))
                    .chain([request.url.as_str()])
                    .map(|text| text.replace("%2F", "/").replace("%2E", "."))
                    .collect();
                assert!(texts.iter().any(|text| text.ends_with(&format!("/{sent}"))), "{texts:?}");
                assert!(!texts.concat().contains("%F4%8F%BC%80F"), "{texts:?}");
            }
        }
    }
}

const SOURCES: [&str; 4] =
    ["x-amz-copy-source", "x-goog-copy-source", "x-ms-copy-source", "destination"];

#[test]
fn what_is_signed_is_what_is_sent() {
    for (key, _) in KEYS {
        let mut engine = s3();
        let request = Step::read(&engine.get(1, key, "")).request();
        assert_eq!(signature(&request), sent_signature(&request));
        engine.cancel(1);
        let request = Step::read(&engine.copy(1, key, "target", true)).request();
        assert!(request.header("x-amz-copy-source").is_some_and(|source| !source.contains("FF")));
        assert_eq!(signature(&request), sent_signature(&request));
        engine.cancel(1);
        let request = Step::read(&engine.delete(1, key)).request();
        assert_eq!(request.method, "DELETE");
        assert_eq!(signature(&request), sent_signature(&request));
    }
}

fn sent_signature(request: &Request) -> String {
    let given = request.header("authorization").expect("a signature");
    given.rsplit('=').next().expect("a signature").to_string()
}

/// The signature that SigV4 wants for a request as it is sent.
fn signature(request: &Request) -> String {
    let given = request.header("authorization").expect("a signature");
    let field = |name: &str| {
        let rest = &given[given.find(name).expect("a field") + name.len()..];
        rest.split(',').next().expect("a value").trim()
    };
    let (signed, scope) = (field("SignedHeaders="), field("Credential="));
    let (_, scope) = scope.split_once('/').expect("a scope");
    let rest = request.url.strip_prefix("https://").expect("https");
    let (host, path) = rest.split_once('/').expect("a path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers: String = signed
        .split(';')
        .map(|name| match name {
            "host" => format!("host:{host}\n"),
            name => format!("{name}:{}\n", request.header(name).expect("a signed header")),
        })
        .collect();
    let digest = request.header("x-amz-content-sha256").expect("a digest");
    let canonical = format!("{}\n/{path}\n{query}\n{headers}\n{signed}\n{digest}", request.method);
    let date = request.header("x-amz-date").expect("a date");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let key = scope
        .split('/')
        .fold(b"AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_vec(), |key, part| {
            hmac(&key, part.as_bytes())
        });
    hex(&hmac(&key, message.as_bytes()))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn a_listing_names_keys_as_they_are() {
    for (key, bad) in [
        ("run/", false),
        ("a/b", false),
        ("a//b", true),
        ("/a", true),
        ("../x", true),
        ("a/.", true),
        ("\u{10FF00}", false),
        ("a&#9;b", true),
    ] {
        let mut engine = s3();
        let first = engine.list(1, "", BAD_KEYS);
        let page = PAGE.replace("KEY", key);
        let (step, _) = run(&mut engine, first, &[reply(200, "", &page)]);
        let found = step.done();
        let rows = &found[if bad { "bad" } else { "objects" }];
        assert_eq!(rows[0][0], json!(key.replace("&#9;", "\t")), "{found}");
    }
}

#[test]
fn a_key_outside_the_prefix_is_bad() {
    for (key, bad) in [("p/a", false), ("p/", false), ("p", true), ("pa/b", true), ("/p/a", true)] {
        let mut engine = s3();
        let first = engine.list(1, "p", BAD_KEYS);
        let (step, requests) =
            run(&mut engine, first, &[reply(200, "", &PAGE.replace("KEY", key))]);
        let found = step.done();
        assert_eq!(found["objects"].as_array().map(Vec::len), Some(usize::from(!bad)), "{found}");
        assert!(requests[0].url.ends_with("&prefix=p%2F"));
    }
}

#[test]
fn listings_begin_after_and_below_any_key() {
    let mut engine = s3();
    let options = json!({"offset": "\0a//b", "token": "x\u{10FF00}FF"}).to_string();
    let request = Step::read(&engine.list(1, "\0a//", &options)).request();
    for part in ["prefix=a%2F%2F&", "start-after=a%2F%2Fb", "token=x%F4%8F%BC%80FF&"] {
        assert!(request.url.contains(part), "{}", request.url);
    }
    assert_eq!(signature(&request), sent_signature(&request));
}
