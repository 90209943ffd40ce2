//! The years that names tell: `icd102019en.xml`, `icd10gm2025syst_claml_20240913.xml`, `umsteiger20072008.txt`.

use crate::InputFile;

/// The years in a name, in order. A date of eight digits is none, unless its halves are a year and the next one.
pub(crate) fn years(name: &str) -> Vec<i16> {
    // The digits of the classification's own name run into those of the year.
    let text = name.to_ascii_lowercase().replace("icd-10", " ").replace("icd10", " ");
    let year = |digits: &str| digits.parse::<i16>().ok().filter(|y| (1990..2100).contains(y));
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_ascii_digit()) {
        match run.len() {
            4 => found.extend(year(run)),
            8 => {
                if let (Some(old), Some(new)) = (year(&run[..4]), year(&run[4..]))
                    && new == old + 1
                {
                    found.extend([old, new]);
                }
            }
            _ => {}
        }
    }
    found
}

/// The year of the edition that a file is part of, from its name, else from the nearest folder or archive that tells
/// one. Names of transition packages tell two and are of no help.
pub(crate) fn edition_year(file: &InputFile) -> Option<i16> {
    if let Some(&year) = years(file.name()).first() {
        return Some(year);
    }
    let around = file.folders().iter().map(|f| years(f)).find(|y| !y.is_empty())?;
    match around.as_slice() {
        [first, rest @ ..] if rest.iter().all(|y| y == first) => Some(*first),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_in_names() {
        assert_eq!(years("icd102019en.xml"), [2019]);
        assert_eq!(years("icd10gm2025syst_claml_20240913.xml"), [2025]);
        assert_eq!(years("umsteiger20072008.txt"), [2007, 2008]);
        assert_eq!(years("umsteiger_icd10gmsyst2008_icd10gmsyst2009.txt"), [2008, 2009]);
        assert_eq!(years("icd10gm2022syst_umsteiger_2021_2022_20221206.txt"), [2022, 2021, 2022]);
        assert!(years("CODES.txt").is_empty());
    }

    #[test]
    fn the_year_of_an_edition() {
        let year = |name: &str, folders: &[&str]| edition_year(&InputFile::from_bytes(name, folders, b""));
        assert_eq!(year("CODES.txt", &["Klassifikationsdateien", "x1gma2005.zip"]), Some(2005));
        assert_eq!(year("ICD10V2006.txt", &["x1ueb2005_2006.zip"]), Some(2006));
        assert_eq!(year("syst.txt", &["x1ueb2005_2006.zip"]), None);
        assert_eq!(year("allvalid2020_(detailed_titles_headings).csv", &[]), Some(2020));
    }
}
