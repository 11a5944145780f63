//! What is signed in a shared access signature of Azure: the key as it is, not as a URL has it.
//!
//! Azure wants the fields of its string-to-sign decoded ("Create a service SAS", "Create a user
//! delegation SAS"); the crate puts the path of the URL there, so that its URLs for keys with a
//! space or a letter beyond ASCII are refused.

use std::borrow::Cow;

/// Which line of the string-to-sign is the canonicalized resource, in both kinds of signature.
const RESOURCE: usize = 3;

/// The message to sign: the given one, unless it is a string-to-sign of Azure's whose resource is
/// percent-encoded.
pub fn message(given: &[u8]) -> Cow<'_, [u8]> {
    match resource(given).filter(|resource| resource.contains(&b'%')) {
        Some(resource) => {
            let start = resource.as_ptr() as usize - given.as_ptr() as usize;
            let end = start + resource.len();
            Cow::Owned([&given[..start], &decoded(resource), &given[end..]].concat())
        }
        None => Cow::Borrowed(given),
    }
}

/// The resource of a string-to-sign: permission, start, expiry, resource, ...
fn resource(given: &[u8]) -> Option<&[u8]> {
    let mut lines = given.split(|byte| *byte == b'\n');
    let permission = lines.next()?;
    let known = [&b"r"[..], b"w", b"d"].contains(&permission);
    lines.nth(RESOURCE - 1).filter(|line| known && line.starts_with(b"/blob/"))
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let byte = tail.get(..2).filter(|_| first == b'%').and_then(hexadecimal);
        out.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    out
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_resource_is_decoded_once_and_nothing_else() {
        let given = b"r\ns%20\ne\n/blob/acc/c/a%20b%2B%2541%C3%BC\n\n\n";
        assert_eq!(message(given).as_ref(), "r\ns%20\ne\n/blob/acc/c/a b+%41ü\n\n\n".as_bytes());
        for same in [&b"GET\n\n\n/blob/a%20\n"[..], b"r\n\n\n/blob/a\n", b"r\n\n\n/b%20", b"", b"r"]
        {
            assert_eq!(message(same).as_ref(), same);
        }
    }
}
