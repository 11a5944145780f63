//! The crate `object_store` without any I/O: a sans-IO engine, and its WASI component.

pub mod alias;
pub mod body;
pub mod clock;
#[cfg(target_family = "wasm")]
mod component;
pub mod config;
pub mod copier;
pub mod credential;
pub mod crypto;
pub mod dates;
pub mod decode;
pub mod desk;
pub mod engine;
pub mod error;
pub mod guard;
pub mod log;
pub mod operation;
pub mod operations;
pub mod options;
pub mod pages;
pub mod redact;
pub mod response;
#[cfg(target_family = "wasm")]
mod sandbox;
pub mod sas;
pub mod step;
pub mod store;
pub mod success;
pub mod texts;
pub mod transport;
pub mod validate;

pub use engine::Engine;
