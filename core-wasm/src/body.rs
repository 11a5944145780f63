//! Placeholder bodies: zeros that stand for a body which stays in the host.

use bytes::Bytes;
use object_store::PutPayload;
use std::sync::LazyLock;

const CHUNK: usize = 1 << 18;

/// The memory that placeholders are made of. Its address is how they are recognised. It is on the
/// heap because the bytes of a static would be in the component's file.
static ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| vec![0; CHUNK]);

/// The longest body that one request can have: lengths in the component are 32 bits wide.
pub const MAX_LENGTH: u64 = u32::MAX as u64 - 1;

/// A payload of `length` zeros that takes no memory of its own.
pub fn placeholder(length: u64) -> PutPayload {
    let zeros: &'static [u8] = &ZEROS;
    let whole = (length / CHUNK as u64) as usize;
    let rest = (length % CHUNK as u64) as usize;
    let tail = (rest > 0).then(|| Bytes::from_static(&zeros[..rest]));
    std::iter::repeat_n(Bytes::from_static(zeros), whole).chain(tail).collect()
}

/// Whether `data` is a piece of a placeholder. An empty slice is none.
pub fn is_placeholder(data: &[u8]) -> bool {
    !data.is_empty() && ZEROS.as_ptr_range().contains(&data.as_ptr())
}

/// The body that an operation was started with: the host has it, the brain knows these facts.
#[derive(Clone, Copy, Debug)]
pub struct HostBody {
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256, where the host was asked for it.
    pub digest: Option<[u8; 32]>,
}

/// The marker in a request's extensions: the body of a 2xx response stays in the host.
#[derive(Clone, Copy, Debug)]
pub struct KeepResponse;
