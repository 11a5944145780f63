//! Fuzzes calls in any order, of several operations at once.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(calls);
