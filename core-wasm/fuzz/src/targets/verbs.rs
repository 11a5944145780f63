//! The verbs, each with plain arguments, and what their results look like.

use super::input::pick;
use object_store_core::Engine;
use serde_json::Value;

/// The verbs, with the variants that send something else.
pub const NAMES: [&str; 18] = [
    "get",
    "head",
    "range",
    "put",
    "create",
    "update",
    "upload",
    "part",
    "complete",
    "complete-empty",
    "abort",
    "list",
    "list-after",
    "delete",
    "delete-many",
    "copy",
    "copy-new",
    "sign",
];

const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The verb that a word stands for.
pub fn named(word: &str) -> &'static str {
    NAMES[pick(NAMES.into_iter(), word)]
}

/// Starts an operation.
pub fn start(engine: &mut Engine, n: u32, verb: &str, key: &str) -> String {
    match verb {
        "head" => engine.get(n, key, r#"{"head": true}"#),
        "range" => engine.get(n, key, r#"{"range": ["bounded", 3, 8]}"#),
        "put" => engine.put(n, key, 5, DIGEST, ""),
        "create" => engine.put(n, key, 5, DIGEST, r#"{"mode": "create"}"#),
        "update" => engine.put(n, key, 5, DIGEST, r#"{"mode": {"e_tag": "e", "version": "7"}}"#),
        "upload" => engine.create_upload(n, key, ""),
        "part" => engine.put_part(n, key, "", 0, 5, DIGEST),
        "complete" => engine.complete_upload(n, key, "", r#"["p1", "p2"]"#),
        "complete-empty" => engine.complete_upload(n, key, "", "[]"),
        "abort" => engine.abort_upload(n, key, ""),
        "list" => engine.list(n, key, r#"{"delimiter": true}"#),
        "list-after" => engine.list(n, key, r#"{"offset": "a/b", "token": "t", "max_keys": 7}"#),
        "delete" => engine.delete(n, key),
        "delete-many" => engine.delete(n, &format!("{key}\nx\ny z")),
        "copy" => engine.copy(n, key, "target", true),
        "copy-new" => engine.copy(n, "source", key, false),
        "sign" => engine.sign(n, "GET", &format!("{key}\nx"), 60),
        _ => engine.get(n, key, ""),
    }
}

/// Checks that a result is the one that `operations.wit` documents.
pub fn check_result(verb: &str, result: &Value) {
    let valid = match verb {
        "get" | "head" | "range" => is_object(result),
        "put" | "create" | "update" | "complete" | "complete-empty" => {
            tuple(result, 2).is_some_and(|fields| fields.iter().all(is_text_or_null))
        }
        "upload" | "part" => result.is_string(),
        "list" | "list-after" => is_page(result),
        "sign" => result.as_array().is_some_and(|urls| urls.iter().all(Value::is_string)),
        _ => result.is_null(),
    };
    assert!(valid, "{verb} ended with {result}");
}

fn tuple(value: &Value, length: usize) -> Option<&Vec<Value>> {
    value.as_array().filter(|fields| fields.len() == length)
}

fn is_text_or_null(value: &Value) -> bool {
    value.is_string() || value.is_null()
}

fn is_object(result: &Value) -> bool {
    let Some([modified, size, tag, version, start, end, attributes]) =
        result.as_array().map(Vec::as_slice)
    else {
        return false;
    };
    let numbers = start.as_u64().zip(end.as_u64()).is_some_and(|(start, end)| start <= end);
    let times = modified.is_i64() && size.is_u64();
    numbers && times && is_text_or_null(tag) && is_text_or_null(version) && attributes.is_object()
}

fn is_page(result: &Value) -> bool {
    let objects = result["objects"].as_array().is_some_and(|objects| {
        objects.iter().all(|object| {
            let entry = tuple(object, 5);
            entry.is_some_and(|entry| entry[0].is_string() && entry[1].is_i64())
        })
    });
    let prefixes = result["prefixes"].as_array();
    objects
        && prefixes.is_some_and(|all| all.iter().all(Value::is_string))
        && is_text_or_null(&result["token"])
}
