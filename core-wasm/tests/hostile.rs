//! Bad arguments, bad calls and bad answers: each ends in a `failed` step, none in a panic.

mod support;

use object_store_core::Engine;
use serde_json::json;
use support::*;

const KINDS: [&str; 4] = ["s3", "gcs", "azure", "http"];

#[test]
fn attributes_that_no_header_can_carry_are_refused() {
    let values = ["a\rb", "a\nb", "a\0b", "a\u{7f}b", "a\tb", "é", "😀", "\u{1}"];
    let names = ["a b", "a:b", "a\nb", "", "é", "a\0"];
    for kind in KINDS {
        let mut engine = store(kind);
        for (name, value) in
            values.iter().map(|value| ("k", *value)).chain(names.iter().map(|name| (*name, "v")))
        {
            let options = json!({"attributes": {name: value}}).to_string();
            let (failure, message) =
                Step::read(&engine.put(1, "a", 1, &"00".repeat(32), &options)).failed();
            let expected: &[&str] = if kind == "http" {
                &["invalid-input", "not-supported"]
            } else {
                &["invalid-input"]
            };
            assert!(expected.contains(&failure.as_str()), "{kind} {name:?} {value:?} {message}");
        }
    }
    let options = json!({"attributes": {"k": "v".repeat(9000)}}).to_string();
    assert_eq!(Step::read(&s3().put(1, "a", 1, "", &options)).kind(), "invalid-input");
}

#[test]
fn conditions_with_control_characters_are_refused() {
    for kind in KINDS {
        let mut engine = store(kind);
        for name in ["if_match", "if_none_match", "version"] {
            for value in ["a\nb", "a\rb", "\0", "é", ""] {
                let options = json!({name: value}).to_string();
                assert_eq!(Step::read(&engine.get(1, "a", &options)).kind(), "invalid-input");
            }
        }
        for mode in [json!({"e_tag": "a\nb"}), json!({"version": "a\nb"}), json!({"e_tag": "é"})] {
            let options = json!({"mode": mode}).to_string();
            assert_eq!(Step::read(&engine.put(1, "a", 1, "", &options)).kind(), "invalid-input");
        }
        for time in [i64::MAX, i64::MIN, 300_000_000_000_000_000] {
            let options = json!({"if_modified_since": time}).to_string();
            assert_eq!(Step::read(&engine.get(1, "a", &options)).kind(), "invalid-input");
        }
    }
}

#[test]
fn paths_are_refused_before_anything_is_sent() {
    let long = "k".repeat(70_000);
    for kind in KINDS {
        let mut engine = store(kind);
        for path in ["", "/", "a//b", "../x", "a/.", "a\u{1}", "a\0b", &long, &"é".repeat(2_049)] {
            let options = &"00".repeat(32);
            assert_eq!(Step::read(&engine.get(1, path, "")).kind(), "invalid-path", "{path:.20}");
            assert_eq!(Step::read(&engine.put(1, path, 1, options, "")).kind(), "invalid-path");
            assert_eq!(Step::read(&engine.delete(1, path)).kind(), "invalid-path");
            assert_eq!(Step::read(&engine.copy(1, "a", path, true)).kind(), "invalid-path");
        }
        assert_eq!(Step::read(&engine.list(1, "a/../b", "")).kind(), "invalid-path");
        let text = Step::read(&engine.get(1, &long, "")).failed().1;
        assert!(text.len() < 300 && text.contains("70000 bytes"));
    }
}

#[test]
fn every_printable_key_can_be_sent() {
    for kind in KINDS {
        let mut engine = store(kind);
        for c in (' '..'\u{7f}').chain(['é', '😀', '\u{3000}']) {
            let key = format!("x{c}y/{}", c.to_string().repeat(200));
            match Step::read(&engine.put(1, &key, 1, &"00".repeat(32), "")) {
                Step::Request(request) => assert!(request.url.is_ascii(), "{}", request.url),
                step => assert_eq!(step.kind(), "invalid-path", "{key}"),
            }
            engine.cancel(1);
        }
    }
}

#[test]
fn long_texts_for_urls_are_refused() {
    let long = "é".repeat(40_000);
    let mut engine = s3();
    let options = json!({"token": long}).to_string();
    assert_eq!(Step::read(&engine.list(1, "", &options)).kind(), "generic");
    assert_eq!(Step::read(&engine.put_part(1, "a", &long, 0, 1, "")).kind(), "generic");
    assert_eq!(Step::read(&engine.put_part(1, "a", "i", 10_000, 1, "")).kind(), "invalid-input");
    assert_eq!(Step::read(&engine.abort_upload(1, "a", "a\nb")).kind(), "generic");
    let parts = json!([long]).to_string();
    assert_eq!(Step::read(&engine.complete_upload(1, "a", "i", &parts)).kind(), "generic");
    assert_eq!(Step::read(&engine.complete_upload(1, "a", "i", "{}")).kind(), "invalid-input");
    let options = json!({"token": "é".repeat(2000)}).to_string();
    Step::read(&engine.list(1, "", &options)).request();
}

#[test]
fn ranges_and_lengths_have_their_limits() {
    let mut engine = s3();
    for range in [
        json!(["bounded", 3, 3]),
        json!(["bounded", 3, 2]),
        json!(["bounded", 0, u64::MAX]),
        json!(["bounded", 0, 5_000_000_000_u64]),
        json!(["bounded", -1, 2]),
        json!(["offset", u64::MAX]),
        json!(["suffix", 0]),
        json!(["suffix", 1.5]),
        json!(["middle", 1]),
        json!([1, 2]),
    ] {
        let options = json!({"range": range}).to_string();
        assert_eq!(Step::read(&engine.get(1, "a", &options)).kind(), "invalid-input", "{range}");
    }
    for length in [u64::from(u32::MAX), u64::MAX] {
        let (kind, message) = Step::read(&engine.put(1, "a", length, "", "")).failed();
        assert_eq!(kind, "invalid-input");
        assert!(message.contains("multipart"));
    }
    Step::read(&engine.put(1, "a", u64::from(u32::MAX) - 1, &"00".repeat(32), "")).request();
    for digest in ["00", &"zz".repeat(32), &"é".repeat(32)] {
        assert_eq!(Step::read(&engine.put(2, "a", 1, digest, "")).kind(), "invalid-input");
    }
}

#[test]
fn calls_in_the_wrong_order_are_refused() {
    let mut engine = Engine::new();
    assert_eq!(Step::read(&engine.get(1, "a", "")).kind(), "invalid-input");
    assert_eq!(Step::read(&engine.respond(1, 200, "", String::new())).kind(), "invalid-input");
    assert_eq!(engine.cancel(1), "");
    assert_eq!(engine.mail(), "");
    let mut engine = s3();
    assert_eq!(Step::read(&engine.open("s3", S3)).kind(), "invalid-input");
    Step::read(&engine.get(1, "a", "")).request();
    assert_eq!(Step::read(&engine.get(1, "a", "")).kind(), "invalid-input");
    assert_eq!(Step::read(&engine.credential(1, "{}".into(), 0, "")).kind(), "invalid-input");
    assert_eq!(Step::read(&engine.fail(2, "connect", "")).kind(), "invalid-input");
    Step::read(&engine.respond(1, 200, OBJECT, String::new())).done();
    assert_eq!(Step::read(&engine.respond(1, 200, OBJECT, String::new())).kind(), "invalid-input");
    engine.get(3, "a", "");
    engine.cancel(3);
    assert_eq!(Step::read(&engine.respond(3, 200, OBJECT, String::new())).kind(), "invalid-input");
}

#[test]
fn responses_that_are_no_http_are_decode_errors() {
    let many = "x:y\n".repeat(10_000);
    let big = format!("x-amz-meta-k:{}", "v".repeat(100 * 1024));
    for (status, headers) in [
        (0, ""),
        (99, ""),
        (100, ""),
        (1000, ""),
        (70_000, ""),
        (200, many.as_str()),
        (200, "no colon"),
        (200, "bad name:x"),
        (200, ":x"),
        (200, "x:a\u{1}b"),
        (200, "x:\0"),
        (206, "content-range:bytes 0-18446744073709551615/18446744073709551615"),
        (206, "content-range:bytes 0-9223372036854775808/5"),
        (206, "content-range:bytes 0-99999999999999999999999999/5"),
    ] {
        let mut engine = s3();
        engine.get(1, "a", r#"{"range": ["offset", 0]}"#);
        let (kind, message) =
            Step::read(&engine.respond(1, status, headers, String::new())).failed();
        assert_eq!(kind, "generic");
        assert!(message.contains("response is not valid"), "{status} {headers:.60} {message}");
    }
    for (status, headers) in [
        (999, ""),
        (200, big.as_str()),
        (200, "content-length:-1"),
        (200, "content-length:1e9"),
        (200, "content-length:5\nlast-modified:yesterday"),
        (200, "content-length:5\netag:é"),
        (206, "content-length:5\ncontent-range:bytes 5-1/3"),
        (206, "content-length:5\ncontent-range:bytes"),
    ] {
        let mut engine = s3();
        engine.get(1, "a", r#"{"range": ["offset", 0]}"#);
        Step::read(&engine.respond(1, status, headers, String::new())).kind();
    }
}

#[test]
fn answers_that_would_break_the_crate_are_refused() {
    let mut engine = s3();
    engine.delete(1, "a\nb");
    for key in ["c", "a//b", ""] {
        let body = format!(
            "<DeleteResult><Error><Key>{key}</Key><Code>X</Code><Message>m</Message></Error></DeleteResult>"
        );
        let message = Step::read(&engine.respond(1, 200, "", body)).failed().1;
        assert!(message.contains("response is not valid"), "{message}");
        engine.delete(1, "a\nb");
    }
    for id in ["2", "99", "18446744073709551615", " 7 ", "+4"] {
        let mut engine = store("azure");
        engine.delete(1, "a\nb");
        let body = format!("--x\r\ncontent-id: {id}\r\n\r\nHTTP/1.1 404 no\r\n\r\n--x--\r\n");
        Step::read(&engine.respond(1, 202, "content-type:multipart/mixed; boundary=x", body))
            .kind();
    }
    let options = S3.replace(r#""bucket""#, r#""copy_if_not_exists": "multipart", "bucket""#);
    let mut engine = open("s3", &options);
    engine.copy(1, "a", "b", false);
    let id = format!(
        "<InitiateMultipartUploadResult><UploadId>{}</UploadId></InitiateMultipartUploadResult>",
        "é".repeat(30_000)
    );
    assert_eq!(Step::read(&engine.respond(1, 200, "", id)).kind(), "generic");
}

#[test]
fn metadata_servers_cannot_break_the_crate() {
    for script in [vec!["a\nb"], vec!["é"], vec!["t", "a b"], vec!["t", "r?x#y"], vec!["t", "é\n"]]
    {
        let mut engine = open("s3", r#"{"config": {"bucket": "b"}}"#);
        engine.get(1, "a", "");
        let mut last = String::new();
        for text in script {
            last = engine.respond(1, 200, "", text.to_string());
        }
        assert_eq!(Step::read(&last).kind(), "unauthenticated");
    }
    for expires in ["18446744073709551615", "\"18446744073709551615\"", "9999999999999"] {
        let mut engine = open("gcs", r#"{"config": {"bucket": "b"}}"#);
        engine.get(1, "a", "");
        let body = format!("{{\"access_token\": \"t\", \"expires_in\": {expires}}}");
        engine.respond(1, 200, "", body.clone()); // the first of two addresses of the server
        Step::read(&engine.respond(1, 200, "", body)).kind();
        let mut engine =
            open("azure", r#"{"config": {"account_name": "a", "container_name": "c"}}"#);
        engine.get(1, "a", "");
        let body = format!("{{\"access_token\": \"t\", \"expires_on\": {expires}}}");
        Step::read(&engine.respond(1, 200, "", body)).kind();
    }
}

#[test]
fn tokens_as_lists_cannot_break_the_crate() {
    for body in [r#"["t", 18446744073709551615]"#, r#" ["t", "18446744073709551615"]"#] {
        for (kind, options) in [
            ("gcs", r#"{"config": {"bucket": "b"}}"#),
            ("azure", r#"{"config": {"account_name": "a", "container_name": "c"}}"#),
        ] {
            let mut engine = open(kind, options);
            engine.get(1, "a", "");
            let mut step = Step::read(&engine.respond(1, 200, "", body.to_string()));
            while let Step::Request(_) = step {
                step = Step::read(&engine.respond(1, 200, "", body.to_string()));
            }
            step.failed();
        }
    }
}

#[test]
fn odd_session_tokens_cannot_break_the_crate() {
    let options = r#"{"config": {"bucket": "b--use1-az4--x-s3", "s3_express": "true",
        "access_key_id": "AK", "secret_access_key": "S", "region": "us-east-1"}}"#;
    for token in [
        "<SessionToken>a\nb</SessionToken>",
        "<SessionToken a='b'>é</SessionToken>",
        "<x:SessionToken >a&#10;b</x:SessionToken>",
        "<SessionToken><![CDATA[a\nb]]></SessionToken>",
        "<SessionToken>a<!-- -->\u{e9}b</SessionToken>",
        "<SessionToken>\u{1}</SessionToken>",
    ] {
        let mut engine = open("s3", options);
        engine.get(1, "a", "");
        let body = format!(
            "<CreateSessionResult><Credentials>{token}<SecretAccessKey>s</SecretAccessKey>\
             <AccessKeyId>k</AccessKeyId><Expiration>2099-01-01T00:00:00Z</Expiration>\
             </Credentials></CreateSessionResult>"
        );
        let (_, message) = Step::read(&engine.respond(1, 200, "", body)).failed();
        assert!(message.contains("characters that no header can carry"), "{token}: {message}");
    }
}

#[test]
fn odd_texts_end_every_verb() {
    let deep = "<a>".repeat(20_000);
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><ListBucketResult>&b;</ListBucketResult>";
    let bodies = [
        "",
        "x",
        "<",
        "<a",
        "</a>",
        "<a>]]>",
        &deep,
        bomb,
        "{}",
        "null",
        "\u{feff}<a/>",
        "<ListBucketResult><Contents><Key>&#0;</Key></Contents></ListBucketResult>",
        "<DeleteResult><Error/></DeleteResult>",
        "<UploadId>",
        "--x\r\n--x--",
        &"&amp;".repeat(50_000),
    ];
    for kind in KINDS {
        for body in bodies {
            for status in [200, 207, 302, 404, 500] {
                for verb in 0..7 {
                    odd_text(kind, verb, status, body);
                }
            }
        }
    }
}

fn odd_text(kind: &str, verb: usize, status: u32, body: &str) {
    let mut engine = store(kind);
    let digest = "00".repeat(32);
    let mut step = match verb {
        0 => engine.list(1, "p", ""),
        1 => engine.delete(1, "a"),
        2 => engine.copy(1, "a", "b", true),
        3 => engine.create_upload(1, "a", ""),
        4 => engine.complete_upload(1, "a", "u", r#"["p"]"#),
        5 => engine.put(1, "a", 2, &digest, ""),
        _ => engine.get(1, "a", ""),
    };
    for _ in 0..BOUND {
        match Step::read(&step) {
            Step::Request(_) => {
                let headers =
                    "content-type:multipart/mixed; boundary=x\netag:e\ncontent-length:0\n";
                step = engine.respond(1, status, headers, body.to_string());
            }
            Step::Failed(failure) => {
                return assert!(failure["message"].as_str().is_some_and(|text| text.len() <= 2048));
            }
            _ => return,
        }
    }
    panic!("no end: {kind} {verb} {status} {body:.40}");
}
