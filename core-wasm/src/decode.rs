//! Decoding of texts that a server wrote, to the end, in one pass: so that a secret is seen in them
//! however it is written, before anything is cut out.

use std::borrow::Cow;

/// The longest reference that is known, with its `&`: the number of the last character.
const LONGEST: usize = 12;
/// What HTML calls the characters of ASCII that are neither letters nor digits.
const NAMED: [(&[u8], u8); 45] = [
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"AMP", b'&'),
    (b"LT", b'<'),
    (b"GT", b'>'),
    (b"QUOT", b'"'),
    (b"Tab", b' '),
    (b"NewLine", b' '),
    (b"nbsp", b' '),
    (b"excl", b'!'),
    (b"num", b'#'),
    (b"dollar", b'$'),
    (b"percnt", b'%'),
    (b"lpar", b'('),
    (b"rpar", b')'),
    (b"ast", b'*'),
    (b"midast", b'*'),
    (b"plus", b'+'),
    (b"comma", b','),
    (b"period", b'.'),
    (b"sol", b'/'),
    (b"colon", b':'),
    (b"semi", b';'),
    (b"equals", b'='),
    (b"quest", b'?'),
    (b"commat", b'@'),
    (b"lsqb", b'['),
    (b"lbrack", b'['),
    (b"bsol", b'\\'),
    (b"rsqb", b']'),
    (b"rbrack", b']'),
    (b"Hat", b'^'),
    (b"lowbar", b'_'),
    (b"UnderBar", b'_'),
    (b"grave", b'`'),
    (b"lcub", b'{'),
    (b"lbrace", b'{'),
    (b"vert", b'|'),
    (b"verbar", b'|'),
    (b"VerticalLine", b'|'),
    (b"rcub", b'}'),
    (b"rbrace", b'}'),
];

/// The text without references to characters (`&lt;`, `&#43;`, `&#x2b;`), however often encoded.
pub fn references(text: &str) -> Cow<'_, str> {
    decoded(text, text.contains('&'), false)
}

/// The text without any encoding that is known: references, also without their `;`, percent signs,
/// and the escapes of JSON.
pub fn everything(text: &str) -> Cow<'_, str> {
    decoded(text, text.contains(['&', '%', '\\']), true)
}

fn decoded(text: &str, needed: bool, all: bool) -> Cow<'_, str> {
    if !needed {
        return Cow::Borrowed(text);
    }
    let mut out = Decoded { out: Vec::with_capacity(text.len()), all };
    text.bytes().for_each(|byte| out.push(byte));
    if all {
        out.end_reference(b' ');
    }
    Cow::Owned(String::from_utf8_lossy(&out.out).into_owned())
}

/// What has been decoded so far. What a code means is pushed like any other byte, and may end
/// another code: so each byte of the text is looked at once, however often it was encoded.
struct Decoded {
    out: Vec<u8>,
    all: bool,
}

impl Decoded {
    fn push(&mut self, byte: u8) {
        let mut next = Some(byte);
        while let Some(byte) = next {
            if self.all && byte != b';' {
                self.end_reference(byte);
            }
            self.out.push(byte);
            next = match byte {
                b';' => self.reference(self.out.len() - 1, 1),
                _ if self.all => self.escape(byte),
                _ => None,
            };
        }
    }

    /// Decodes a reference that lacks its `;`, before a byte that cannot be a part of it.
    fn end_reference(&mut self, byte: u8) {
        let Some(start) = self.start(self.out.len()) else { return };
        let name = self.out.get(start + 1..).unwrap_or_default();
        let goes_on = match name {
            [b'#', b'x' | b'X', ..] | [b'#'] => byte.is_ascii_hexdigit() || b"xX".contains(&byte),
            [b'#', ..] => byte.is_ascii_digit(),
            _ => byte.is_ascii_alphanumeric() || (name.is_empty() && byte == b'#'),
        };
        let may_be_its_end = byte == b'%' || byte == b'\\'; // its `;`, encoded
        if !goes_on
            && !may_be_its_end
            && let Some(byte) = self.reference(self.out.len(), 0)
        {
            self.out.push(byte);
        }
    }

    /// Where the reference begins that may end at `end`.
    fn start(&self, end: usize) -> Option<usize> {
        let from = end.saturating_sub(LONGEST + 1);
        let tail = self.out.get(from..end)?;
        let start = from + tail.iter().rposition(|byte| *byte == b'&')?;
        let mut name = self.out.get(start + 1..end)?.iter();
        name.all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').then_some(start)
    }

    /// Takes a reference off the end, with `more` bytes after it; what it means, if it is ASCII.
    fn reference(&mut self, end: usize, more: usize) -> Option<u8> {
        let start = self.start(end)?;
        let name = self.out.get(start + 1..end)?;
        let code = match name {
            [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
            [b'#', digits @ ..] => number(digits, 10)?,
            _ => u32::from(NAMED.iter().find(|(known, _)| *known == name)?.1),
        };
        self.replace(end - start + more, code)
    }

    /// Decodes `%2B`, `\u002b`, `\x2b`, `\/` and `\\` at the end; what it means, if it is ASCII.
    fn escape(&mut self, byte: u8) -> Option<u8> {
        let digits = |start: &[u8], count: usize| -> Option<u32> {
            let tail = self.out.get(self.out.len().checked_sub(start.len() + count)?..)?;
            tail.strip_prefix(start).and_then(|digits| number(digits, 16))
        };
        if byte.is_ascii_hexdigit() {
            if let Some(code) = digits(b"%", 2) {
                return match u8::try_from(code).ok().filter(|byte| !byte.is_ascii()) {
                    Some(byte) => {
                        self.out.truncate(self.out.len() - 3);
                        self.out.push(byte); // one of several bytes of a character
                        None
                    }
                    None => self.replace(3, code),
                };
            }
            if let Some(code) = digits(b"\\u", 4) {
                return self.replace(6, code);
            }
            return digits(b"\\x", 2).and_then(|code| self.replace(4, code));
        }
        if let [.., b'\\', b'\\' | b'/'] = self.out[..] {
            self.out.truncate(self.out.len() - 2);
            self.out.push(byte);
        }
        None
    }

    /// Replaces the last bytes by a character, which is returned instead if it is ASCII.
    fn replace(&mut self, count: usize, code: u32) -> Option<u8> {
        self.out.truncate(self.out.len() - count);
        let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        if char.is_ascii() {
            return Some(if char.is_ascii_control() { b' ' } else { char as u8 });
        }
        self.out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        None
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::{everything, references};

    #[test]
    fn references_are_decoded_to_the_end() {
        for text in ["a&lt;b", "a&#60;b", "a&#x3c;b", "a&#x3C;b", "a&amp;lt;b", "a&amp;amp;#60;b"] {
            assert_eq!(references(text), "a<b", "{text}");
        }
        let deep = format!("&{}lt;", "amp;".repeat(100_000));
        assert_eq!(references(&deep), "<");
        for text in ["a&b", "&", "a;b", "&nothing;", "&;", "&#;", "&#xzz;", "%3C", "&#+60;"] {
            assert_eq!(references(text), text);
        }
        assert_eq!(references("&#8364;&#0;&#27;&#xD800;&#99999999;"), "€  \u{fffd}\u{fffd}");
    }

    #[test]
    fn everything_is_decoded_to_the_end() {
        for text in [
            "a/b",
            "a&sol;b",
            "a&#47;b",
            "a%2Fb",
            "a%2fb",
            "a%252Fb",
            "a%25252fb",
            "a\\/b",
            "a\\u002fb",
            "a\\\\u002fb",
            "a\\x2fb",
            "a&amp;#x25;2Fb",
            "a%26%2347%3Bb",
        ] {
            assert_eq!(everything(text), "a/b", "{text}");
        }
        assert_eq!(everything("a&#43, b&#x2bz &lt"), "a+, b+z <");
        assert_eq!(everything("%E2%82%AC"), "€");
        assert_eq!(everything("100 % & more \\ %zz"), "100 % & more \\ %zz");
        let deep = format!("%{}2B", "25".repeat(100_000));
        assert_eq!(everything(&deep), "+");
    }
}
