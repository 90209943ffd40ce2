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
    /// Code page 850 of DOS, in the oldest German files.
    Cp850,
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

/// The encoding of a German text: by its byte order mark, else UTF-8 if it is that, else the one of code page 850 and
/// Windows-1252 in which more bytes are umlauts or sharp s.
///
/// The two have their seven letters at different bytes. What is an umlaut in the one is a graphic, a symbol or a rare
/// letter in the other, and a text of any length has many more umlauts than those. With no such byte at all it is
/// Windows-1252. The ICD-10-GM files of 2004 are in code page 850, those of 2005 to 2009 in Latin-1.
pub fn german_encoding(bytes: &[u8]) -> Encoding {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Encoding::Utf16;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Encoding::Utf8;
    }
    let (mut dos, mut windows) = (0usize, 0usize);
    for byte in bytes {
        match byte {
            0x84 | 0x94 | 0x81 | 0x8E | 0x99 | 0x9A | 0xE1 => dos += 1,
            0xE4 | 0xF6 | 0xFC | 0xC4 | 0xD6 | 0xDC | 0xDF => windows += 1,
            _ => {}
        }
    }
    if dos > windows { Encoding::Cp850 } else { Encoding::Windows1252 }
}

/// Decodes a part of a text whose encoding is known. A byte order mark is not part of the text.
pub fn decode_as(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf16 => decode(bytes).text,
        Encoding::Utf8 => String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
        Encoding::Cp850 => {
            oem_cp::decode_string_complete_table(bytes, &oem_cp::code_table::DECODING_TABLE_CP850).into()
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

    #[track_caller]
    fn check_german(bytes: &[u8], encoding: Encoding, text: &str) {
        assert_eq!(german_encoding(bytes), encoding);
        assert_eq!(decode_as(bytes, encoding), text);
    }

    #[test]
    fn german_letters_decide() {
        check_german(b"K\x81nstliche St\x94rung, Gr\x94\xE1e", Encoding::Cp850, "Künstliche Störung, Größe");
        check_german(
            b"K\xFCnstliche St\xF6rung, Gr\xF6\xDFe",
            Encoding::Windows1252,
            "Künstliche Störung, Größe",
        );
        check_german("\u{feff}Größe".as_bytes(), Encoding::Utf8, "Größe");
        check_german("Größe".as_bytes(), Encoding::Utf8, "Größe");
        // One quotation mark of Windows-1252 does not outweigh the umlauts around it.
        check_german(b"\x84St\xF6rung\x93, \xFCbrig", Encoding::Windows1252, "„Störung“, übrig");
        assert_eq!(german_encoding(b"Caf\xE9"), Encoding::Windows1252);
    }
}
