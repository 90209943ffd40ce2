//! Synthetic files with invented codes and titles, in the layouts of the WHO, BfArM and CDC.

use xwalk_model::{Code, Diagnostic, Edition, NoteKind, Role, Rule};

use crate::recognise::{Recognised, recognise};
use crate::{InputFile, Release};

/// Writes ClaML as the authorities do: kinds, modifiers, modifier classes, classes.
#[derive(Default)]
struct Claml {
    title: &'static str,
    modifiers: Vec<String>,
    parts: Vec<String>,
    classes: Vec<String>,
}

impl Claml {
    fn new(title: &'static str) -> Self {
        Self { title, ..Self::default() }
    }

    /// A modifier with its classes, each a digit and a title.
    fn modifier(mut self, code: &str, meta: &str, parts: &[(&str, &str)]) -> Self {
        self.modifiers.push(format!("<Modifier code=\"{code}\">{meta}</Modifier>\n"));
        for (digit, inner) in parts {
            let inner = if inner.starts_with('<') {
                (*inner).to_owned()
            } else {
                format!("<Rubric kind=\"preferred\"><Label xml:lang=\"en\">{inner}</Label></Rubric>")
            };
            self.parts.push(format!(
                "<ModifierClass modifier=\"{code}\" code=\"{digit}\"><SuperClass code=\"{code}\"/>{inner}</ModifierClass>\n"
            ));
        }
        self
    }

    fn class(mut self, code: &str, kind: &str, above: &str, title: &str, inner: &str) -> Self {
        let above = if above.is_empty() { String::new() } else { format!("<SuperClass code=\"{above}\"/>") };
        self.classes.push(format!(
            "<Class code=\"{code}\" kind=\"{kind}\">{above}{}<Rubric kind=\"preferred\"><Label xml:lang=\"en\">{title}\
             </Label></Rubric>{}</Class>\n",
            before(inner),
            after(inner)
        ));
        self
    }

    fn xml(&self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE ClaML SYSTEM \"ClaML.dtd\">\n<ClaML version=\"2.0.0\">\n\
             <Meta name=\"TopLevelSort\" value=\"I II\"/><Meta name=\"lang\" value=\"en\"/>\n{}\n\
             <UsageKinds><UsageKind name=\"aster\" mark=\"*\"/><UsageKind name=\"dagger\" mark=\"+\"/></UsageKinds>\n\
             {}{}{}</ClaML>\n",
            self.title,
            self.modifiers.concat(),
            self.parts.concat(),
            self.classes.concat()
        )
    }

    fn import(&self, name: &str) -> (Edition, Vec<Diagnostic>) {
        import(&[(name, self.xml().as_bytes())])
    }
}

/// What stands before the rubrics of a class: everything but rubrics.
fn before(inner: &str) -> String {
    inner.split("<Rubric").next().unwrap_or_default().to_owned()
}

fn after(inner: &str) -> &str {
    inner.find("<Rubric").map_or("", |at| &inner[at..])
}

#[track_caller]
fn import(files: &[(&str, &[u8])]) -> (Edition, Vec<Diagnostic>) {
    let mut release: Option<Release> = None;
    for (name, bytes) in files {
        let file = InputFile::from_bytes(name, &[], bytes);
        let Recognised::Part { kind, edition } = recognise(&file).unwrap() else { panic!("{name}") };
        let release = release.get_or_insert_with(|| Release { id: edition.clone(), files: Vec::new() });
        assert_eq!(release.id, edition);
        release.files.push((kind, file));
    }
    let imported = release.unwrap().import().unwrap();
    (imported.edition.unwrap(), imported.diagnostics)
}

fn codes(edition: &Edition) -> Vec<String> {
    // Headers in brackets, codes that may be used but need not with a question mark.
    let show = |c: xwalk_model::Concept<'_>| match (c.assignable(), c.attribute("subclassified")) {
        (true, Some("optional")) => format!("{}?", c.display()),
        (true, _) => c.display(),
        (false, _) => format!("({})", c.display()),
    };
    edition.concepts().map(show).collect()
}

#[track_caller]
fn long<'e>(edition: &'e Edition, code: &str) -> &'e str {
    edition.get(&Code::from_official(code)).unwrap().designation(Role::Long).unwrap()
}

const WHO: &str = "<Identifier authority=\"WHO\" uid=\"x\"/><Title date=\"2020-03-22\" name=\"ICD-10-EN\" \
                   version=\"2019-x\">T</Title>";
const GM: &str = "<Identifier authority=\"BfArM\" uid=\"1.2\"/><Title date=\"2024-09-13\" name=\"ICD-10-GM\" version=\"2025\">T</Title>";

fn modified(code: &str) -> String {
    format!("<ModifiedBy code=\"{code}\"/>")
}

#[test]
fn the_five_patterns_of_modifiers() {
    let claml = Claml::new(WHO)
        .modifier("S04Q10_4", "", &[(".0", "with a"), (".1", "with b")])
        .modifier("Q20M10_4", "", &[("0", "left"), ("1", "right")])
        .modifier("S13Q30_5", "", &[("0", "many sites"), ("9", "no site")])
        .class("I", "chapter", "", "First", "")
        .class("Q10-Q59", "block", "I", "Block", "")
        .class("Q10", "category", "Q10-Q59", "A", &modified("S04Q10_4"))
        .class("Q20", "category", "Q10-Q59", "B", &modified("Q20M10_4"))
        .class("Q20.1", "category", "Q20", "B one", "")
        .class("Q30", "category", "Q10-Q59", "C", &modified("S13Q30_5"))
        .class("Q40", "category", "Q10-Q59", "D", &modified("S13Q30_5"))
        .class("Q40.1", "category", "Q40", "D one", "")
        .class("Q40.2", "category", "Q40", "D two", "<ExcludeModifier code=\"S13Q30_5\"/>")
        .class("Q50", "category", "Q10-Q59", "E", "")
        .class("Q50.2", "category", "Q50", "E two", &modified("S13Q30_5"))
        .class("Q51", "category", "Q10-Q59", "F", "");
    let (edition, diagnostics) = claml.import("icd102019en.xml");
    assert_eq!(
        codes(&edition).join(" "),
        "(I) (Q10-Q59) (Q10) Q10.0 Q10.1 (Q20) (Q20.1) Q20.10 Q20.11 (Q30) Q30.X0 Q30.X9 \
         (Q40) (Q40.1) Q40.10 Q40.19 Q40.2 (Q50) (Q50.2) Q50.20 Q50.29 Q51"
    );
    assert_eq!(edition.id().to_string(), "icd10@2019");
    assert_eq!(edition.effective().to_string(), "not stated");
    assert_eq!(long(&edition, "Q101"), "A: with b");
    assert_eq!(long(&edition, "Q4019"), "D: D one: no site");
    let made = edition.get(&Code::from_official("Q30X0")).unwrap();
    assert_eq!(
        (made.parent().unwrap().display().as_str(), made.designation(Role::Tabular)),
        ("Q30", Some("many sites"))
    );
    assert_eq!(edition.hierarchy(), xwalk_model::Hierarchy::Stated);
    assert!(diagnostics.iter().all(|d| d.rule == Rule::Expanded), "{diagnostics:?}");
}

#[test]
fn combinations_that_bfarm_forbids() {
    let no_zero = "<Meta name=\"excludeOnPrecedingModifier\" value=\"S04Q10_4 .7\"/><Rubric kind=\"preferred\">\
                   <Label>nicht entgleist</Label></Rubric>";
    let claml = Claml::new(GM)
        .modifier("S04Q10_4", "", &[(".0", "mit Koma"), (".7", "mit vielen")])
        .modifier("S05Q10_5", "", &[("0", no_zero), ("2", "mehr")])
        .class("I", "chapter", "", "Erstes", "")
        .class("Q10", "category", "I", "Zucker", &(modified("S04Q10_4") + &modified("S05Q10_5")))
        .class(
            "Q11",
            "category",
            "I",
            "Salz",
            "<ModifiedBy code=\"S04Q10_4\" all=\"false\"><ValidModifierClass code=\".7\"/></ModifiedBy>",
        );
    let (edition, _) = claml.import("icd10gm2025syst_claml_20240913.xml");
    assert_eq!(codes(&edition).join(" "), "(I) (Q10) (Q10.0) (Q10.7) Q10.00 Q10.02 Q10.72 (Q11) Q11.7");
    assert_eq!(edition.effective().to_string(), "2025-01-01 to 2025-12-31");
    assert_eq!(long(&edition, "Q1072"), "Zucker: mit vielen: mehr");
}

#[test]
fn optional_digits_leave_the_code_above_assignable() {
    let optional = "<Meta name=\"usage\" value=\"optional\"/>";
    let claml = Claml::new(WHO)
        .modifier("S13Q30_5", optional, &[("0", "site")])
        .modifier("S14Q31_4", "", &[(".0", "place")])
        .class("I", "chapter", "", "First", "")
        .class("Q30", "category", "I", "A", &modified("S13Q30_5"))
        .class("Q30.1", "category", "Q30", "A one", "")
        .class(
            "Q31",
            "category",
            "I",
            "B",
            &format!("<ModifiedBy code=\"S14Q31_4\">{optional}</ModifiedBy>"),
        );
    let (edition, _) = claml.import("icd102019en.xml");
    assert_eq!(codes(&edition).join(" "), "(I) (Q30) Q30.1 Q30.10? Q31 Q31.0?");
}

#[test]
fn known_defects_of_the_who() {
    let link = "<Rubric kind=\"modifierlink\"><Label>See the site codes</Label></Rubric>";
    let claml = Claml::new(WHO)
        .modifier("S13M00_5", "", &[("0", "site")])
        .modifier("S20W00_4", "", &[("0", "somewhere")])
        .modifier("I70M10_4", "", &[("0", "without"), ("1", "with")])
        .class("I", "chapter", "", "First", "")
        .class("I70", "category", "I", "Pipes", &modified("I70M10_4"))
        .class("I70.2", "category", "I70", "Small pipes", "")
        .class("M13", "category", "I", "Hinges", link)
        .class("M13.1", "category", "M13", "One hinge", "")
        .class("M14", "category", "I", "Other hinges", &modified("S13M00_5"))
        .class("M14.0", "category", "M14", "Rusty hinge", "")
        .class("W01", "category", "I", "Slips", "")
        .class("W26", "category", "I", "Listed places", "")
        .class("W26.0", "category", "W26", "Own code", "")
        .class("Y06", "category", "I", "Not here", "");
    let (edition, diagnostics) = claml.import("icd102019en.xml");
    assert_eq!(
        codes(&edition).join(" "),
        "(I) (I70) (I70.2) I70.20 I70.21 (M13) (M13.1) M13.10 (M14) (M14.0) M14.00 W01 W01.0? (W26) W26.0 Y06"
    );
    let odd: Vec<_> =
        diagnostics.iter().filter(|d| d.rule == Rule::OddValue).map(|d| &d.message[..3]).collect();
    assert_eq!(odd, ["M13", "M14", "the"]);
    // In ICD-10-GM nothing is repaired.
    let gm = Claml { title: GM, ..claml };
    let (edition, _) = gm.import("icd10gm2025syst_claml_20240913.xml");
    assert!(codes(&edition).contains(&"M13.1".to_owned()) && codes(&edition).contains(&"W01".to_owned()));
}

#[test]
fn titles_notes_usage_and_partners() {
    let inner = "<Rubric kind=\"preferredLong\"><Label xml:lang=\"en\">Made up: bones</Label></Rubric>\
        <Rubric kind=\"inclusion\" usage=\"dagger\"><Label><Fragment type=\"list\">lead</Fragment><Fragment \
        type=\"item\">one</Fragment></Label></Rubric>\
        <Rubric kind=\"exclusion\"><Label>joints (<Reference code=\"Q49\">Q49.-</Reference>, \
        <Reference>Q50-Q59</Reference>)</Label></Rubric>\
        <Rubric kind=\"coding-hint\"><Label>Use it</Label></Rubric><Rubric kind=\"definition\"><Label><Para>What</Para>\
        <Para>it is</Para></Label></Rubric><Rubric kind=\"introduction\"><Label>Intro</Label></Rubric>\
        <Rubric kind=\"footnote\"><Label>Foot</Label></Rubric><Rubric kind=\"text\"><Label>Text</Label></Rubric>\
        <Rubric kind=\"strange\"><Label>New</Label></Rubric>";
    let title = "Bones<Reference class=\"in brackets\" usage=\"aster\" code=\"Z01\">Z01.0</Reference>";
    let claml = Claml::new(WHO)
        .class("II", "chapter", "", "Second", "")
        .class("I", "chapter", "", "First", "")
        .class("Q40", "category", "I", "Frame", "")
        .class("Q40.3", "category", "Q40", title, inner)
        .class("Q41", "category", "I", "Whole title", "");
    let xml = claml.xml().replace("<Class code=\"Q40.3\"", "<Class usage=\"dagger\" code=\"Q40.3\"");
    let (edition, diagnostics) = import(&[("icd102019en.xml", xml.as_bytes())]);
    assert_eq!(codes(&edition).join(" "), "(I) (Q40) Q40.3 Q41 (II)");
    let code = edition.get(&Code::from_official("Q403")).unwrap();
    assert_eq!(
        (code.designation(Role::Long), code.designation(Role::Tabular)),
        (Some("Made up: bones"), Some("Bones"))
    );
    assert_eq!(
        (code.attribute("usage"), code.attribute("dagger-asterisk-partner")),
        (Some("dagger"), Some("Z01.0*"))
    );
    let notes: Vec<_> = code.notes().map(|n| (n.kind, n.text, n.refs.join(" "))).collect();
    let note = |kind, text, refs: &str| (kind, text, refs.to_owned());
    assert_eq!(
        notes,
        [
            note(NoteKind::InclusionTerm, "lead one+", ""),
            note(NoteKind::Exclusion, "joints (Q49.-, Q50-Q59)", "Q49- Q50-Q59"),
            note(NoteKind::CodingHint, "Use it", ""),
            note(NoteKind::Definition, "What it is", ""),
            note(NoteKind::Introduction, "Intro", ""),
            note(NoteKind::Footnote, "Foot", ""),
            note(NoteKind::Note, "Text", ""),
            note(NoteKind::Note, "New", ""),
        ]
    );
    assert_eq!(diagnostics.iter().map(|d| d.rule).collect::<Vec<_>>(), [Rule::OddValue]);
    assert!(edition.sources()[0].sha256.len() == 64 && edition.remarks()[0].contains("2019-x"));
}

#[test]
fn a_broken_tree_is_told_and_kept() {
    let claml = Claml::new(WHO)
        .class("I", "chapter", "", "First", "<SubClass code=\"Q99\"/>")
        .class("Q10", "category", "Q11", "A", "")
        .class("Q11", "category", "Q10", "B", "")
        .class("Q12", "category", "missing", "C", "")
        .class("Q12", "category", "I", "again", "")
        .class("nonsense", "category", "I", "D", "");
    let (edition, diagnostics) = claml.import("icd102019en.xml");
    assert_eq!(edition.len(), 4);
    let mut rules: Vec<_> = diagnostics.iter().map(|d| d.rule).collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [Rule::BadCode, Rule::DuplicateCode, Rule::NoParent, Rule::NoParent, Rule::CodesDisagree]
    );
}

const GM_MORE: &str = "P;O;1-1;;;;101;9;9;t001;j124;9;N;J;N;N";

fn gm_row(level: &str, terminal: &str, code: &str, marked: &str, titles: &str, more: &str) -> String {
    format!("{level};{terminal};X;01;Q10;{marked};{code};{};{titles};{more}\r\n", code.replace('.', ""))
}

#[test]
fn metadata_of_icd_10_gm() {
    let more = GM_MORE.replacen(";9;N;J;N;N", ";9;N;J", 1);
    let chapters = "01;K\u{fc}nstliches\r\n";
    let groups = "Q10;01;Gruppe\r\n";
    let rows = gm_row("3", "N", "Q10", "Q10.-", "Erstes", &more)
        + &gm_row("0", "T", "Q10.1", "Q10.1*", "Zweites mit gr\u{f6}\u{df}erem", &more)
        + &gm_row("3", "?", "Q11", "Q11!", "Drittes", &more);
    let latin = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let (edition, diagnostics) = import(&[
        ("icd10gm2004syst_kodes.txt", &latin(&rows)),
        ("icd10gm2004_kapitel.txt", &latin(chapters)),
        ("icd10gm2004_gruppen.txt", groups.as_bytes()),
    ]);
    assert_eq!(codes(&edition).join(" "), "(I) (Q10-Q11) (Q10) Q10.1 Q11");
    assert_eq!(edition.effective().to_string(), "2004-01-01 to 2004-12-31");
    assert_eq!(long(&edition, "Q101"), "Zweites mit gr\u{f6}\u{df}erem");
    let code = edition.get(&Code::from_official("Q101")).unwrap();
    let shown = |name: &str| code.attribute(name).unwrap_or("-");
    assert_eq!(
        [shown("usage"), shown("use-295"), shown("use-301"), shown("age-to-old")],
        ["aster", "P", "O", "j124"]
    );
    assert_eq!(
        (code.parent().unwrap().display(), edition.languages()),
        ("Q10".to_owned(), &["de".to_owned()][..])
    );
    assert_eq!(
        diagnostics.iter().map(|d| (d.rule, d.at.map(|a| a.line))).collect::<Vec<_>>(),
        [(Rule::OddValue, Some(2)), (Rule::OddValue, Some(3))]
    );
}

/// The trap of the edition of 2004: read as Latin-1, thousands of its titles differ from those of 2005.
#[test]
fn code_page_850_and_utf_8_give_the_same_titles() {
    let rows = gm_row(
        "3",
        "T",
        "Q10",
        "Q10",
        "\u{c4}rger, gr\u{f6}\u{df}er;\u{c4}rger, gr\u{f6}\u{df}er;;",
        GM_MORE,
    );
    let dos: Vec<u8> = rows
        .chars()
        .map(|c| match c {
            '\u{c4}' => 0x8E,
            '\u{f6}' => 0x94,
            '\u{df}' => 0xE1,
            c => c as u8,
        })
        .collect();
    let bom = format!("\u{feff}{rows}");
    for bytes in [&dos, rows.as_bytes(), bom.as_bytes()] {
        let (edition, diagnostics) = import(&[("icd10gm2021syst_kodes.txt", bytes)]);
        assert_eq!((long(&edition, "Q10"), diagnostics.len()), ("\u{c4}rger, gr\u{f6}\u{df}er", 0));
    }
}

#[test]
fn meta_data_of_the_who() {
    let row = |level, terminal, listed, marked: &str, code: &str, titles: &str| {
        format!(
            "{level};{terminal};{listed};01;Q10;{marked};{code};{};{titles};104;4-1;3-1;2-1;1-1\r\n",
            code.replace('.', "")
        )
    };
    let codes_file = row("3", "N", "X", "Q10.-", "Q10", "Sugar;Sugar;;")
        + &row("4", "T", "S", "Q10.0*", "Q10.0", "Sugar: With coma;Sugar;With coma;");
    let (edition, diagnostics) = import(&[
        ("icd102016syst_codes.txt", codes_file.as_bytes()),
        ("icd102016syst_chapters.txt", b"01;First\r\n02;Second\r\n"),
        ("icd102016syst_blocks.txt", b"Q10;Q19;01;Block\r\n"),
    ]);
    assert_eq!(codes(&edition).join(" "), "(I) (Q10-Q19) (Q10) Q10.0 (II)");
    let code = edition.get(&Code::from_official("Q100")).unwrap();
    assert_eq!(
        (code.designation(Role::Long), code.designation(Role::Tabular)),
        (Some("Sugar: With coma"), Some("With coma"))
    );
    assert_eq!(
        (code.attribute("subclassified"), code.attribute("mortality-list-1")),
        (Some("yes"), Some("1-1"))
    );
    assert_eq!((diagnostics.len(), edition.id().to_string().as_str()), (0, "icd10@2016"));
}

#[test]
fn metadata_and_titles_beside_claml() {
    let claml = Claml::new(GM)
        .class("I", "chapter", "", "Erstes", "")
        .class("Q10", "category", "I", "Zucker", "")
        .class("Q11", "category", "I", "Salz", "");
    let rows = gm_row("3", "T", "Q10", "Q10", "Zucker;Zucker;;", GM_MORE)
        + &gm_row("3", "N", "Q11", "Q11", "Salz;Salz;;", GM_MORE)
        + &gm_row("3", "T", "Q12", "Q12", "Mehl;Mehl;;", GM_MORE);
    let titles = "UNDEF;Undefined\r\nQ10;Zucker\r\nQ11;Andres\r\nQ13;Neu\r\n";
    let (edition, diagnostics) = import(&[
        ("icd10gm2025syst_claml_20240913.xml", claml.xml().as_bytes()),
        ("icd10gm2025syst_kodes.txt", rows.as_bytes()),
        ("icd10gm2025syst.txt", titles.as_bytes()),
    ]);
    assert_eq!(codes(&edition).join(" "), "(I) Q10 (Q11)");
    assert_eq!(edition.get(&Code::from_official("Q10")).unwrap().attribute("use-301"), Some("O"));
    let rules: Vec<_> = diagnostics.iter().map(|d| d.rule).collect();
    assert_eq!(
        rules,
        [Rule::CodesDisagree, Rule::AssignableDisagrees, Rule::CodesDisagree, Rule::TitlesDisagree]
    );
}

#[test]
fn a_list_of_titles_alone() {
    let titles = "UNDEF;Nicht definiert\r\nQ10.-;Eins\r\nQ10.0*;Zwei\r\nQ11.-;Leer\r\nQ12!;Drei\r\n";
    let (edition, diagnostics) = import(&[("icd10gm2004syst.txt", titles.as_bytes())]);
    assert_eq!(codes(&edition).join(" "), "(Q10) Q10.0 (Q11) Q12");
    assert_eq!(edition.get(&Code::from_official("Q100")).unwrap().attribute("usage"), Some("aster"));
    assert!(diagnostics.is_empty());
}

#[test]
fn the_mortality_list() {
    let text = "\u{feff}\"A LIST, 1999-2022\",,\r\nStatus,Code,ICD Title\r\n,Q10.0,One \r\n\"Added in 2006\nTitle updated\",Q11,Two\r\n\
        Deleted in 2009,Q12.1,Three\r\nAdded in 2001,*U01.0,Four\r\n,,A heading\r\n,nonsense,x\r\n";
    let (edition, diagnostics) = import(&[("allvalid2020_(detailed_titles_headings).csv", text.as_bytes())]);
    assert_eq!(edition.id().to_string(), "icd10@cdc-2020");
    assert_eq!(codes(&edition).join(" "), "Q10.0 Q11 (Q12.1) U01.0");
    let at = |code: &str, name: &str| {
        edition.get(&Code::from_official(code)).unwrap().attribute(name).map(str::to_owned)
    };
    assert_eq!(at("Q11", "status").as_deref(), Some("Added in 2006\nTitle updated"));
    assert_eq!(at("U010", "us-only").as_deref(), Some("yes"));
    assert_eq!(diagnostics.iter().map(|d| d.rule).collect::<Vec<_>>(), [Rule::BadCode, Rule::NotUsed]);
}

/// What a modifier makes never replaces or repeats what is listed, whatever stands where.
mod laws {
    use proptest::prelude::*;

    use super::{Claml, WHO, codes, import};

    fn class() -> impl Strategy<Value = (u8, Option<u8>, Vec<usize>, Vec<usize>)> {
        let some = || proptest::collection::vec(0usize..3, 0..3);
        (0u8..3, proptest::option::of(0u8..4), some(), some())
    }

    const MODIFIERS: [&str; 3] = ["S04Q10_4", "S13Q30_5", "S05Q10_5"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_tree_of_classes(classes in proptest::collection::vec(class(), 0..12)) {
            let mut claml = Claml::new(WHO)
                .modifier(MODIFIERS[0], "", &[(".0", "a"), (".1", "b")])
                .modifier(MODIFIERS[1], "", &[("0", "c"), ("9", "d")])
                .modifier(MODIFIERS[2], "<Meta name=\"usage\" value=\"optional\"/>", &[("0", "e"), ("9", "f")])
                .class("I", "chapter", "", "First", "");
            let mut listed = vec!["I".to_owned()];
            for (three, four, by, not) in classes {
                let inner: Vec<String> = by.iter().map(|m| super::modified(MODIFIERS[*m])).chain(
                    not.iter().map(|m| format!("<ExcludeModifier code=\"{}\"/>", MODIFIERS[*m])),
                ).collect();
                let category = format!("Q1{three}");
                let (code, above) = match four {
                    None => (category, "I".to_owned()),
                    Some(four) => (format!("{category}.{four}"), category),
                };
                claml = claml.class(&code, "category", &above, "T", &inner.concat());
                listed.push(code);
            }
            let (edition, _) = claml.import("icd102019en.xml");
            for code in &listed {
                prop_assert!(codes(&edition).iter().any(|c| c.trim_matches(['(', ')']) == code));
            }
            for concept in edition.concepts() {
                let needed = concept.children().iter().any(|c| c.attribute("subclassified") != Some("optional"));
                if concept.kind() == xwalk_model::ConceptKind::Code {
                    prop_assert_eq!(concept.assignable(), !needed, "{}", concept.display());
                }
            }
        }

        #[test]
        fn no_bytes_make_an_import_panic(
            which in 0usize..3,
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        ) {
            let row = super::gm_row("3", "T", "Q10", "Q10", "A;A;;", super::GM_MORE);
            let claml = Claml::new(WHO)
                .modifier(MODIFIERS[0], "", &[(".0", "a")])
                .class("I", "chapter", "", "First", "")
                .class("Q10", "category", "I", "A", &super::modified(MODIFIERS[0]))
                .xml();
            let (name, text) = [
                ("icd102019en.xml", claml.as_str()),
                ("icd10gm2021syst_kodes.txt", row.as_str()),
                ("allvalid2023.csv", "Status,Code,ICD Title\r\n,Q10.0,One\r\n"),
            ][which];
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let file = crate::InputFile::from_bytes(name, &[], &bytes);
            if let crate::Recognised::Part { kind, edition } = crate::recognise(&file).unwrap() {
                let release = crate::Release { id: edition, files: vec![(kind, file)] };
                // Other systems have their own laws.
                let _ = release.import();
            }
            let _ = import(&[("allvalid2023.csv", b"Status,Code,ICD Title\r\n,Q10.0,One\r\n")]);
        }
    }
}
