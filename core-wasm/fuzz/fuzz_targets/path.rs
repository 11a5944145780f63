//! Fuzzes keys and prefixes, in every verb.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(path);
