//! Labels of ClaML as lines of text, with the codes they name.

use xwalk_formats::claml::{Claml, Element, Label, Part};

/// A label as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    /// The text with runs of blanks made one. Cells of a table are joined by `|`, its rows by `;`.
    pub(super) text: String,
    /// The codes and ranges that it refers to, undotted; a dash at the end means the code with its descendants.
    pub(super) refs: Vec<String>,
    /// The codes in brackets of a title: the other half of a dagger and asterisk pair.
    pub(super) partners: Vec<String>,
}

/// What separates rows and cells until blanks are folded; XML does not allow these characters in a text.
const ROW: char = '\u{1e}';
const CELL: char = '\u{1f}';

/// Renders a label. In a title the reference in brackets is not part of the text.
pub(super) fn render(label: &Label, claml: &Claml, title: bool) -> Rendered {
    let mut rendered = Rendered::default();
    // The text so far, and one more for each reference that is open.
    let mut texts = vec![String::new()];
    let mut open: Vec<&Element> = Vec::new();
    for part in &label.parts {
        match part {
            Part::Text(text) => push(&mut texts, text),
            Part::Open(element) => {
                match element.name.as_str() {
                    "Reference" => texts.push(String::new()),
                    "Row" => push(&mut texts, &ROW.to_string()),
                    "Cell" => push(&mut texts, &CELL.to_string()),
                    _ if stands_apart(element) => push(&mut texts, " "),
                    _ => {}
                }
                open.push(element);
            }
            Part::Close => {
                let Some(element) = open.pop() else { continue };
                if element.name == "Reference" {
                    let shown = texts.pop().unwrap_or_default();
                    reference(element, &folded(&shown), claml, title, &mut texts, &mut rendered);
                } else {
                    mark(&mut texts, claml.mark(element.attribute("usage")));
                    if stands_apart(element) {
                        push(&mut texts, " ");
                    }
                }
            }
        }
    }
    rendered.text = folded(&texts.concat());
    rendered
}

fn push(texts: &mut [String], text: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str(text);
    }
}

/// Adds the mark of a usage to the last word, unless the text has it already.
fn mark(texts: &mut [String], mark: &str) {
    let Some(last) = texts.last_mut() else { return };
    if !mark.is_empty() && !last.trim_end().ends_with(mark) {
        last.truncate(last.trim_end().len());
        last.push_str(mark);
    }
}

/// Whether the books print the element apart from the words around it.
fn stands_apart(element: &Element) -> bool {
    match element.name.as_str() {
        "Para" | "Fragment" | "List" | "ListItem" | "Table" | "Caption" | "THead" | "TBody" | "TFoot" => true,
        "Term" => element.attribute("class") == "tab",
        _ => false,
    }
}

fn reference(
    element: &Element,
    text: &str,
    claml: &Claml,
    title: bool,
    texts: &mut [String],
    rendered: &mut Rendered,
) {
    let code = element.attribute("code");
    let shown = if text.is_empty() { code } else { text };
    let mut marked = vec![shown.to_owned()];
    mark(&mut marked, claml.mark(element.attribute("usage")));
    let marked = marked.concat();
    let brackets = element.attribute("class").contains("bracket");
    if brackets && title {
        rendered.partners.push(marked);
    } else if brackets {
        push(texts, &format!(" ({marked})"));
    } else {
        push(texts, &marked);
    }
    let found = code_or_range(shown).or_else(|| code_or_range(code));
    rendered.refs.extend(found.filter(|found| !rendered.refs.contains(found)));
}

/// A code or range as notes name it: `C49.-` is `C49-`, `A00-A09` stays.
pub(super) fn code_or_range(text: &str) -> Option<String> {
    let text = text.replace(['\u{2013}', '\u{2014}', '\u{2011}'], "-");
    let text = text.trim().trim_matches(['(', ')', ' ']).trim_end_matches(['*', '!', '+', '\u{2020}']);
    if let Some((first, last)) = text.trim_end_matches('-').split_once('-') {
        return Some(format!("{}-{}", code(first)?, code(last)?));
    }
    let body = text.trim_end_matches('-');
    let found = code(body)?;
    Some(if body.len() < text.len() { format!("{found}-") } else { found })
}

fn code(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('.');
    // A mark may stand before the dash of a range.
    let text = text.trim_end_matches(['*', '!', '+', '\u{2020}', '.']);
    super::draft::plain(text)
}

/// Runs of white space as one blank, none at the ends; rows and cells with their separators.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for row in text.split(ROW) {
        let cells: Vec<String> = row.split(CELL).map(words).filter(|c| !c.is_empty()).collect();
        if cells.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str("; ");
        }
        out.push_str(&cells.join(" | "));
    }
    out
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(label: &str, title: bool, text: &str, refs: &[&str], partners: &[&str]) {
        let xml = format!(
            "<ClaML><UsageKinds><UsageKind name=\"aster\" mark=\"*\"/><UsageKind name=\"dagger\" mark=\"+\"/></UsageKinds>\
             <Class code=\"Q10\" kind=\"category\"><Rubric kind=\"x\"><Label>{label}</Label></Rubric></Class></ClaML>"
        );
        let claml = xwalk_formats::claml::read(xml.as_bytes()).unwrap();
        let rendered = render(&claml.classes[0].rubrics[0].labels[0], &claml, title);
        let expected = Rendered {
            text: text.into(),
            refs: refs.iter().map(|r| (*r).to_owned()).collect(),
            partners: partners.iter().map(|r| (*r).to_owned()).collect(),
        };
        assert_eq!(rendered, expected, "{label}");
    }

    #[test]
    fn references() {
        let partner =
            "Made up fever<Reference class=\"in brackets\" usage=\"aster\" code=\"Z01\">Z01</Reference>";
        check(partner, true, "Made up fever", &["Z01"], &["Z01*"]);
        check(partner, false, "Made up fever (Z01*)", &["Z01"], &[]);
        check("see <Reference code=\"C49\">C49.-</Reference>", false, "see C49.-", &["C49-"], &[]);
        check("(<Reference>A00.1-A09.2</Reference>)", false, "(A00.1-A09.2)", &["A001-A092"], &[]);
        check("<Reference code=\"Q11.2\">chapter</Reference>", false, "chapter", &["Q112"], &[]);
        check(
            "<Reference>J45.0-</Reference><Reference>J45.0-</Reference>",
            false,
            "J45.0-J45.0-",
            &["J450-"],
            &[],
        );
    }

    #[test]
    fn fragments_terms_and_tables() {
        let list =
            "<Fragment type=\"list\">lead</Fragment><Fragment type=\"item\" usage=\"dagger\">item</Fragment>";
        check(list, false, "lead item+", &[], &[]);
        check(
            "H<Term class=\"subscript\">2</Term>O\n  <Para>next</Para>one",
            false,
            "H2O next one",
            &[],
            &[],
        );
        let table = "<Table><TBody><Row><Cell>a</Cell><Cell>b <Para>c</Para></Cell></Row><Row><Cell>d</Cell></Row>\
                     </TBody></Table>";
        check(table, false, "a | b c; d", &[], &[]);
    }
}
