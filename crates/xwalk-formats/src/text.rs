//! Encodings, decided by content.

use std::borrow::Cow;

/// The encodings in which the authorities publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark; ASCII is this too.
    Utf8,
    /// UTF-16 with a byte order mark.
    Utf16,
    /// Windows-1252, of which Latin-1 text is a part.
    Windows1252,
}

/// Text with what it was decoded from.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// The encoding it was read as.
    pub encoding: Encoding,
}

/// Decodes a whole file: by its byte order mark, else as UTF-8 if it is that, else as Windows-1252.
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        let (text, _, _) = encoding_rs::UTF_16LE.decode(bytes);
        return Decoded { text, encoding: Encoding::Utf16 };
    }
    let rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(rest) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), encoding: Encoding::Utf8 },
        Err(_) => {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(rest);
            Decoded { text, encoding: Encoding::Windows1252 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content() {
        assert_eq!(decode(b"\xFF\xFEa\0").text, "a");
        assert_eq!(decode("\u{feff}é".as_bytes()).text, "é");
        let latin = decode(b"M\xE9ni\xE8re");
        assert_eq!((latin.text.as_ref(), latin.encoding), ("Ménière", Encoding::Windows1252));
    }
}
