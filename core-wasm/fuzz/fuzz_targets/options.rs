//! Fuzzes the JSON and the other arguments of every call, the configuration of a store among them.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(options);
