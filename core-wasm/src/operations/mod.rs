//! The verbs: each makes a job of its arguments, or refuses them.

pub mod blocks;
pub mod copy;
pub mod delete;
pub mod get;
pub mod list;
pub mod multipart;
pub mod put;
pub mod sign;
