//! Tokens and credentials: fetched once, shared, renewed, and never in the way of an operation.

mod support;

use serde_json::json;
use std::collections::BTreeMap;
use support::*;

const HOST: &str = r#"{"config": {"bucket": "b"}, "host_credentials": true}"#;
const KEYS: &str = r#"{"access_key_id": "AK", "secret_access_key": "SECRET", "token": "TOKEN"}"#;
const TOKEN: &str = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
    <SessionToken>st</SessionToken><SecretAccessKey>sk</SecretAccessKey><AccessKeyId>ak</AccessKeyId>\
    <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
    </AssumeRoleWithWebIdentityResponse>";

/// A store whose token comes from STS, with a token file that exists.
fn sts(name: &str) -> object_store_core::Engine {
    let path =
        std::env::temp_dir().join(format!("object-store-core-{}-{name}", std::process::id()));
    std::fs::write(&path, "jwt").expect("a temporary file");
    let options = json!({"config": {"bucket": "b", "role_arn": "arn:aws:iam::1:role/r",
        "web_identity_token_file": path.to_str()}});
    open("s3", &options.to_string())
}

/// Starts 100 operations; returns the first steps.
fn start_all(engine: &mut object_store_core::Engine) -> Vec<Step> {
    (1..=100).map(|n| Step::read(&engine.get(n, "a", ""))).collect()
}

/// Ends every operation that has a request; returns how many ended well.
fn finish(engine: &mut object_store_core::Engine, steps: BTreeMap<u32, Step>) -> usize {
    let step = |(n, step): (u32, Step)| {
        step.request();
        Step::read(&engine.respond(n, 200, OBJECT, String::new()))
    };
    steps.into_iter().map(step).filter(|step| matches!(step, Step::Done(_))).count()
}

#[test]
fn a_hundred_first_operations_make_one_token_request() {
    let mut engine = sts("hundred");
    let steps = start_all(&mut engine);
    let request = steps[0].clone().request();
    assert!(
        request.url.starts_with("https://sts.us-east-1.amazonaws.com/?Action=Assume"),
        "{}",
        request.url
    );
    assert!(steps[1..].iter().all(|step| matches!(step, Step::Waiting)));
    let first = engine.respond(1, 200, "", TOKEN.to_string());
    assert!(first.starts_with("*request\n0\n"), "{first}");
    let mut asked: BTreeMap<u32, Step> = mailed_steps(&mut engine).into_iter().collect();
    asked.insert(1, Step::read(&first));
    assert_eq!(asked.len(), 100);
    assert_eq!(finish(&mut engine, asked), 100);
}

#[test]
fn a_failed_token_request_is_unauthenticated_and_the_next_operation_asks_again() {
    let mut engine = sts("failed");
    let first = engine.get(1, "a", "");
    assert!(matches!(Step::read(&engine.get(2, "a", "")), Step::Waiting));
    let (step, _) = run(
        &mut engine,
        first,
        &[reply(
            403,
            "",
            "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
        )],
    );
    let Step::Failed(failure) = step else { panic!("{step:?}") };
    assert_eq!(
        (&failure["kind"], &failure["code"]),
        (&"unauthenticated".into(), &"AccessDenied".into())
    );
    let steps = mailed_steps(&mut engine);
    assert_eq!(steps.len(), 1);
    assert!(steps[0].1.clone().request().url.starts_with("https://sts."));
}

#[test]
fn retries_of_a_token_request_have_their_delays() {
    let mut engine = sts("retries");
    let first = engine.get(1, "a", "");
    let script = [reply(503, "", ""), reply(200, "", TOKEN), reply(200, OBJECT, "")];
    let (step, requests) = run(&mut engine, first, &script);
    step.done();
    assert_eq!((requests[1].delay, requests[2].delay), (100, 0));
}

#[test]
fn cancelling_the_operation_that_fetches_the_token_frees_the_others() {
    let mut engine = sts("cancel");
    let steps = start_all(&mut engine);
    steps[0].clone().request();
    assert_eq!(engine.cancel(1), "*");
    let steps = mailed_steps(&mut engine);
    assert_eq!(steps.len(), 1);
    let fetching = steps[0].0;
    let next = engine.respond(fetching, 200, "", TOKEN.to_string());
    let mut asked: BTreeMap<u32, Step> = mailed_steps(&mut engine).into_iter().collect();
    asked.insert(fetching, Step::read(&next));
    assert_eq!(finish(&mut engine, asked), 99);
}

#[test]
fn cancelling_one_that_waits_changes_nothing() {
    let mut engine = sts("waiter");
    start_all(&mut engine);
    for n in 2..=99 {
        assert_eq!(engine.cancel(n), "");
    }
    engine.respond(1, 200, "", TOKEN.to_string());
    let steps = mailed_steps(&mut engine);
    assert_eq!(steps.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [100]);
}

#[test]
fn a_hundred_operations_ask_the_host_for_one_credential() {
    let mut engine = open("s3", HOST);
    let steps = start_all(&mut engine);
    assert!(matches!(steps[0], Step::Credential));
    assert!(steps[1..].iter().all(|step| matches!(step, Step::Waiting)));
    let first = engine.credential(1, KEYS.to_string(), 0, "");
    let mut asked: BTreeMap<u32, Step> = mailed_steps(&mut engine).into_iter().collect();
    asked.insert(1, Step::read(&first));
    let request = asked[&7].clone().request();
    assert_eq!(request.header("x-amz-security-token"), Some("TOKEN"));
    assert_eq!(finish(&mut engine, asked), 100);
}

#[test]
fn a_credential_is_asked_for_again_after_it_expires() {
    let mut engine = open("s3", HOST);
    assert!(matches!(Step::read(&engine.get(1, "a", "")), Step::Credential));
    Step::read(&engine.credential(1, KEYS.to_string(), 30, "")).request();
    Step::read(&engine.get(2, "a", "")).request();
    std::thread::sleep(std::time::Duration::from_millis(40));
    assert!(matches!(Step::read(&engine.get(3, "a", "")), Step::Credential));
}

#[test]
fn a_provider_that_fails_is_asked_once_for_those_that_wait() {
    let mut engine = open("s3", HOST);
    start_all(&mut engine);
    let (kind, message) =
        Step::read(&engine.credential(1, String::new(), 0, "no profile")).failed();
    assert_eq!((kind.as_str(), message.as_str()), ("unauthenticated", "no profile"));
    let steps = mailed_steps(&mut engine);
    assert_eq!(steps.len(), 99);
    assert!(steps.into_iter().all(|(_, step)| step.kind() == "unauthenticated"));
    assert!(matches!(Step::read(&engine.get(200, "a", "")), Step::Credential));
}

#[test]
fn each_store_takes_its_credentials() {
    let gcs = r#"{"config": {"bucket": "b"}, "host_credentials": true}"#;
    let azure =
        r#"{"config": {"account_name": "a", "container_name": "c"}, "host_credentials": true}"#;
    for (kind, options, credential, part) in [
        ("gcs", gcs, r#"{"token": "gt"}"#, "authorization:Bearer gt"),
        ("azure", azure, r#"{"token": "at"}"#, "authorization:Bearer at"),
        ("azure", azure, r#"{"sas_token": "?sv=1&sig=a%2Bb"}"#, "sv=1&sig=a%2Bb"),
        ("azure", azure, r#"{"access_key": "a2V5"}"#, "authorization:SharedKey a:"),
    ] {
        let mut engine = open(kind, options);
        assert!(matches!(Step::read(&engine.get(1, "a", "")), Step::Credential));
        let step = engine.credential(1, credential.to_string(), 0, "");
        assert!(step.contains(part), "{step}");
    }
}

#[test]
fn credentials_that_no_header_can_carry_are_refused() {
    let bad = [
        r#"{"access_key_id": "A\nB", "secret_access_key": "SECRET"}"#,
        r#"{"access_key_id": "A", "secret_access_key": "SECRET", "token": "a\r\nb"}"#,
        r#"{"access_key_id": "A", "secret_access_key": "SECRET", "token": "é"}"#,
        r#"{"access_key_id": "A"}"#,
        "nonsense",
    ];
    for credential in bad {
        let mut engine = open("s3", HOST);
        engine.get(1, "a", "");
        let (kind, message) =
            Step::read(&engine.credential(1, credential.to_string(), 0, "")).failed();
        assert_eq!(kind, "unauthenticated");
        assert!(!message.contains("SECRET"), "{message}");
    }
}

#[test]
fn a_token_server_that_sends_control_characters_is_refused() {
    let mut engine = sts("control");
    engine.get(1, "a", "");
    let token = TOKEN.replace(">st<", ">s&#10;t<");
    let (kind, _) = Step::read(&engine.respond(1, 200, "", token)).failed();
    assert_eq!(kind, "unauthenticated");
}

#[test]
fn instance_credentials_are_found_by_three_requests() {
    let mut engine = open("s3", r#"{"config": {"bucket": "b"}}"#);
    let first = engine.get(1, "a", "");
    let keys = r#"{"AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": "T",
        "Expiration": "2099-01-01T00:00:00Z"}"#;
    let script = [
        reply(200, "", "imds-token"),
        reply(200, "", "role"),
        reply(200, "", keys),
        reply(200, OBJECT, ""),
    ];
    let (step, requests) = run(&mut engine, first, &script);
    step.done();
    assert_eq!(requests[0].method, "PUT");
    assert_eq!(requests[1].header("x-aws-ec2-metadata-token"), Some("imds-token"));
    assert!(requests[2].url.ends_with("/iam/security-credentials/role"));
}
