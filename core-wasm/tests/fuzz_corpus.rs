//! The corpora of the fuzz targets, replayed: what once broke a promise must not break it again.

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// The inputs of a target.
fn corpus(target: &str) -> Vec<PathBuf> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&place).expect("each target has a corpus");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Runs each target on what `change` makes of its inputs; names all that fail.
fn replay(change: impl Fn(&[u8]) -> Vec<u8>) {
    let mut failed = Vec::new();
    for (name, run) in targets::ALL {
        let files = corpus(name);
        assert!(files.len() >= 5, "{name} has {} inputs", files.len());
        for file in files {
            let input = change(&std::fs::read(&file).expect("an input"));
            if catch_unwind(|| run(&input)).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(failed.is_empty(), "these inputs break a promise: {failed:#?}");
}

#[test]
fn every_input_keeps_the_promises() {
    replay(<[u8]>::to_vec);
}

#[test]
fn every_input_cut_in_the_middle_keeps_the_promises() {
    replay(|input| input[..input.len() / 2].to_vec());
}

#[test]
fn every_input_after_itself_keeps_the_promises() {
    replay(|input| [input, input].concat());
}
