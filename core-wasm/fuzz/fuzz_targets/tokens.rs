//! Fuzzes answers of token and metadata servers, and credentials of the host.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(tokens);
