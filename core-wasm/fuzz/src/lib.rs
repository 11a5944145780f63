//! What the fuzz targets run; each is a function of bytes that panics if a promise is broken.
//!
//! The promise: whatever comes in, a step comes out. No panic, no end that never comes, no secret
//! in a text that a user reads, no request to a server that the configuration does not name, no
//! text out of all proportion to what came in.

pub mod targets;

/// What the binary of a target is: the fuzzer's, or, without it, one that runs the given files.
#[macro_export]
macro_rules! entry {
    ($target:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::targets::$target::run(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for file in std::env::args_os().skip(1) {
                $crate::targets::$target::run(&std::fs::read(file)?);
            }
            Ok(())
        }
    };
}
