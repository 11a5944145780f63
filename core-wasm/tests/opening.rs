//! Opening a store: what is refused, how it is said, and that no secret is ever repeated.

mod support;

use object_store_core::Engine;
use serde_json::{Value, json};
use support::*;

fn try_open(kind: &str, config: Value) -> Step {
    Step::read(&Engine::new().open(kind, &json!({"config": config}).to_string()))
}

#[test]
fn an_unknown_key_names_the_nearest() {
    for (kind, key, nearest) in [
        ("s3", "buckett", "bucket"),
        ("s3", "acces_key_id", "access_key_id"),
        ("gcs", "service_acount_key", "service_account_key"),
        ("azure", "acount_name", "account_name"),
        ("http", "urll", "url"),
    ] {
        let (failure, message) = try_open(kind, json!({key: "x"})).failed();
        assert_eq!(failure, "unknown-configuration-key");
        assert!(message.contains(key) && message.contains(&format!("{nearest:?}")), "{message}");
    }
}

#[test]
fn client_keys_belong_to_the_host() {
    for kind in ["s3", "gcs", "azure"] {
        for key in ["timeout", "proxy_url", "USER_AGENT", "allow_invalid_certificates"] {
            assert_eq!(try_open(kind, json!({key: "x"})).kind(), "invalid-input");
        }
    }
}

#[test]
fn every_spelling_of_a_key_works() {
    let config =
        json!({"AWS_BUCKET": "b", "Aws_Region": "eu-west-1", "ENDPOINT": "https://e.example"});
    try_open("s3", config).done();
    for key in ["aws_endpoint_url_s3", "endpoint", "aws_endpoint_url"] {
        let options = json!({"config": {"bucket": "b", "skip_signature": "true", key: "https://e.example:8/x/"}});
        let mut engine = open("s3", &options.to_string());
        assert_eq!(Step::read(&engine.get(1, "k", "")).request().url, "https://e.example:8/x/b/k");
    }
    let twice = json!({"bucket": "b", "aws_bucket": "c"});
    assert!(try_open("s3", twice).failed().1.contains("twice"));
}

#[test]
fn crc64_is_refused_in_every_spelling() {
    for key in ["checksum_algorithm", "AWS_CHECKSUM_ALGORITHM", "aws_checksum_algorithm"] {
        for value in ["CRC64NVME", "crc64nvme", "Crc64Nvme"] {
            assert_eq!(try_open("s3", json!({"bucket": "b", key: value})).kind(), "not-supported");
        }
    }
    assert_eq!(
        try_open("s3", json!({"bucket": "b", "checksum_algorithm": "md5"})).kind(),
        "invalid-input"
    );
}

#[test]
fn bad_values_are_refused() {
    let bad = [
        ("bucket", "a\nb"),
        ("bucket", ""),
        ("bucket", "a/b"),
        ("bucket", "a?b"),
        ("bucket", ".."),
        ("region", "a b"),
        ("region", "x/../y"),
        ("region", "é"),
        ("access_key_id", "a\nb"),
        ("endpoint", "nonsense"),
        ("endpoint", "ftp://x"),
        ("endpoint", "http://x"),
        ("endpoint", "https://"),
        ("endpoint", "https://u:p@h"),
        ("endpoint", "https://h?q=1"),
        ("endpoint", "https://h#f"),
        ("endpoint", "https://1.2.3.999"),
        ("endpoint", "https://h:99999"),
        ("endpoint", "data:x"),
        ("endpoint", "https://[::z]"),
        ("skip_signature", "maybe"),
        ("copy_if_not_exists", "header:a b:c"),
        ("copy_if_not_exists", "often"),
        ("conditional_put", "often"),
        ("default_content_type", "a\nb"),
        ("container_credentials_relative_uri", "@evil.example/x"),
        ("server_side_encryption", "x"),
        ("metadata_endpoint", "https://u@h"),
        ("role_arn", &"é".repeat(9)),
    ];
    for (key, value) in bad {
        let mut config = json!({"bucket": "b", "region": "r"});
        config[key] = value.into();
        let step = try_open("s3", config);
        assert!(matches!(step, Step::Failed(_)), "{key} {value:?}");
        assert_eq!(step.kind(), "invalid-input", "{key} {value:?}");
    }
    assert_eq!(try_open("s3", json!({})).kind(), "invalid-input");
    assert_eq!(try_open("ftp", json!({})).kind(), "invalid-input");
    assert_eq!(try_open("s3", json!({"bucket": 5})).kind(), "invalid-input");
    assert_eq!(
        try_open("http", json!({"url": "https://h", "host": "x"})).kind(),
        "unknown-configuration-key"
    );
    for (key, value) in [
        ("account_name", "a/b"),
        ("endpoint", "https://h?x"),
        ("access_key", "!"),
        ("sas_token", "x"),
    ] {
        let mut config = json!({"account_name": "a", "container_name": "c"});
        config[key] = value.into();
        assert_eq!(try_open("azure", config).kind(), "invalid-input", "{key}");
    }
}

#[test]
fn retries_that_would_break_the_jitter_are_refused() {
    for retry in [
        json!({"init_backoff_ms": 0}),
        json!({"base": 1.0}),
        json!({"base": -2.0}),
        json!({"max_backoff_ms": 1}),
        json!({"max_backoff_ms": u64::MAX}),
        json!({"max_retries": -1}),
    ] {
        let options = json!({"config": {"bucket": "b"}, "retry": retry}).to_string();
        assert_eq!(
            Step::read(&Engine::new().open("s3", &options)).kind(),
            "invalid-input",
            "{retry}"
        );
    }
}

#[test]
fn default_headers_are_checked() {
    for (name, value) in
        [("Host", "x"), ("content-length", "1"), ("a b", "x"), ("x", "a\nb"), ("x", "é")]
    {
        let options =
            json!({"config": {"bucket": "b"}, "default_headers": {name: value}}).to_string();
        assert_eq!(Step::read(&Engine::new().open("s3", &options)).kind(), "invalid-input");
    }
}

const CANARY: &str = "canary7secret";

/// Everything that an engine says: steps and mail.
fn said(kind: &str, options: &Value) -> String {
    let mut engine = Engine::new();
    let mut text = engine.open(kind, &options.to_string());
    let opened = text.contains("done");
    for (n, status) in [(1, 403), (2, 500), (3, 200)] {
        if !opened {
            break;
        }
        let echo = format!(
            "<Error><Code>{CANARY}</Code><Message>{CANARY} https://h/p?sig={CANARY}</Message></Error>"
        );
        let mut step = engine.get(n, "a", "");
        for _ in 0..BOUND {
            if !step.contains("request\n") {
                break;
            }
            step = engine.respond(n, status, "", echo.clone());
        }
        text.push_str(&step);
        engine.get(n + 10, "a", "");
        text.push_str(&engine.fail(
            n + 10,
            "unknown",
            &format!("to https://h/?x={CANARY} with {CANARY}"),
        ));
        text.extend(mail(&mut engine).into_iter().map(|(head, rest)| head + &rest));
    }
    text
}

#[test]
fn no_secret_is_ever_said() {
    let bad = format!("{CANARY}\n");
    for value in [CANARY, bad.as_str()] {
        for (kind, keys) in [
            (
                "s3",
                &[
                    "secret_access_key",
                    "session_token",
                    "sse_customer_key_base64",
                    "skip_signature",
                ][..],
            ),
            ("gcs", &["bearer_token", "service_account_key"]),
            (
                "azure",
                &[
                    "access_key",
                    "sas_token",
                    "token",
                    "client_secret",
                    "encryption_key",
                    "use_emulator",
                ],
            ),
        ] {
            for key in keys {
                let mut config = match kind {
                    "azure" => {
                        json!({"account_name": "a", "container_name": "c", "client_id": "i", "tenant_id": "t"})
                    }
                    _ => json!({"bucket": "b"}),
                };
                if kind == "s3" {
                    config["access_key_id"] = "AK".into();
                    config["secret_access_key"] = CANARY.into();
                }
                config[*key] = value.into();
                let text = said(kind, &json!({"config": config, "retry": {"max_retries": 1}}));
                assert!(!text.contains(CANARY), "{kind} {key}: {text}");
            }
        }
    }
    let nested = json!({"private_key": {"x": CANARY}, "private_key_id": CANARY}).to_string();
    assert!(
        !said("gcs", &json!({"config": {"bucket": "b", "service_account_key": nested}}))
            .contains(CANARY)
    );
    assert!(!said("s3", &json!({"config": {"bucket": "b", "token": [CANARY]}})).contains(CANARY));
    assert!(!said("s3", &json!({"config": {"bucket": "b"}, CANARY: CANARY})).contains(CANARY));
}
