//! Failed requests: which are repeated, after how long, and what the errors say.

mod support;

use object_store_core::Engine;
use support::*;

/// The bounds of decorrelated jitter: between the first backoff and twice the one before.
fn assert_jitter(delays: &[u64]) {
    assert_eq!((delays[0], delays[1]), (0, 100));
    for pair in delays[1..].windows(2) {
        assert!((100..=2 * pair[0] + 1).contains(&pair[1]), "{delays:?}");
    }
}

#[test]
fn server_errors_are_repeated_after_growing_delays() {
    for status in [500, 502, 503, 504, 429, 408] {
        let mut engine = s3();
        let first = engine.get(1, "a", "");
        let bad = reply(status, "", "");
        let script = [bad.clone(), bad.clone(), bad, reply(200, OBJECT, "")];
        let (step, requests) = run(&mut engine, first, &script);
        step.done();
        assert_jitter(&requests.iter().map(|request| request.delay).collect::<Vec<_>>());
        let log = mail(&mut engine);
        assert_eq!(log.len(), 3);
        assert!(log[0].0 == "log info" && log[0].1.contains("retry 1 of 10"), "{log:?}");
    }
}

#[test]
fn the_last_error_says_how_often_it_was_tried() {
    let options = S3.replacen(
        '{',
        r#"{"retry": {"max_retries": 2, "init_backoff_ms": 7, "max_backoff_ms": 9}, "#,
        1,
    );
    let mut engine = open("s3", &options);
    let first = engine.get(1, "key", "");
    let body = "<Error><Code>SlowDown</Code><Message>Please &lt;wait&gt;.</Message></Error>";
    let (step, requests) = run(&mut engine, first, &vec![reply(503, "", body); 3]);
    assert_eq!((requests.len(), requests[1].delay), (3, 7));
    let Step::Failed(failure) = step else { panic!("{step:?}") };
    let message = failure["message"].as_str().unwrap_or_default();
    assert_eq!((&failure["kind"], &failure["code"]), (&"generic".into(), &"SlowDown".into()));
    assert_eq!(failure["detail"], "Please <wait>.");
    assert!(message.starts_with("server answered 503 Service Unavailable"), "{message}");
    assert!(message.contains("/b/key, after 2 retries"), "{message}");
}

#[test]
fn transport_errors_are_repeated_by_their_kind() {
    let repeated = |engine: &mut Engine, first: String, kind: &'static str| {
        let (_, requests) = run(
            engine,
            first,
            &[Reply::Failure(kind, "why"), reply(200, "content-length:0\netag:e", "")],
        );
        requests.len() == 2
    };
    for (kind, get, create) in [
        ("connect", true, true),
        ("request", true, true),
        ("timeout", true, false),
        ("interrupted", true, false),
        ("decode", false, false),
        ("unknown", false, false),
    ] {
        let mut engine = s3();
        let first = engine.get(1, "a", "");
        assert_eq!(repeated(&mut engine, first, kind), get, "get, {kind}");
        let mut engine = s3();
        let first = engine.put(1, "a", 3, &"00".repeat(32), "");
        assert_eq!(repeated(&mut engine, first, kind), get, "put, {kind}");
        let mut engine = s3();
        let first = engine.put(1, "a", 3, &"00".repeat(32), r#"{"mode": "create"}"#);
        assert_eq!(repeated(&mut engine, first, kind), create, "create, {kind}");
    }
}

#[test]
fn a_transport_error_says_what_the_host_said() {
    let mut engine = s3();
    let first = engine.get(1, "a", "");
    let (step, _) =
        run(&mut engine, first, &[Reply::Failure("decode", "bad https://h/p?token=1 here")]);
    let (kind, message) = step.failed();
    assert_eq!(kind, "generic");
    assert!(message.contains("response is not valid: bad https://h/p here"), "{message}");
}

#[test]
fn an_error_in_a_200_is_an_error() {
    let error = "<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let done = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
    let mut engine = s3();
    let first = engine.complete_upload(1, "a", "id", r#"["p"]"#);
    let (step, requests) = run(&mut engine, first, &[reply(200, "", error), reply(200, "", done)]);
    step.done();
    assert_eq!((requests.len(), requests[1].delay), (2, 100));
    let mut engine = s3();
    let first = engine.copy(1, "a", "b", true);
    let (step, _) = run(&mut engine, first, &vec![reply(200, "", error); 11]);
    let (kind, message) = step.failed();
    assert_eq!(kind, "generic");
    assert!(message.contains("200 OK with an error in the body"), "{message}");
}

#[test]
fn statuses_become_kinds() {
    let cases = [
        (304, "not-modified"),
        (400, "generic"),
        (401, "unauthenticated"),
        (403, "permission-denied"),
        (404, "not-found"),
        (409, "already-exists"),
        (412, "precondition"),
        (301, "generic"),
        (416, "generic"),
    ];
    for kind in ["s3", "gcs", "azure", "http"] {
        for (status, expected) in cases {
            if kind == "http" && status == 409 {
                continue;
            }
            let mut engine = store(kind);
            let first = engine.get(1, "a", "");
            let (step, requests) = run(&mut engine, first, &[reply(status, "", "")]);
            let (found, message) = step.failed();
            assert_eq!(
                (found.as_str(), requests.len()),
                (expected, 1),
                "{kind} {status} {message}"
            );
            assert!(message.contains(&status.to_string()), "{message}");
        }
    }
}

#[test]
fn a_refused_listing_says_why() {
    for (status, expected) in
        [(403, "permission-denied"), (404, "not-found"), (401, "unauthenticated")]
    {
        let mut engine = s3();
        let first = engine.list(1, "", "");
        let (step, _) =
            run(&mut engine, first, &[reply(status, "", "<Error><Code>X</Code></Error>")]);
        assert_eq!(step.kind(), expected);
    }
}

#[test]
fn a_wrong_clock_is_named() {
    let mut engine = s3();
    let first = engine.get(1, "a", "");
    let body = "<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error>";
    let (step, _) = run(&mut engine, first, &[reply(403, "", body)]);
    assert!(step.failed().1.contains("clock"));
}

#[test]
fn an_http_put_makes_missing_collections() {
    let mut engine = store("http");
    let first = engine.put(1, "a/b", 3, "", "");
    let script = [reply(409, "", ""), reply(201, "", ""), reply(201, "", "")];
    let (step, requests) = run(&mut engine, first, &script);
    assert_eq!(step.done(), serde_json::json!([null, null]));
    let methods: Vec<_> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["PUT", "MKCOL", "PUT"]);
    assert_eq!(requests[2].body, "host");
}
