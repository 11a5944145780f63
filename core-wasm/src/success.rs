//! Answers that say success and are none. The crate takes the status for the whole truth: a login
//! page for an empty listing, and what Google or a WebDAV server could not copy for copied.

use http::Method;

/// What the names of listings end in: S3's and Google's, Azure's, WebDAV's, and those of the
/// credentials that a listing may need first.
const ROOTS: [&str; 4] = ["Result", "Results", "multistatus", "Response"];
/// Errors after which a server wants to be asked again.
const PASSING: [&str; 3] = ["InternalError", "SlowDown", "ServiceUnavailable"];

/// What an answer's text was asked for as.
pub struct Asked {
    /// Whether it may be a listing.
    pub lists: bool,
    /// Whether the server is a plain web server, which may say by a page what it did.
    pub plain: bool,
}

/// The status that an answer should have had.
///
/// # Errors
/// It is no answer to what was asked; says why.
pub fn settled(
    status: u32,
    body: &str,
    method: &Method,
    asked: &Asked,
) -> Result<u32, &'static str> {
    if !(200..300).contains(&status) {
        return Ok(status);
    }
    let method = method.as_str();
    if status == 207 && method != "PROPFIND" {
        return Err("it has several statuses (207): not everything was done");
    }
    let Some(root) = root(body) else { return Ok(status) };
    if root == "Error" {
        let passes = PASSING.iter().any(|code| body.contains(&format!("<Code>{code}</Code>")));
        return Ok(if passes { 500 } else { 400 });
    }
    let may_be_a_page = asked.plain && (status != 200 || method != "COPY");
    if root.eq_ignore_ascii_case("html") && (asked.lists || !may_be_a_page) {
        return Err("it is a web page, as servers show for a login");
    }
    if asked.lists && !ROOTS.iter().any(|end| root.ends_with(end)) {
        return Err("it is not a listing");
    }
    if asked.lists && goes_on_nowhere(body) {
        return Err("it says that the listing goes on, but not where");
    }
    Ok(status)
}

/// Whether a page of S3's or Google's is not the last one and has no token for the next: servers
/// that do not know the second version of the request answer so.
fn goes_on_nowhere(body: &str) -> bool {
    let has = |text: &str| memchr::memmem::find(body.as_bytes(), text.as_bytes()).is_some();
    has("IsTruncated>true<") && !has("NextContinuationToken>")
}

/// The local name of the first element; None if the text is not XML or HTML.
fn root(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let inner = rest.strip_prefix('<')?;
        let end = match inner {
            _ if inner.starts_with("!--") => "-->",
            _ if inner.starts_with(['!', '?']) => ">",
            _ => {
                let name =
                    inner.split(|c: char| c.is_ascii_whitespace() || "/>".contains(c)).next();
                return name?.rsplit(':').next();
            }
        };
        rest = inner.split_once(end)?.1.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found() {
        for (text, expected) in [
            ("<a>", "a"),
            ("\u{feff} <?xml version=\"1.0\"?>\n<!-- <b> -->\n<x:a y=\"z\">", "a"),
            ("<!DOCTYPE html><HTML/>", "HTML"),
        ] {
            assert_eq!(root(text), Some(expected));
        }
        for text in ["", "{}", "a<b>", "<!-- <a>", "<?", "<"] {
            assert!(root(text).is_none_or(str::is_empty), "{text}");
        }
    }
}
