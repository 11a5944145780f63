//! The exports of the component: each forwards to the one engine of the instance.

use crate::Engine;
use std::cell::RefCell;

wit_bindgen::generate!({ path: "../wit", world: "brain" });

use exports::object_store::core::{http, operations, stores, types};

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::new(Engine::new());
}

fn with<T>(call: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(call)
}

struct Component;

export!(Component);

impl stores::Guest for Component {
    fn open(kind: String, options: String) -> String {
        with(|engine| engine.open(&kind, &options))
    }

    fn parse_path(path: String) -> String {
        with(|engine| engine.parse_path(&path))
    }
}

impl operations::Guest for Component {
    fn get(operation: u32, path: String, options: String) -> String {
        with(|engine| engine.get(operation, &path, &options))
    }

    fn put(operation: u32, path: String, length: u64, sha256: String, options: String) -> String {
        with(|engine| engine.put(operation, &path, length, &sha256, &options))
    }

    fn create_upload(operation: u32, path: String, options: String) -> String {
        with(|engine| engine.create_upload(operation, &path, &options))
    }

    fn put_part(
        operation: u32,
        path: String,
        upload: String,
        index: u32,
        length: u64,
        sha256: String,
    ) -> String {
        with(|engine| engine.put_part(operation, &path, &upload, index, length, &sha256))
    }

    fn complete_upload(operation: u32, path: String, upload: String, parts: String) -> String {
        with(|engine| engine.complete_upload(operation, &path, &upload, &parts))
    }

    fn abort_upload(operation: u32, path: String, upload: String) -> String {
        with(|engine| engine.abort_upload(operation, &path, &upload))
    }

    fn list(operation: u32, prefix: String, options: String) -> String {
        with(|engine| engine.list(operation, &prefix, &options))
    }

    fn delete(operation: u32, paths: String) -> String {
        with(|engine| engine.delete(operation, &paths))
    }

    fn copy(operation: u32, source: String, target: String, overwrite: bool) -> String {
        with(|engine| engine.copy(operation, &source, &target, overwrite))
    }

    fn copy_part(
        operation: u32,
        path: String,
        upload: String,
        index: u32,
        headers: String,
    ) -> String {
        with(|engine| engine.copy_part(operation, &path, &upload, index, &headers))
    }

    fn complete_copy(
        operation: u32,
        path: String,
        upload: String,
        parts: String,
        headers: String,
    ) -> String {
        with(|engine| engine.complete_copy(operation, &path, &upload, &parts, &headers))
    }

    fn tags(operation: u32, path: String) -> String {
        with(|engine| engine.tags(operation, &path))
    }

    fn sign(operation: u32, method: String, paths: String, expires_seconds: u32) -> String {
        with(|engine| engine.sign(operation, &method, &paths, expires_seconds))
    }
}

impl http::Guest for Component {
    fn respond(operation: u32, status: u32, headers: String, body: String) -> String {
        with(|engine| engine.respond(operation, status, &headers, body))
    }

    fn fail(operation: u32, kind: types::TransportError, message: String) -> String {
        with(|engine| engine.fail(operation, name(kind), &message))
    }

    fn credential(operation: u32, credential: String, expires: u64, message: String) -> String {
        with(|engine| engine.credential(operation, credential, expires, &message))
    }

    fn cancel(operation: u32) -> String {
        with(|engine| engine.cancel(operation))
    }

    fn mail() -> String {
        with(|engine| engine.mail())
    }
}

fn name(kind: types::TransportError) -> &'static str {
    match kind {
        types::TransportError::Connect => "connect",
        types::TransportError::Request => "request",
        types::TransportError::Timeout => "timeout",
        types::TransportError::Interrupted => "interrupted",
        types::TransportError::Decode => "decode",
        types::TransportError::Unknown => "unknown",
    }
}
