//! The verbs against a scripted server: what they send, what they make of the answers.

mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use support::*;

#[test]
fn a_get_asks_for_the_body_to_stay_in_the_host() {
    let mut engine = s3();
    let first = engine.get(1, "a/b.txt", "");
    let (step, requests) = run(&mut engine, first, &[reply(200, OBJECT, "")]);
    assert_eq!(step.done(), json!([1_445_412_480_000_000_u64, 5, "\"e\"", null, 0, 5, {}]));
    assert_eq!(requests[0].response, "host");
    assert_eq!(requests[0].url, "https://s3.us-east-1.amazonaws.com/b/a/b.txt");
    assert_eq!((requests[0].method.as_str(), requests[0].body.as_str()), ("GET", "none"));
}

#[test]
fn a_head_is_sent_as_head_and_read_as_text() {
    let mut engine = s3();
    let first = engine.get(1, "a", r#"{"head": true}"#);
    let (step, requests) = run(&mut engine, first, &[reply(200, OBJECT, "")]);
    assert_eq!(step.done()[1], 5);
    assert_eq!((requests[0].method.as_str(), requests[0].response.as_str()), ("HEAD", "text"));
}

#[test]
fn a_get_reports_attributes_version_and_range() {
    let mut engine = s3();
    let headers = "content-length:2\netag:e\ncontent-range:bytes 1-2/5\ncontent-type:text/x\n\
                   x-amz-meta-k:v\nx-amz-version-id:7\n";
    let first = engine.get(1, "a", r#"{"range": ["bounded", 1, 3]}"#);
    let (step, requests) = run(&mut engine, first, &[reply(206, headers, "")]);
    assert_eq!(step.done(), json!([0, 5, "e", "7", 1, 3, {"Content-Type": "text/x", "k": "v"}]));
    assert_eq!(requests[0].header("range"), Some("bytes=1-2"));
}

#[test]
fn conditions_reach_the_request() {
    let mut engine = s3();
    let options = r#"{"if_match": "x", "if_none_match": "y", "if_modified_since": 1000000,
        "if_unmodified_since": 2000000, "version": "3"}"#;
    let request = Step::read(&engine.get(1, "a", options)).request();
    assert_eq!(request.header("if-match"), Some("x"));
    assert_eq!(request.header("if-none-match"), Some("y"));
    assert_eq!(request.header("if-modified-since"), Some("Thu, 01 Jan 1970 00:00:01 GMT"));
    assert_eq!(request.header("if-unmodified-since"), Some("Thu, 01 Jan 1970 00:00:02 GMT"));
    assert!(request.url.ends_with("?versionId=3"));
}

#[test]
fn a_put_sends_the_hosts_body_and_its_digest() {
    for kind in ["s3", "gcs", "azure", "http"] {
        let mut engine = store(kind);
        let digest = "ab".repeat(32);
        for length in [1, 1 << 18, (1 << 18) + 1, 8 << 20] {
            let options = r#"{"attributes": {"Content-Type": "text/plain"}}"#;
            let first = engine.put(1, "a", length, &digest, options);
            let (step, requests) = run(&mut engine, first, &[reply(200, "etag:\"n\"", "")]);
            assert_eq!(step.done(), json!(["\"n\"", null]));
            let request = &requests[0];
            assert_eq!((request.body.as_str(), request.text.as_str()), ("host", ""));
            assert_eq!(request.header("content-length"), Some(length.to_string().as_str()));
            if kind == "s3" {
                assert_eq!(request.header("x-amz-content-sha256"), Some(digest.as_str()));
            }
        }
    }
}

#[test]
fn an_empty_put_has_no_body() {
    let mut engine = s3();
    let request = Step::read(&engine.put(1, "a", 0, "", "")).request();
    assert_eq!((request.body.as_str(), request.header("content-length")), ("none", Some("0")));
}

#[test]
fn a_placeholder_is_never_hashed() {
    let mut engine = s3();
    let (kind, message) = Step::read(&engine.put(1, "a", 5, "", "")).failed();
    assert_eq!(kind, "generic");
    assert!(message.contains("SHA-256"), "{message}");
}

#[test]
fn put_modes_become_conditions() {
    let cases = [
        ("s3", r#"{"mode": "create"}"#, "if-none-match", "*"),
        ("s3", r#"{"mode": {"e_tag": "x"}}"#, "if-match", "x"),
        ("gcs", r#"{"mode": "create"}"#, "x-goog-if-generation-match", "0"),
        ("gcs", r#"{"mode": {"version": "7"}}"#, "x-goog-if-generation-match", "7"),
        ("azure", r#"{"mode": "create"}"#, "if-none-match", "*"),
    ];
    for (kind, options, name, value) in cases {
        let mut engine = store(kind);
        let request = Step::read(&engine.put(1, "a", 3, &"00".repeat(32), options)).request();
        assert_eq!(request.header(name), Some(value));
    }
}

#[test]
fn a_lost_create_already_exists() {
    for (status, kind) in
        [(412, "already-exists"), (409, "already-exists"), (403, "permission-denied")]
    {
        let mut engine = s3();
        let first = engine.put(1, "a", 3, &"00".repeat(32), r#"{"mode": "create"}"#);
        let (step, _) = run(&mut engine, first, &[reply(status, "", "")]);
        assert_eq!(step.kind(), kind);
    }
}

#[test]
fn tags_and_attributes_reach_the_upload() {
    let mut engine = s3();
    let options = r#"{"attributes": {"Cache-Control": "no-store", "k": "v", "Storage-Class": "GLACIER"},
        "tags": {"a b": "c"}}"#;
    let first = engine.create_upload(1, "a", options);
    let body =
        "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>";
    let (step, requests) = run(&mut engine, first, &[reply(200, "", body)]);
    assert_eq!(step.done(), json!("id"));
    let request = &requests[0];
    assert_eq!(request.header("cache-control"), Some("no-store"));
    assert_eq!(request.header("x-amz-meta-k"), Some("v"));
    assert_eq!(request.header("x-amz-storage-class"), Some("GLACIER"));
    assert_eq!(request.header("x-amz-tagging"), Some("a+b=c"));
    let first = engine.put_part(1, "a", "id", 4, 7, &"ab".repeat(32));
    let (step, requests) = run(&mut engine, first, &[reply(200, "etag:\"p\"", "")]);
    assert_eq!(step.done(), json!("\"p\""));
    assert!(requests[0].url.ends_with("?partNumber=5&uploadId=id"));
    assert_eq!(requests[0].body, "host");
}

#[test]
fn an_upload_is_completed_and_aborted() {
    let mut engine = s3();
    let done = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
    let first = engine.complete_upload(1, "a", "id", r#"["\"p0\"", "\"p1\""]"#);
    let (step, requests) = run(&mut engine, first, &[reply(200, "x-amz-version-id:9", done)]);
    assert_eq!(step.done(), json!(["\"e\"", "9"]));
    assert_eq!(requests[0].body, "text");
    assert!(requests[0].text.contains("<PartNumber>2</PartNumber>"), "{}", requests[0].text);
    let first = engine.abort_upload(1, "a", "id");
    let (step, requests) = run(&mut engine, first, &[reply(204, "", "")]);
    assert_eq!((step.done(), requests[0].method.as_str()), (json!(null), "DELETE"));
}

#[test]
fn attributes_of_an_azure_upload_are_sent_when_it_is_completed() {
    let mut engine = store("azure");
    let options = r#"{"attributes": {"Content-Type": "x", "k": "v"}, "tags": {"a b": "c"}}"#;
    let upload = Step::read(&engine.create_upload(1, "a", options)).done();
    let upload = upload.as_str().unwrap_or_default().to_string();
    let mut parts = Vec::new();
    for index in 0..2 {
        let first = engine.put_part(1, "a", &upload, index, 7, "");
        let (step, requests) = run(&mut engine, first, &[reply(201, "", "")]);
        assert_eq!((requests.len(), requests[0].body.as_str()), (1, "host"));
        parts.push(step.done().as_str().unwrap_or_default().to_string());
    }
    let first = engine.complete_upload(1, "a", &upload, &json!(parts).to_string());
    let replies = [reply(503, "", ""), reply(201, "etag:\"e\"", "")];
    let (step, requests) = run(&mut engine, first, &replies);
    assert_eq!(step.done(), json!(["\"e\"", null]));
    for request in &requests {
        assert!(request.url.ends_with("?comp=blocklist"), "{}", request.url);
        assert_eq!(request.header("x-ms-blob-content-type"), Some("x"));
        assert_eq!(request.header("x-ms-meta-k"), Some("v"));
        assert_eq!(request.header("x-ms-tags"), Some("a+b=c"));
        let ids: Vec<_> = parts.iter().map(|part| BASE64_STANDARD.encode(part)).collect();
        let listed = format!("<Uncommitted>{}</Uncommitted>\n\t<Uncommitted>{}</", ids[0], ids[1]);
        assert!(request.text.contains(&listed), "{}", request.text);
    }
    assert_eq!(requests.len(), 2);
    assert_eq!(Step::read(&engine.abort_upload(1, "a", &upload)).done(), json!(null));
    assert_eq!(Step::read(&engine.put_part(1, "a", "foreign!", 0, 7, "")).kind(), "invalid-input");
    assert_eq!(Step::read(&engine.create_upload(1, "a", "")).done(), json!(""));
    assert_eq!(Step::read(&store("http").create_upload(1, "a", "")).kind(), "not-implemented");
}

#[test]
fn a_listing_page_has_objects_prefixes_and_a_token() {
    let mut engine = s3();
    let body = "<ListBucketResult><Contents><Key>p/a&amp;b</Key><Size>3</Size>\
        <LastModified>2015-10-21T07:28:00.000Z</LastModified><ETag>\"x\"</ETag></Contents>\
        <CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>\
        <NextContinuationToken>t==</NextContinuationToken></ListBucketResult>";
    let first = engine.list(1, "p", r#"{"delimiter": true, "offset": "p/a", "max_keys": 2}"#);
    let (step, requests) = run(&mut engine, first, &[reply(200, "", body)]);
    assert_eq!(
        step.done(),
        json!({"objects": [["p/a&b", 1_445_412_480_000_000_u64, 3, "\"x\"", null]],
               "prefixes": ["p/d"], "token": "t=="})
    );
    let url = &requests[0].url;
    for part in ["delimiter=%2F", "prefix=p%2F", "start-after=p%2Fa", "max-keys=2", "list-type=2"] {
        assert!(url.contains(part), "{url} lacks {part}");
    }
    let request = Step::read(&engine.list(1, "", r#"{"token": "t=="}"#)).request();
    assert!(request.url.contains("continuation-token=t%3D%3D") && !request.url.contains("prefix"));
}

#[test]
fn a_key_in_a_listing_that_is_no_path_is_named() {
    for key in ["a//b", "../../etc/passwd"] {
        let mut engine = s3();
        let body = format!(
            "<ListBucketResult><Contents><Key>{key}</Key><Size>3</Size>\
             <LastModified>2015-10-21T07:28:00.000Z</LastModified></Contents></ListBucketResult>"
        );
        let first = engine.list(1, "", "");
        let (step, _) = run(&mut engine, first, &[reply(200, "", &body)]);
        let (kind, message) = step.failed();
        assert_eq!(kind, "invalid-path");
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn an_azure_listing_uses_markers_and_the_emulator_is_filtered_here() {
    let body = "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties>\
        <Last-Modified>Wed, 21 Oct 2015 07:28:00 GMT</Last-Modified><Content-Length>3</Content-Length><Content-Type>t</Content-Type>\
        <Etag>e</Etag></Properties></Blob><Blob><Name>b</Name><Properties>\
        <Last-Modified>Wed, 21 Oct 2015 07:28:00 GMT</Last-Modified><Content-Length>3</Content-Length><Content-Type>t</Content-Type>\
        <Etag>0x8D</Etag></Properties></Blob></Blobs><NextMarker>m</NextMarker></EnumerationResults>";
    let mut engine =
        open("azure", r#"{"config": {"container_name": "c", "use_emulator": "true"}}"#);
    let first = engine.list(1, "", r#"{"offset": "a"}"#);
    let (step, requests) = run(&mut engine, first, &[reply(200, "", body)]);
    let page = step.done();
    assert_eq!((page["objects"].as_array().map(Vec::len), &page["token"]), (Some(1), &json!("m")));
    assert_eq!(page["objects"][0][3], "\"0x8D\"");
    assert!(!requests[0].url.contains("startFrom"));
    let endpoint = r#"{"config": {"account_name": "acc", "container_name": "c", "access_key": "a2V5",
        "allow_http": "true", "endpoint": "http://127.0.0.1:1/acc"}}"#;
    let mut engine = open("azure", endpoint);
    let request = Step::read(&engine.list(1, "", r#"{"offset": "a"}"#)).request();
    assert!(!request.url.contains("startFrom"), "{}", request.url);
    let mut engine = store("azure");
    let request = Step::read(&engine.list(1, "", r#"{"offset": "a"}"#)).request();
    assert!(request.url.contains("startFrom="), "{}", request.url);
}

#[test]
fn an_http_listing_is_one_page() {
    let mut engine = store("http");
    let entry = |name: &str| {
        format!(
            "<D:response><D:href>/base/{name}</D:href><D:propstat><D:prop>\
             <D:getlastmodified>Wed, 21 Oct 2015 07:28:00 GMT</D:getlastmodified>\
             <D:getcontentlength>3</D:getcontentlength><D:resourcetype/></D:prop>\
             <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )
    };
    let body =
        format!("<D:multistatus xmlns:D=\"DAV:\">{}{}</D:multistatus>", entry("a"), entry("b%20c"));
    let first = engine.list(1, "", r#"{"offset": "a"}"#);
    let (step, requests) = run(&mut engine, first, &[reply(207, "", &body)]);
    let page = step.done();
    assert_eq!(page["objects"][0][0], "b c");
    assert_eq!((page["objects"].as_array().map(Vec::len), &page["token"]), (Some(1), &json!(null)));
    assert_eq!(requests[0].method, "PROPFIND");
}

#[test]
fn deletes_are_batched_as_open_says() {
    let mut engine = s3();
    let first = engine.delete(1, "a\nb c");
    let body = "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>";
    let (step, requests) = run(&mut engine, first, &[reply(200, "", body)]);
    assert_eq!((step.done(), requests.len()), (json!(null), 1));
    assert!(requests[0].text.contains("<Key>b c</Key>"));
    let first = engine.delete(1, "a\nb");
    let body = "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>";
    let (step, _) = run(&mut engine, first, &[reply(200, "", body)]);
    assert!(step.failed().1.contains("AccessDenied"));
    let mut engine = store("gcs");
    assert_eq!(Step::read(&engine.delete(1, "a\nb")).kind(), "invalid-input");
    let first = engine.delete(1, "a");
    let (step, requests) = run(&mut engine, first, &[reply(204, "", "")]);
    assert_eq!((step.done(), requests[0].method.as_str()), (json!(null), "DELETE"));
}

#[test]
fn a_copy_is_sent_with_its_source() {
    let mut engine = s3();
    let ok = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
    let first = engine.copy(1, "a", "b", true);
    let (step, requests) = run(&mut engine, first, &[reply(200, "", ok)]);
    assert_eq!((step.done(), requests[0].header("x-amz-copy-source")), (json!(null), Some("b/a")));
    assert_eq!(Step::read(&engine.copy(1, "a", "b", false)).kind(), "not-supported");
}

#[test]
fn a_copy_by_parts_asks_one_request_at_a_time() {
    let options = S3.replace(r#""bucket""#, r#""copy_if_not_exists": "multipart", "bucket""#);
    let mut engine = open("s3", &options);
    let first = engine.copy(1, "a", "b", false);
    let script = [
        reply(
            200,
            "",
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        ),
        reply(200, "", "<CopyPartResult><ETag>p</ETag></CopyPartResult>"),
        reply(412, "", "<Error><Code>PreconditionFailed</Code></Error>"),
        reply(204, "", ""),
    ];
    let (step, requests) = run(&mut engine, first, &script);
    assert_eq!((step.kind().as_str(), requests.len()), ("already-exists", 4));
}

#[test]
fn signing_needs_no_request() {
    let mut engine = s3();
    let urls = Step::read(&engine.sign(1, "GET", "a\nb", 60)).done();
    assert!(urls[1].as_str().is_some_and(|url| url.contains("/b/b?X-Amz-Algorithm=")));
    assert_eq!(Step::read(&store("http").sign(1, "GET", "a", 60)).kind(), "not-supported");
    assert_eq!(Step::read(&store("gcs").sign(1, "GET", "a", 60)).kind(), "not-supported");
    for (method, seconds) in [("GET", 0), ("GET", 604_801), ("PATCH", 60), ("get", 60)] {
        assert_eq!(Step::read(&engine.sign(1, method, "a", seconds)).kind(), "invalid-input");
    }
}

#[test]
fn open_says_what_it_needs() {
    let digest =
        |options: &str| Step::read(&object_store_core::Engine::new().open("s3", options)).done();
    assert_eq!(digest(S3), json!({"digest": true, "delete_batch": 1000}));
    let with = |key: &str, value: &str| {
        S3.replace(r#""bucket""#, &format!(r#""{key}": "{value}", "bucket""#))
    };
    assert_eq!(digest(&with("unsigned_payload", "true"))["digest"], false);
    assert_eq!(digest(&with("skip_signature", "1"))["digest"], false);
    let both = with("skip_signature", "true")
        .replace(r#""bucket""#, r#""checksum_algorithm": "SHA256", "bucket""#);
    assert_eq!(digest(&both)["digest"], true);
    assert_eq!(digest(&with("disable_bulk_delete", "true"))["delete_batch"], 1);
}

#[test]
fn unsigned_payloads_need_no_digest() {
    let options = S3.replace(r#""bucket""#, r#""unsigned_payload": "true", "bucket""#);
    let mut engine = open("s3", &options);
    let request = Step::read(&engine.put(1, "a", 9, "", "")).request();
    assert_eq!(request.header("x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert_eq!(request.body, "host");
}

#[test]
fn default_headers_are_on_every_request() {
    for kind in ["s3", "gcs", "azure", "http"] {
        let base = match kind {
            "s3" => S3,
            "gcs" => GCS,
            "azure" => AZURE,
            _ => HTTP,
        };
        let options = base.replacen('{', r#"{"default_headers": {"X-Team": "blue"}, "#, 1);
        let request = Step::read(&open(kind, &options).get(1, "a", "")).request();
        assert_eq!(request.header("x-team"), Some("blue"));
    }
}

#[test]
fn parse_path_follows_the_crates_rules() {
    let mut engine = object_store_core::Engine::new();
    assert_eq!(Step::read(&engine.parse_path("/a/b/")).done(), json!("a/b"));
    for path in ["a//b", "../x", "a/./b", "a\u{1}b", "a\nb"] {
        assert_eq!(Step::read(&engine.parse_path(path)).kind(), "invalid-path");
    }
}

#[test]
fn an_unsigned_gcs_store_asks_nobody_for_a_token() {
    let mut engine = open("gcs", r#"{"config": {"bucket": "b", "skip_signature": "true"}}"#);
    for step in [engine.put(1, "a", 1, "", ""), engine.get(2, "a", ""), engine.delete(3, "a")] {
        let request = Step::read(&step).request();
        assert!(request.url.starts_with("https://storage.googleapis.com/b/a"), "{}", request.url);
        assert_eq!(request.header("authorization"), None);
    }
}
