//! Dates as servers write them, read leniently, and given to the crate as it wants them.
//!
//! RFC 9110, section 5.6.7, has three forms that must be read; the crate knows the first one alone,
//! and fails a whole page of a listing for one date that it cannot read.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Timelike, Utc};
use http::header::LAST_MODIFIED;
use http::{HeaderMap, HeaderValue};
use std::borrow::Cow;

/// The longest text that can be a date.
const LONGEST: usize = 64;
const IMF: &str = "%a, %d %b %Y %H:%M:%S GMT";
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// The elements of listings that are dates: of S3 and Google, of Azure, of WebDAV.
const ELEMENTS: [&str; 3] = ["LastModified", "Last-Modified", "getlastmodified"];
/// What the tags of all of them end in.
const COMMON: &[u8] = b"odified>";

/// When something was changed, as far as Python's dates go.
#[derive(Debug, PartialEq)]
pub enum Moment {
    /// In the years 1 to 9999.
    Within(DateTime<Utc>),
    /// Before them.
    Before,
    /// After them.
    After,
}

impl Moment {
    /// The nearest date in the years 1 to 9999.
    fn clamped(self) -> DateTime<Utc> {
        match self {
            Self::Within(time) => time,
            Self::Before => day(1, 1, 1).unwrap_or_default(),
            Self::After => end(),
        }
    }
}

/// Microseconds since 1970, within the years 1 to 9999.
pub fn micros(time: DateTime<Utc>) -> i64 {
    within(time).clamped().timestamp_micros()
}

/// Reads a date in any form of HTTP, or of ISO 8601; None if it is not one.
pub fn read(text: &str) -> Option<Moment> {
    let text = text.trim();
    match text.len() <= LONGEST && text.is_ascii() {
        true => iso(text).or_else(|| http(text)),
        false => None,
    }
}

/// Puts the date of a response into the form that the crate reads. One that no Python date can be
/// is made one that it cannot read, for its error shows it.
pub fn settle_header(headers: &mut HeaderMap) {
    let Some(given) = headers.get(LAST_MODIFIED).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let text = match read(given) {
        Some(Moment::Within(time)) => time.format(IMF).to_string(),
        Some(_) => format!("{given} (not in the years 1 to 9999)"),
        None => return,
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(LAST_MODIFIED, value);
    }
}

/// Puts the dates of a listing into the form that the crate reads; those that no Python date can be
/// become the nearest one that can.
///
/// # Errors
/// A date is not one; says which, and of which key.
pub fn settle_listing(body: String) -> Result<String, String> {
    let mut settled = String::new();
    let mut copied = 0;
    for (at, name) in dates(&body) {
        let Some(length) = body[at..].find('<') else { break };
        let given = &body[at..at + length];
        if let Some(text) = settled_date(given, name).map_err(|why| of_key(&body[..at], why))? {
            settled.push_str(&body[copied..at]);
            settled.push_str(&text);
            copied = at + length;
        }
    }
    if copied == 0 {
        return Ok(body);
    }
    settled.push_str(&body[copied..]);
    Ok(settled)
}

/// Where the text of each date begins, and what its element is called.
fn dates(body: &str) -> impl Iterator<Item = (usize, &'static str)> {
    memchr::memmem::find_iter(body.as_bytes(), COMMON).filter_map(|at| {
        let end = at + COMMON.len();
        let tag = &body.as_bytes()[end.saturating_sub(LONGEST)..end - 1];
        let tag = tag.rsplit(|byte| *byte == b'<').next().filter(|tag| !tag.starts_with(b"/"))?;
        let local = tag.rsplit(|byte| *byte == b':').next()?;
        let name = ELEMENTS.into_iter().find(|name| name.as_bytes() == local)?;
        Some((end, name))
    })
}

/// What is to be written instead of a date; None to leave it.
fn settled_date<'a>(given: &str, name: &str) -> Result<Option<Cow<'a, str>>, String> {
    let iso = name == ELEMENTS[0];
    if iso && is_usual(given) {
        return Ok(None);
    }
    let Some(moment) = read(given) else {
        let shown: String = given.chars().take(LONGEST).collect();
        return Err(format!("its {name} is not a date: '{shown}'"));
    };
    let time = moment.clamped();
    let text = match iso {
        true => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        false => time.format(IMF).to_string(),
    };
    Ok((text != given).then_some(Cow::Owned(text)))
}

/// Whether it is as S3 and Google write it: hardly any date of a listing is not.
fn is_usual(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok_and(|time| {
        let time = time.with_timezone(&Utc);
        within(time) == Moment::Within(time)
    })
}

/// An error with the key that is nearest before it.
fn of_key(before: &str, why: String) -> String {
    let at = ["Key>", "Name>", "href>"].iter().filter_map(|name| before.rfind(name)).max();
    let text = at.and_then(|at| before[..at].rsplit('>').next()).unwrap_or_default();
    let key: String = text.split('<').next().unwrap_or_default().chars().take(1024).collect();
    format!("'{key}': {why}")
}

fn within(time: DateTime<Utc>) -> Moment {
    match time.year() {
        ..1 => Moment::Before,
        1..=9999 if time <= end() => {
            Moment::Within(time.with_nanosecond(time.nanosecond() % 1_000_000_000).unwrap_or(time))
        }
        _ => Moment::After,
    }
}

fn end() -> DateTime<Utc> {
    day(9999, 12, 31).unwrap_or_default() + chrono::TimeDelta::microseconds(86_400_000_000 - 1)
}

fn day(year: i32, month: u32, day: u32) -> Option<DateTime<Utc>> {
    Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).single()
}

/// ISO 8601 as RFC 3339 narrows it, and with years that it does not have.
fn iso(text: &str) -> Option<Moment> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (year, rest) = unsigned.split_once('-')?;
    if year.len() < 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) || rest.len() < 5 {
        return None;
    }
    match year.parse::<i32>().unwrap_or(i32::MAX) {
        0 => return Some(Moment::Before),
        _ if text.starts_with('-') => return Some(Moment::Before),
        10_000.. => return Some(Moment::After),
        _ => {}
    }
    let zoned = DateTime::parse_from_rfc3339(unsigned).map(|time| time.with_timezone(&Utc));
    let time = zoned.or_else(|_| {
        chrono::NaiveDateTime::parse_from_str(unsigned, "%Y-%m-%dT%H:%M:%S%.f")
            .map(|time| time.and_utc())
    });
    time.ok().map(within)
}

/// The three forms of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`,
/// `Sun Nov  6 08:49:37 1994`. The day of the week is not believed: the date says it.
fn http(text: &str) -> Option<Moment> {
    if let Ok(time) = DateTime::parse_from_rfc2822(text) {
        return Some(within(time.with_timezone(&Utc)));
    }
    let mut words: Vec<&str> =
        text.split([' ', ',', '-', '\t']).filter(|word| !word.is_empty()).collect();
    if words.len() > 4 && words[0].bytes().all(|byte| byte.is_ascii_alphabetic()) {
        words.remove(0);
    }
    match words[..] {
        [day, month, year, time, "GMT" | "UTC" | "Z"] => moment(year, month, day, time),
        [month, day, time, year] => moment(year, month, day, time),
        _ => None,
    }
}

fn moment(year: &str, month: &str, day: &str, time: &str) -> Option<Moment> {
    let digits = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
    };
    let short = year.len() == 2;
    let year = digits(year)?;
    let name = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|known| *known == name)? as u32 + 1;
    let parts: Vec<u32> = time.split(':').map(digits).collect::<Option<_>>()?;
    let [hour, minute, second] = parts[..] else { return None };
    let year = match (short, year) {
        (true, year) => full_year(year),
        (false, 0) => return Some(Moment::Before),
        (false, 10_000..) => return Some(Moment::After),
        (false, year) => year,
    };
    let date = NaiveDate::from_ymd_opt(year as i32, month, digits(day)?)?;
    Some(within(date.and_hms_opt(hour, minute, second.min(59))?.and_utc()))
}

/// A year of two digits: one that seems over 50 years ahead is of the century before.
fn full_year(year: u32) -> u32 {
    match 2000 + year {
        full if full as i32 > Utc::now().year() + 50 => full - 100,
        full => full,
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, read, settle_listing};

    fn micros(text: &str) -> Option<i64> {
        read(text).map(|moment| moment.clamped().timestamp())
    }

    #[test]
    fn the_three_forms_of_http_are_one_date() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
            "1994-11-06T08:49:37.000",
        ] {
            assert_eq!(micros(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn what_python_cannot_say_is_known_to_be_out_of_range() {
        for text in
            ["Sat, 01 Jan 0000 00:00:00 GMT", "0000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"]
        {
            assert_eq!(read(text), Some(Moment::Before), "{text}");
        }
        for text in [
            "Sat, 01 Jan 10000 00:00:00 GMT",
            "10000-01-01T00:00:00Z",
            "+99999999999-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), Some(Moment::After), "{text}");
        }
        for text in
            ["", "nonsense", "Fri, 32 Jan 2026 00:00:00 GMT", "Fri, 02 Jan 2026 25:00:00 GMT"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_listing_keeps_all_but_its_odd_dates() {
        let page = |first: &str| {
            format!(
                "<L><Contents><Key>a</Key><LastModified>{first}</LastModified></Contents><Contents>\
                 <LastModified>2026-01-02T03:04:05.000Z</LastModified><Key>b</Key></Contents></L>"
            )
        };
        let read = |first| settle_listing(page(first));
        assert_eq!(read("2026-01-02T03:04:05Z"), Ok(page("2026-01-02T03:04:05Z")));
        assert_eq!(read("0000-01-02T03:04:05Z"), Ok(page("0001-01-01T00:00:00Z")));
        assert_eq!(read("Sun Nov  6 08:49:37 1994"), Ok(page("1994-11-06T08:49:37Z")));
        assert!(read("soon").is_err_and(|why| why.contains("'a'") && why.contains("'soon'")));
    }
}
