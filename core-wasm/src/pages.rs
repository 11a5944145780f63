//! Pages of listings: the keys in them that are no paths are put under their aliases.
//!
//! The crate drops slashes from a key's ends and refuses a whole page for a key such as `a//b`. The
//! elements that hold keys are the same everywhere: S3 and Google list `Contents` with a `Key` and
//! `CommonPrefixes` with a `Prefix`, Azure `Blob` and `BlobPrefix` with a `Name`, WebDAV (RFC 4918,
//! section 9.1) `response` with a `href`. One pass finds them; a page without such a key is kept.

use crate::alias;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use quick_xml::escape::{escape, unescape};
use std::borrow::Cow;

const CDATA: &str = "<![CDATA[";

/// What a text within an element is.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Key,
    Prefix,
    Href,
}

/// The page as the crate reads it.
pub fn aliased(page: String) -> String {
    let mut out = String::new();
    let (mut at, mut copied, mut in_prefix) = (0, 0, false);
    while let Some(tag) = next_tag(&page, at) {
        at = tag.end;
        let holds = match tag.name {
            "CommonPrefixes" | "BlobPrefix" => {
                in_prefix = !tag.closes;
                continue;
            }
            _ if tag.closes => continue,
            "Prefix" | "Name" if in_prefix => Holds::Prefix,
            "Key" | "Name" => Holds::Key,
            "href" => Holds::Href,
            _ => continue,
        };
        let Some((text, end)) = content(&page, at) else { break };
        let encoded = tag.attributes.contains("Encoded=\"true\"");
        if let Some(alias) = text.and_then(|text| replaced(&text, holds, encoded)) {
            out += &page[copied..at];
            out += &escape(alias);
            copied = end;
        }
        at = end;
    }
    match copied {
        0 => page,
        _ => out + &page[copied..],
    }
}

struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
    closes: bool,
    end: usize,
}

fn next_tag(page: &str, from: usize) -> Option<Tag<'_>> {
    let start = from + page.get(from..)?.find('<')? + 1;
    let end = start + page[start..].find('>')?;
    let inner = &page[start..end];
    let (closes, inner) = match inner.strip_prefix('/') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let split = inner.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(split);
    let name = name.rsplit(':').next().unwrap_or(name);
    Some(Tag { name, attributes, closes, end: end + 1 })
}

/// The text of an element that begins at `at`, if it can be read, and where it ends.
fn content(page: &str, at: usize) -> Option<(Option<Cow<'_, str>>, usize)> {
    if let Some(rest) = page[at..].strip_prefix(CDATA) {
        let length = rest.find("]]>")?;
        return Some((Some(rest[..length].into()), at + CDATA.len() + length + 3));
    }
    let end = at + page[at..].find('<')?;
    let text = &page[at..end];
    let text = match text.contains('&') {
        true => unescape(text).ok(),
        false => Some(text.into()),
    };
    Some((text, end))
}

/// The alias to put in the place of a text; none where it is a path already.
fn replaced(text: &str, holds: Holds, encoded: bool) -> Option<String> {
    if holds == Holds::Href {
        return href(text);
    }
    // Azure encodes names that XML cannot hold, and says so
    let name = match encoded {
        true => percent_decode_str(text).decode_utf8().ok()?,
        false => text.into(),
    };
    if name.is_empty() {
        return None;
    }
    let (key, tail) = match name.strip_suffix('/').filter(|_| holds == Holds::Prefix) {
        Some(key) => (key, "/"),
        None => (&*name, ""),
    };
    match alias::is_plain(key) && !encoded {
        true => None,
        false => Some(alias::text(key) + tail),
    }
}

/// The same of a URL, or of an absolute path of one.
fn href(text: &str) -> Option<String> {
    let text = text.trim();
    let path = match text.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/')?..],
        None => text,
    };
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let inner = path.strip_prefix('/')?;
    let (inner, tail) = match inner.strip_suffix('/') {
        Some(inner) => (inner, "/"), // a folder
        None => (inner, ""),
    };
    let decoded = percent_decode_str(inner).decode_utf8().ok()?;
    if inner.is_empty() || alias::is_plain(&decoded) {
        return None;
    }
    let alias = alias::text(&decoded);
    let segments = alias.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC));
    Some(segments.fold(String::new(), |path, part| format!("{path}/{part}")) + tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(page: &str) -> Vec<String> {
        let page = aliased(page.to_string());
        let texts = page.split("<x>").skip(1).map(|rest| rest.split('<').next().unwrap_or(""));
        texts.map(|text| alias::key(&unescape(text).expect("text")).into_owned()).collect()
    }

    #[test]
    fn only_keys_that_are_no_paths_change() {
        let page = "<L xmlns=\"http://h/\"><Name>b</Name><Prefix>a//</Prefix><Delimiter>/</Delimiter>\
                    <Contents><Key>a/b</Key><ID>a//b</ID></Contents>\
                    <CommonPrefixes><Prefix>a/c/</Prefix></CommonPrefixes></L>";
        assert_eq!(aliased(page.to_string()), page);
        for broken in ["", "<", "<Key>", "<Key>a//b", "<Key><![CDATA[a//", "<a:Key  >&bad;</a:Key>"]
        {
            assert_eq!(aliased(broken.to_string()), broken);
        }
    }

    #[test]
    fn every_spelling_of_a_key_is_found() {
        let page = aliased(
            "<n:Contents><n:Key >run/</n:Key></n:Contents><Key>a&#47;/&lt;</Key>\
             <Key><![CDATA[../<x]]></Key><CommonPrefixes><Prefix>a//</Prefix></CommonPrefixes>\
             <Blob><Name Encoded=\"true\">a%01b</Name></Blob><BlobPrefix><Name>/</Name></BlobPrefix>"
                .to_string(),
        );
        let texts: Vec<_> = page
            .split(['<', '>'])
            .filter(|text| text.contains(alias::MARK))
            .map(|text| alias::key(&unescape(text).expect("text")).into_owned())
            .collect();
        assert_eq!(texts, ["run/", "a//<", "../<x", "a//", "a\u{1}b", "/"]);
    }

    #[test]
    fn a_url_is_read_as_one() {
        for (given, expected) in [
            ("/d/a//b", "/d/a//b"),
            ("http://h:1/d/%2E%2E/x?y#z", "/d/../x"),
            ("/d/x%09y/", "/d/x\ty/"),
        ] {
            let path = href(given).expect("an alias");
            let path = percent_decode_str(&path).decode_utf8_lossy();
            assert_eq!(alias::key(&path), expected);
        }
        for plain in ["/d/a", "/d/", "/", "", "d//a", "http://h", "/%FF"] {
            assert_eq!(href(plain), None);
        }
        assert!(keys("").is_empty());
    }
}
