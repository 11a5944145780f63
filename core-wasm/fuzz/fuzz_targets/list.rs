//! Fuzzes pages of listings: XML of S3, GCS, Azure and WebDAV.
#![cfg_attr(fuzzing, no_main)]

object_store_fuzz::entry!(list);
