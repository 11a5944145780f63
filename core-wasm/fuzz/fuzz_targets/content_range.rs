//! Fuzzes the headers that say which part of an object an answer holds.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(content_range);
