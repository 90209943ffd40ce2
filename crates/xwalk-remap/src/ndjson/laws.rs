//! What has to hold for any line.

use std::io;

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::Value;
use xwalk_model::CodeSystem;

use super::render::EXTENSION;
use super::{Job, Places, check_places, run};
use crate::csv::Sink;
use crate::toy::{Kept, Nobody, Toy, options};
use crate::{
    AnswerBook, Calendar, ColumnName, Field, OnError, Options, Policy, RemapError, Shape, Tally, Task, Text,
};

struct Out {
    text: String,
    aside: String,
    tally: Tally,
    places: Places,
}

fn remap_on(text: &[u8], options: &Options, calendar: &Calendar) -> Result<Out, RemapError> {
    let toy = Toy::new();
    let book = AnswerBook::new(&toy, options);
    let (out, aside) = (Kept::default(), Kept::default());
    let job = Job {
        text: Text {
            name: "t.ndjson".into(),
            output: "o.ndjson".into(),
            input: Box::new(io::Cursor::new(text.to_vec())),
            sink: Sink::stream(&out),
            aside: Some(Box::new(&aside)),
        },
        systems: &[CodeSystem::Icd9cm],
        to: &"icd10cm@2018".parse().unwrap(),
        task: Task { options, calendar, book: &book, watch: &Nobody },
    };
    let (tally, places) = run(job)?;
    let text = |kept: Kept| String::from_utf8_lossy(&kept.0.into_inner().unwrap()).into_owned();
    Ok(Out { text: text(out), aside: text(aside), tally, places })
}

fn remap(text: &str, options: &Options) -> Result<Out, RemapError> {
    remap_on(text.as_bytes(), options, &Calendar::fixed(1))
}

#[track_caller]
fn check(text: &str, options: &Options, expected: &str) {
    for threads in [1, 2] {
        let options = Options { threads, ..options.clone() };
        assert_eq!(remap(text, &options).unwrap().text, expected);
    }
}

/// A Coding of the source system.
fn ninth(code: &str) -> String {
    format!(r#"{{"system":"http://hl7.org/fhir/sid/icd-9-cm","code":"{code}"}}"#)
}

/// The extension with an outcome, and a choice where there is one.
fn said(outcome: &str) -> String {
    format!(r#"{{"url":"{EXTENSION}","extension":[{{"url":"outcome","valueCode":"{outcome}"}}]}}"#)
}

fn tenth(code: &str, outcome: &str) -> String {
    let outcome = said(outcome);
    format!(
        r#"{{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2018","code":"{code}","extension":[{outcome}]}}"#
    )
}

#[test]
fn answers_stand_behind_the_codings() {
    let best = options(Policy::Best, &[]);
    let (old, new) = (ninth("401.9"), tenth("I10", "renamed"));
    // Spelling of numbers, order, blanks, keys that stand twice, and line ends stay.
    check(
        &format!(
            "\u{feff}{{ \"a\" : 1.50e+3 , \"a\":0.10,\"code\":{{\"coding\":[ {old} ,{old}]}} }}\r\n\n  \n"
        ),
        &best,
        &format!(
            "\u{feff}{{ \"a\" : 1.50e+3 , \"a\":0.10,\"code\":{{\"coding\":[ {old},{new} ,{old},{new}]}} }}\r\n\n  \n"
        ),
    );
    // Without a target the source says why; also where it has extensions, and where the last line does not end.
    let none = |inner: &str| {
        format!(r#"{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-9-cm" ,"code":"V70.0"{inner} }}]}}"#)
    };
    let why = said("no-map");
    check(&none(""), &best, &none(&format!(r#","extension":[{why}]"#)));
    check(&none(r#","extension":[ ]"#), &best, &none(&format!(r#","extension":[ {why}]"#)));
    let other = r#"{"url":"x"}"#;
    check(
        &none(&format!(r#","extension":[{other} ]"#)),
        &best,
        &none(&format!(r#","extension":[{other} ,{why}]"#)),
    );
    // Codings of other systems, empty codes and codes that are none stay as they are, or say so.
    for same in [
        r#"{"coding":[{"system":"http://snomed.info/sct","code":"38341003"}]}"#,
        r#"{"coding":[{"system":"http://hl7.org/fhir/sid/icd-9-cm","code":""}]}"#,
        r#"{"coding":[{"system":"http://hl7.org/fhir/sid/icd-9-cm","code":4019},{"system":null,"code":"4019"}]}"#,
        r#"{"valueQuantity":{"value":7.0,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}}"#,
        "[1, -0.0, 1E400, true, \"\\ud800\"]",
        "17",
    ] {
        check(same, &best, same);
    }
    let malformed = said("malformed");
    let text = |more: &str| {
        format!(r#"{{"coding":[{{"code":"X Y","system":"urn:oid:2.16.840.1.113883.6.103"{more}}}]}}"#)
    };
    check(&text(""), &best, &text(&format!(r#","extension":[{malformed}]"#)));
}

#[test]
fn a_coding_beside_which_none_may_stand_holds_its_answer() {
    let best = options(Policy::Best, &[]);
    let text = |more: &str| {
        format!(
            r#"{{"valueCoding":{{"c\u006fde":"4019","system":"http:\/\/hl7.org\/fhir\/sid\/icd-9-cm"{more}}}}}"#
        )
    };
    let inner = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2018","code":"I10"}"#;
    let extension = format!(
        r#","extension":[{{"url":"{EXTENSION}","extension":[{{"url":"target","valueCoding":{inner}}},{{"url":"outcome","valueCode":"renamed"}}]}}]"#
    );
    check(&text(""), &best, &text(&extension));
}

#[test]
fn an_answer_is_no_source() {
    let best = options(Policy::Best, &[]);
    let line = |inner: &str| format!(r#"{{"coding":[{}{inner}]}}"#, ninth("4019"));
    let answered = remap(&line(""), &best).unwrap().text;
    let error = remap(&answered, &best).map(|o| o.tally).unwrap_err().to_string();
    assert!(error.starts_with("t.ndjson:1:72: the line holds an answer of an earlier run"), "{error}");
    // One that somebody else wrote is no source, and no matter; nor is an answer of another edition.
    let theirs = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2018","code":"I10"}"#.to_owned();
    for other in [theirs, tenth("I10", "renamed").replace("2018", "2017")] {
        let text = line(&format!(",{other}"));
        assert_eq!(remap(&text, &best).unwrap().tally.cells.iter().sum::<u64>(), 1, "{text}");
    }
}

#[test]
fn what_is_told_is_what_is_asked_for() {
    let mut all = options(Policy::All, &[]);
    all.fields =
        vec![Field::Outcome, Field::Count, Field::Alternatives, Field::Relationship, Field::Evidence];
    let out = remap(&format!(r#"{{"coding":[{}]}}"#, ninth("0010")), &all).unwrap().text;
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["coding"].as_array().unwrap().len(), 1, "none of several is picked");
    let parts = value["coding"][0]["extension"][0]["extension"].as_array().unwrap();
    let told: Vec<String> = parts
        .iter()
        .map(|p| {
            let value = p.as_object().unwrap().iter().find(|(key, _)| key.starts_with("value")).unwrap();
            format!("{} {} {}", p["url"].as_str().unwrap(), value.0, value.1)
        })
        .collect();
    assert_eq!(
        told,
        [
            "outcome valueCode \"split\"",
            "count valueInteger 2",
            "alternative valueString \"A00.0\"",
            "alternative valueString \"A00.1\"",
        ]
    );
    let mut titled = options(Policy::Strict, &[]);
    titled.fields = vec![Field::Target, Field::Title];
    titled.dots = crate::Dots::Without;
    let out = remap(&format!(r#"{{"coding":[{}]}}"#, ninth("4019")), &titled).unwrap().text;
    assert!(
        out.contains(r#""code":"I10","display":"Essential (primary) hypertension, \"plain\""}]"#),
        "{out}"
    );
}

#[test]
fn a_target_in_the_place_of_the_code() {
    let mut replace = Options { shape: Shape::Replace, ..options(Policy::Best, &[]) };
    replace.fields = vec![Field::Target];
    let tenth = |inner: &str| format!(r#"{{"coding":[{{{inner}}}]}}"#);
    let cm = r#""system" : "http://hl7.org/fhir/sid/icd-10-cm""#;
    check(
        r#"{"coding":[{"_code":{},"system" : "http://hl7.org/fhir/sid/icd-9-cm","version":"32" ,"code":"4019", "display":"old","userSelected":true}]}"#,
        &replace,
        &tenth(&format!(r#"{cm},"version":"2018" ,"code":"I10","userSelected":true"#)),
    );
    check(
        r#"{"coding":[{"display":"old", "_display":{"a":[1,2]} ,"system" : "http://hl7.org/fhir/sid/icd-9-cm","code":"4019" }]}"#,
        &replace,
        &tenth(&format!(r#"{cm},"version":"2018","code":"I10" "#)),
    );
    replace.fields.push(Field::Title);
    check(
        r#"{"coding":[{"system" : "http://hl7.org/fhir/sid/icd-9-cm","code":"4019"}]}"#,
        &replace,
        &tenth(&format!(
            r#"{cm},"version":"2018","code":"I10","display":"Essential (primary) hypertension, \"plain\"""#
        )),
    );
    // Where there is none, the old code does not stay as if it were one of the new system.
    replace.fields = vec![Field::Target, Field::Outcome];
    let absent = r#""_code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#;
    check(
        r#"{"coding":[{"version":"32","system" : "http://hl7.org/fhir/sid/icd-9-cm","code":"V700","_code":{"id":"x"}}]}"#,
        &replace,
        &tenth(&format!(r#"{cm},{absent},"extension":[{}]"#, said("no-map"))),
    );
}

#[test]
fn places_restrict_and_are_told_where_they_are_not() {
    let line = |type_: &str| {
        let code = ninth("4019");
        format!(
            r#"{{"diagnosis":[{{"diagnosisCodeableConcept":{{"coding":[{code}]}}}}],"code":{{"coding":[{code}]}},"resourceType":"{type_}"}}"#
        )
    };
    let text = format!("{}\n{}\n", line("Claim"), line("Condition"));
    let codes = |columns: &[&str]| {
        let out = remap(&text, &options(Policy::Best, columns)).unwrap();
        let told = check_places(&options(Policy::Best, columns), &out.places).map_err(|e| e.to_string());
        (out.text.lines().map(|l| l.matches("\"I10\"").count()).collect::<Vec<_>>(), told.err())
    };
    assert_eq!(codes(&[]), (vec![2, 2], None));
    assert_eq!(codes(&["code"]), (vec![1, 1], None));
    assert_eq!(codes(&["Condition.code", "diagnosis"]), (vec![1, 2], None));
    let (counts, told) = codes(&["diagnosis.diagnosisCodeableconcept"]);
    assert_eq!(counts, [0, 0]);
    let told = told.unwrap();
    assert!(
        told.contains("no line has a Coding of the source system at `diagnosis.diagnosisCodeableconcept`"),
        "{told}"
    );
    assert!(told.contains("did you mean `diagnosis.diagnosisCodeableConcept"), "{told}");
}

fn dated() -> (Options, Calendar) {
    let mut options = options(Policy::Best, &[]);
    options.date_column = Some(ColumnName("billablePeriod.start".into()));
    let calendar = Calendar::new(vec![(date(2013, 10, 1), Some(0)), (date(2014, 10, 1), Some(1))], Some(1));
    (options, calendar)
}

#[test]
fn dates_decide_and_bad_lines_are_set_aside() {
    let (mut options, calendar) = dated();
    let line =
        |date: &str| format!(r#"{{"code":{{"coding":[{}]}},"billablePeriod":{date}}}"#, ninth("25000"));
    let good = [
        r#"{"start":"2014-09-30T10:00:00Z"}"#,
        r#"{"start":"2015-03"}"#,
        r#"{"start":null,"end":"2014-01-01"}"#,
        "[{\"start\":\"2015\"},{\"start\":\"2016-01-01\"}]",
    ];
    let bad = [
        (
            r#"{"start":"2014"}"#,
            "`2014` is a partial date that does not decide what becomes of 25000: not-valid-on-date in icd9cm@31, replaced (E11.9) in icd9cm@32",
        ),
        (r#"{"start":"soon"}"#, "`soon` is not a date; expected YYYY-MM-DD, YYYY-MM or YYYY"),
        (r#"{"start":2014}"#, "is a partial date"),
        (r#"{"start":"2013"}"#, "no edition that is held is in force on 2013"),
        (r#"{"start":"2001-01-01"}"#, "no edition that is held is in force on 2001-01-01"),
        (
            r#"[{"start":"2014-01-01"},{"start":"2015-01-01"}]"#,
            "the dates of the line do not decide what becomes of 25000",
        ),
    ];
    for (date, expected) in bad {
        let text = format!("{}\n\n{}\n", line(good[0]), line(date));
        let error = remap_on(text.as_bytes(), &options, &calendar).map(|o| o.tally).unwrap_err().to_string();
        assert!(error.starts_with("t.ndjson:3:") && error.contains(expected), "{error}");
    }
    options.on_error = OnError::Skip;
    let all: Vec<String> = good.iter().copied().chain(bad.map(|b| b.0)).map(line).collect();
    let out = remap_on(all.join("\n").as_bytes(), &options, &calendar).unwrap();
    let found: Vec<bool> = out.text.lines().map(|l| l.contains("\"E11.9\"")).collect();
    assert_eq!(found, [false, true, true, true]);
    assert!(out.text.contains("not-valid-on-date") && out.text.ends_with('\n'), "{}", out.text);
    assert_eq!(out.aside, all[4..].join("\n"));
    assert_eq!((out.tally.rows, out.tally.set_aside, out.tally.undated), (4, 6, 1));
    // Where all editions of that time say the same, a partial date is enough.
    let enough =
        format!(r#"{{"code":{{"coding":[{}]}},"billablePeriod":{{"start":"2014"}}}}"#, ninth("V70.0"));
    let out_of = remap_on(enough.as_bytes(), &options, &calendar).unwrap();
    assert!(out_of.text.contains("no-map") && out_of.aside.is_empty(), "{}", out_of.text);
    assert_eq!(out.tally.cells.iter().sum::<u64>(), 4, "nothing is counted of lines set aside");
    options.date_column = Some(ColumnName("recordedDate".into()));
    let out = remap_on(line(good[0]).as_bytes(), &options, &calendar).unwrap();
    let told = check_places(&options, &out.places).unwrap_err().to_string();
    assert_eq!(told, "no line has a date at `recordedDate`");
}

#[test]
fn bad_lines_and_options() {
    let best = options(Policy::Best, &[]);
    let old = ninth("4019");
    for (text, expected) in [
        (
            "{}\n{\"a\":1,}\n",
            "t.ndjson:2:8: the line is not JSON that can be read: expected a key in quotes, found `}`",
        ),
        (
            "{\n",
            "t.ndjson:1:2: the line is not JSON that can be read: expected a key in quotes, found the end of the line; NDJSON has a whole",
        ),
        ("{\"a\":1} {}", "t.ndjson:1:9: the line is not JSON that can be read: expected the end of the line"),
        ("nul", "t.ndjson:1:1: "),
        (
            &format!(r#"{{"system":"http://hl7.org/fhir/sid/icd-9-cm","code":"1","code":"{old}"#)
                .replace("{\"system\":\"http://hl7.org/fhir/sid/icd-9-cm\",\"code\":\"4019\"}", "2\"}"),
            "t.ndjson:1:57: the key \"code\" stands twice in one Coding",
        ),
        (
            r#"{"system":"http://hl7.org/fhir/sid/icd-9-cm","code":"1","extension":{}}"#,
            "t.ndjson:1:69: the `extension` of a Coding is no array",
        ),
    ] {
        let error = remap(text, &best).map(|o| o.tally).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let deep = "[".repeat(600);
    assert!(remap(&deep, &best).map(|o| o.tally).unwrap_err().to_string().contains("more than 512 deep"));
    assert!(remap_on(b"{\"a\":\"\xFF\"}", &best, &Calendar::fixed(1)).is_err());
    let refused = |options: Options| remap("{}", &options).map(|o| o.tally).unwrap_err().to_string();
    assert!(
        refused(Options { shape: Shape::Explode, ..best.clone() }).contains("--shape explode is for tables")
    );
    assert!(refused(Options { combine: true, ..best.clone() }).contains("--combine"));
    assert!(refused(options(Policy::Best, &["item[0].code"])).contains("arrays are passed through"));
    assert_eq!(remap("", &best).unwrap().tally.rows, 0);
    let long = format!("{{}}\n\"{}\"\n", "x".repeat(super::reader::MAX_LINE));
    let error = remap(&long, &best).map(|o| o.tally).unwrap_err().to_string();
    assert!(
        error.starts_with("t.ndjson:2:1: the line that begins here is longer than 16777216 bytes"),
        "{error}"
    );
}

/// A resource with Codings in all places, and anything else.
fn json() -> impl Strategy<Value = Value> {
    let code =
        prop::sample::select(vec!["4019", "401.9", "0010", "V70.0", "", "XYZ", "é\"\\", "24951", "25000"]);
    let system = prop::sample::select(vec![
        "http://hl7.org/fhir/sid/icd-9-cm",
        "urn:oid:2.16.840.1.113883.6.103",
        "http://snomed.info/sct",
        "",
    ]);
    let coding = (system, code, 0..4u8).prop_map(|(system, code, more)| {
        let mut coding = serde_json::json!({"system": system, "code": code});
        if more & 1 != 0 {
            coding["extension"] =
                serde_json::json!([{"url": "x", "valueCoding": {"system": system, "code": code}}]);
        }
        if more & 2 != 0 {
            coding["display"] = "old".into();
        }
        coding
    });
    let leaf = prop_oneof![
        coding,
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        let key =
            prop::sample::select(vec!["coding", "code", "system", "display", "extension", "a\\\"", "z"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(inner.clone(), 0..5).prop_map(|all| serde_json::json!({"coding": all})),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|all| Value::Object(all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// Writes a value with blanks, escapes and line ends of some other program.
fn written(value: &Value, style: u8) -> String {
    let text = if style & 1 == 0 {
        value.to_string()
    } else {
        serde_json::to_string_pretty(value).unwrap().replace('\n', " ")
    };
    if style & 2 == 0 { text } else { text.replace("icd", "\\u0069cd").replace('/', "\\/") }
}

/// Takes out what was added.
fn without(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| {
                let ours = item["url"] == EXTENSION;
                let answer = item["system"] == "http://hl7.org/fhir/sid/icd-10-cm";
                !ours && !answer
            });
            items.iter_mut().for_each(without);
        }
        Value::Object(members) => {
            members.values_mut().for_each(without);
        }
        _ => {}
    }
}

/// Takes out extensions that are empty, which the one before leaves behind.
fn without_empty(value: &mut Value) {
    if let Value::Object(members) = value {
        if members.get("extension").is_some_and(|e| e.as_array().is_some_and(Vec::is_empty)) {
            members.remove("extension");
        }
        members.values_mut().for_each(without_empty);
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(without_empty);
    }
}

/// Whether a Coding of the source system has a code.
fn has_old_code(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_old_code),
        Value::Object(members) => {
            let old = ["http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.103"];
            let coding = value["system"].as_str().is_some_and(|system| old.contains(&system));
            (coding && value["code"].as_str().is_some_and(|code| !code.is_empty()))
                || members.values().any(has_old_code)
        }
        _ => false,
    }
}

/// Whether a text can be had from another by putting bytes in.
fn is_within(small: &[u8], large: &[u8]) -> bool {
    let mut rest = large.iter();
    small.iter().all(|byte| rest.any(|other| other == byte))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_the_answers_a_line_is_what_it_was(
        lines in prop::collection::vec((json(), any::<u8>()), 0..8),
        end in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
        ended in any::<bool>(),
        repeat in prop::sample::select(vec![1, 1, 1, 400]),
    ) {
        let texts: Vec<String> = lines.iter().map(|(value, style)| written(value, *style)).collect();
        let mut text = std::iter::repeat_n(texts.join(end), repeat).collect::<Vec<_>>().join(end);
        if ended {
            text.push_str(end);
        }
        let mut options = options(Policy::Best, &[]);
        options.on_error = OnError::Skip;
        let out = remap(&text, &options).unwrap();
        // Only an extension that is no array makes a line bad here; that serde_json reads it is no matter.
        let kept = out.text.lines().count() + out.aside.lines().count();
        prop_assert_eq!(kept, text.lines().count());
        prop_assert_eq!(out.tally.rows + out.tally.set_aside, (lines.len() * repeat) as u64);
        let aside: Vec<&str> = out.aside.lines().collect();
        let before = text.lines().filter(|line| !line.is_empty() && !aside.contains(line));
        let after = out.text.lines().filter(|line| !line.is_empty());
        for (old, new) in before.zip(after).take(50) {
            prop_assert!(is_within(old.as_bytes(), new.as_bytes()));
            let (mut was, mut is): (Value, Value) =
                (serde_json::from_str(old).unwrap(), serde_json::from_str(new).unwrap());
            without(&mut is);
            without_empty(&mut is);
            without(&mut was);
            without_empty(&mut was);
            prop_assert_eq!(was, is);
        }
        for threads in [1, 3] {
            let again = remap(&text, &Options { threads, ..options.clone() }).unwrap();
            prop_assert_eq!((&again.text, &again.aside), (&out.text, &out.aside));
            prop_assert_eq!(again.tally.cells.iter().sum::<u64>(), out.tally.cells.iter().sum::<u64>());
        }
        let changed = out.tally.cells.iter().skip(1).sum::<u64>() > 0;
        prop_assert_eq!(changed, out.text.contains(EXTENSION));
        // Replaced lines are JSON, and hold no code of the old system but those that are empty.
        let replaced = remap(&text, &Options { shape: Shape::Replace, ..options }).unwrap();
        for line in replaced.text.lines().filter(|line| !line.is_empty()).take(50) {
            let value: Value = serde_json::from_str(line).unwrap();
            prop_assert!(!has_old_code(&value), "{}", line);
        }
    }

    #[test]
    fn damaged_lines_are_told_as_serde_json_tells_them(
        value in json(), style in any::<u8>(), place in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3u8,
    ) {
        let mut text = written(&value, style).into_bytes();
        let at = place.index(text.len());
        match how {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            _ => text.truncate(at),
        }
        prop_assume!(!text.contains(&b'\n') && !text.starts_with(b"\xEF\xBB\xBF"));
        let theirs = std::str::from_utf8(&text).is_ok()
            && (text.trim_ascii().is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok());
        match remap_on(&text, &options(Policy::Best, &[]), &Calendar::fixed(1)) {
            Ok(_) => prop_assert!(theirs),
            Err(error) if theirs => prop_assert!(error.to_string().contains("Coding"), "{}", error),
            Err(error) => prop_assert!(error.to_string().contains("is not JSON"), "{}", error),
        }
    }

    #[test]
    fn json_is_what_serde_json_takes_for_it(text in prop::collection::vec(
        prop::sample::select(b"{}[]\",:\\ 01.eE+-tfn\"ulrase\x01\xC3\xA9".to_vec()), 0..24,
    )) {
        let ours = remap_on(&text, &options(Policy::Best, &[]), &Calendar::fixed(1)).map(|o| o.tally.rows);
        let blank = text.trim_ascii().is_empty();
        let theirs = std::str::from_utf8(&text).is_ok()
            && serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(ours.is_ok(), theirs || blank, "{:?}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn any_bytes_are_remapped_or_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = remap_on(&text, &options(Policy::All, &[]), &Calendar::fixed(1));
    }
}
