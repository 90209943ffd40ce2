//! The tokens of a JSON text: where a value ends, and what is wrong where it is none.
//!
//! Source: RFC 8259. Nothing is decoded but short texts that somebody asks for, so that all bytes can be passed on as
//! they are.

use std::borrow::Cow;

/// What is wrong, and at which byte.
pub(crate) type Bad = (usize, String);

fn bad<T>(at: usize, problem: &str) -> Result<T, Bad> {
    Err((at, problem.to_owned()))
}

/// Passes blanks over.
#[inline]
pub(crate) fn blanks(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = text.get(at) {
        at += 1;
    }
    at
}

/// What stands at a byte, for messages.
pub(crate) fn found(text: &[u8], at: usize) -> String {
    match text.get(at) {
        None => "the end of the line".to_owned(),
        Some(b) if b.is_ascii_graphic() => format!("`{}`", char::from(*b)),
        Some(_) => String::from_utf8_lossy(&text[at..(at + 4).min(text.len())])
            .chars()
            .next()
            .map_or(String::new(), |c| format!("`{}`", c.escape_debug())),
    }
}

/// The end of the string whose first quote stands at `at`.
pub(crate) fn string(text: &[u8], start: usize) -> Result<usize, Bad> {
    let mut at = start + 1;
    loop {
        let Some(length) = memchr::memchr2(b'"', b'\\', &text[at..]) else {
            return bad(start, "the string that begins here does not end");
        };
        if let Some(control) = text[at..at + length].iter().position(|b| *b < 0x20) {
            return bad(at + control, "a control character stands in a string; it has to be escaped");
        }
        at += length;
        if text[at] == b'"' {
            return Ok(at + 1);
        }
        at += match text.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u')
                if text.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                6
            }
            _ => return bad(at, "this is no escape of JSON"),
        };
    }
}

/// The end of the number that begins at `at`.
pub(crate) fn number(text: &[u8], mut at: usize) -> Result<usize, Bad> {
    let digits = |mut at: usize| -> Result<usize, Bad> {
        if !text.get(at).is_some_and(u8::is_ascii_digit) {
            return bad(at, &format!("expected a digit, found {}", found(text, at)));
        }
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        Ok(at)
    };
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}

/// The end of `true`, `false` or `null`.
pub(crate) fn literal(text: &[u8], at: usize) -> Result<usize, Bad> {
    for word in [&b"true"[..], b"false", b"null"] {
        if text[at..].starts_with(word) {
            return Ok(at + word.len());
        }
    }
    bad(at, &format!("expected a value, found {}", found(text, at)))
}

/// What a string says; `raw` stands between its quotes and is valid. Half of a surrogate pair is no character.
pub(crate) fn decoded(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = Vec::with_capacity(raw.len());
    let hex = |at: usize| -> Option<u32> {
        let digits = raw.get(at..at + 4)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'\\' {
            text.push(raw[at]);
            at += 1;
            continue;
        }
        let plain = match raw.get(at + 1) {
            Some(b'b') => 0x08,
            Some(b'f') => 0x0C,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let mut code = hex(at + 2).unwrap_or(0xFFFD);
                at += 6;
                if (0xD800..0xDC00).contains(&code) && raw[at..].starts_with(b"\\u") {
                    let low = hex(at + 2).filter(|low| (0xDC00..0xE000).contains(low));
                    if let Some(low) = low {
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                        at += 6;
                    }
                }
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            Some(other) => *other,
            None => break,
        };
        text.push(plain);
        at += 2;
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(read: fn(&[u8], usize) -> Result<usize, Bad>, text: &str, expected: Result<usize, usize>) {
        assert_eq!(read(text.as_bytes(), 0).map_err(|(at, _)| at), expected, "{text}");
    }

    #[test]
    fn numbers_of_the_grammar() {
        for good in ["0", "-0", "10", "1.50", "1e400", "-12.5E-07", "123456789012345678901234567890"] {
            check(number, good, Ok(good.len()));
        }
        check(number, "01", Ok(1));
        for (bad, at) in [("-", 1), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("+1", 0)] {
            check(number, bad, Err(at));
        }
    }

    #[test]
    fn strings_of_the_grammar() {
        for good in [r#""""#, r#""a\"b""#, r#""\\""#, r#""\u00e9\/""#, "\"é\""] {
            check(string, good, Ok(good.len()));
        }
        for (bad, at) in [("\"", 0), ("\"a\nb\"", 2), (r#""\x""#, 1), (r#""\u12g4""#, 1), ("\"\\", 1)] {
            check(string, bad, Err(at));
        }
    }

    proptest! {
        #[test]
        fn what_a_string_says(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(string(written.as_bytes(), 0).unwrap(), written.len());
            prop_assert_eq!(decoded(&written.as_bytes()[1..written.len() - 1]), text.as_bytes());
            let escaped: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            let escaped = escaped.concat();
            prop_assert_eq!(decoded(escaped.as_bytes()), text.as_bytes());
        }
    }
}
