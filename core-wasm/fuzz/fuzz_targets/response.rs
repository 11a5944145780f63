//! Fuzzes whole answers to an operation in flight, for every verb of every store.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(response);
