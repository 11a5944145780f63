//! Fuzzes bodies of refusals, and what becomes of the server's words.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(errors);
