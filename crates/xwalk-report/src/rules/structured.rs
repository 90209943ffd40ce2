//! Migrated FHIR ValueSets and TOML rule sets: the author's text with lines taken out, put in and put for others.

use std::io;

use serde_json::{Map, Value, json};
use toml_edit::{Array, DocumentMut, Item};
use xwalk_model::{CodeSystem, Edition, SetDocument};
use xwalk_rules::{Action, Edit, Migration};

use std::collections::BTreeMap;

/// Edits by the item of the document that they happen to; those without one come last.
struct Edits<'e> {
    at: BTreeMap<u32, Vec<&'e Edit>>,
    end: Vec<&'e Edit>,
}

fn edits<'e>(document: &SetDocument, number: usize, migration: &'e Migration) -> Edits<'e> {
    let mut found = Edits { at: BTreeMap::new(), end: Vec::new() };
    for edit in &migration.edits {
        match edit.line {
            Some(line) => found.at.entry(document.sets[number].lines[line].item).or_default().push(edit),
            None => found.end.push(edit),
        }
    }
    found
}

/// A FHIR ValueSet after a migration.
pub(super) fn fhir(
    document: &SetDocument,
    text: &str,
    migration: &Migration,
    to: &Edition,
) -> io::Result<String> {
    let mut resource: Value = serde_json::from_str(text).map_err(io::Error::other)?;
    let edits = edits(document, 0, migration);
    let mut item = 0u32;
    let mut left: Vec<&Edit> = edits.end.clone();
    for (list, exclude) in [("include", false), ("exclude", true)] {
        let Some(includes) = resource.pointer_mut(&format!("/compose/{list}")).and_then(Value::as_array_mut)
        else {
            continue;
        };
        for include in includes.iter_mut() {
            let Some(include) = include.as_object_mut() else { continue };
            let held = include.get("concept").and_then(Value::as_array).is_some_and(|c| !c.is_empty());
            let mut touched = false;
            for kind in ["concept", "filter"] {
                let Some(values) = include.get_mut(kind).and_then(Value::as_array_mut) else { continue };
                let mut kept = Vec::new();
                for value in values.drain(..) {
                    let here = edits.at.get(&item).map_or(&[][..], Vec::as_slice);
                    item += 1;
                    touched |= !here.is_empty();
                    let gone = here.iter().any(|e| e.action == Action::Remove);
                    let mut value = value;
                    for edit in here.iter().filter(|e| e.action == Action::Rewrite) {
                        let key = if kind == "concept" { "code" } else { "value" };
                        value[key] = json!(edit.text.as_str());
                    }
                    if !gone {
                        kept.push(value);
                    }
                    for edit in here {
                        match edit.action {
                            Action::Add | Action::Exclude
                                if held
                                    && kind == "concept"
                                    && (edit.action == Action::Exclude) == exclude =>
                            {
                                kept.push(concept(edit));
                            }
                            Action::Add | Action::Exclude => left.push(edit),
                            _ => {}
                        }
                    }
                }
                *values = kept;
            }
            let version = include.get("version").and_then(Value::as_str).is_some();
            if version && (touched || our_system(include, to.id().system)) {
                include.insert("version".to_owned(), json!(to.id().version.as_str()));
            }
            for kind in ["concept", "filter"] {
                if include.get(kind).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                    include.remove(kind);
                }
            }
        }
        includes.retain(|i| ["concept", "filter", "valueSet"].iter().any(|key| i.get(key).is_some()));
        if includes.is_empty()
            && let Some(compose) = resource.get_mut("compose").and_then(Value::as_object_mut)
        {
            compose.remove(list);
        }
    }
    for (list, action) in [("include", Action::Add), ("exclude", Action::Exclude)] {
        let concepts: Vec<Value> = left.iter().filter(|e| e.action == action).map(|e| concept(e)).collect();
        if !concepts.is_empty() {
            append(&mut resource, list, concepts, to.id().system);
        }
    }
    let mut text = serde_json::to_string_pretty(&resource).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn concept(edit: &Edit) -> Value {
    let mut concept = Map::new();
    concept.insert("code".to_owned(), json!(edit.text.as_str()));
    concept.insert("display".to_owned(), json!(edit.title));
    Value::Object(concept)
}

fn address(system: CodeSystem) -> &'static str {
    system.uris()[0]
}

fn our_system(include: &Map<String, Value>, system: CodeSystem) -> bool {
    include.get("system").and_then(Value::as_str) == Some(address(system))
}

/// Puts codes behind those that an include of the system lists, or in an include of their own.
fn append(resource: &mut Value, list: &str, concepts: Vec<Value>, system: CodeSystem) {
    let Some(compose) = resource.get_mut("compose").and_then(Value::as_object_mut) else { return };
    let includes = compose.entry(list.to_owned()).or_insert_with(|| json!([]));
    let Some(includes) = includes.as_array_mut() else { return };
    let lists = includes.iter_mut().find(|i| {
        i.as_object().is_some_and(|i| our_system(i, system)) && i.get("concept").is_some_and(Value::is_array)
    });
    match lists.and_then(|i| i.get_mut("concept")).and_then(Value::as_array_mut) {
        Some(listed) => listed.extend(concepts),
        None => includes.push(json!({ "system": address(system), "concept": concepts })),
    }
}

/// TOML rule sets after a migration. `numbers` tells which migration belongs to which set of the document.
pub(super) fn toml(document: &SetDocument, text: &str, migrations: &[Migration]) -> io::Result<String> {
    let mut file: DocumentMut = text.parse().map_err(io::Error::other)?;
    let mut item = 0u32;
    let Some(tables) = file.get_mut("set").and_then(Item::as_array_of_tables_mut) else {
        return Ok(text.to_owned());
    };
    for table in tables.iter_mut() {
        let name = table.get("name").and_then(Item::as_str).unwrap_or_default().to_owned();
        let number = document.sets.iter().position(|s| s.name == name);
        let edits = match number.and_then(|n| migrations.get(n).map(|m| (n, m))) {
            Some((number, migration)) => edits(document, number, migration),
            None => Edits { at: BTreeMap::new(), end: Vec::new() },
        };
        let mut left = edits.end.clone();
        let keys: Vec<String> = table
            .iter()
            .map(|(key, _)| key.to_owned())
            .filter(|key| key == "include" || key == "exclude")
            .collect();
        for key in keys {
            if let Some(array) = table.get_mut(&key).and_then(Item::as_array_mut) {
                edit_array(array, key == "exclude", &edits, &mut item, &mut left);
            }
        }
        for (key, action) in [("include", Action::Add), ("exclude", Action::Exclude)] {
            let more: Vec<&Edit> = left.iter().filter(|e| e.action == action).copied().collect();
            if more.is_empty() {
                continue;
            }
            let array = table.entry(key).or_insert_with(|| toml_edit::value(Array::new()));
            if let Some(array) = array.as_array_mut() {
                for edit in more {
                    insert(array, array.len(), edit);
                }
            }
        }
    }
    Ok(file.to_string())
}

fn edit_array<'e>(
    array: &mut Array,
    exclude: bool,
    edits: &Edits<'e>,
    item: &mut u32,
    left: &mut Vec<&'e Edit>,
) {
    let mut at = 0;
    for _ in 0..array.len() {
        let here = edits.at.get(item).map_or(&[][..], Vec::as_slice);
        *item += 1;
        let mut gone = false;
        for edit in here {
            match edit.action {
                Action::Remove => gone = true,
                Action::Rewrite => rewrite(array, at, edit),
                Action::Retire => retire(array, at, edit),
                Action::Add | Action::Exclude => {}
            }
        }
        if gone {
            array.remove(at);
        } else {
            at += 1;
        }
        for edit in here {
            match edit.action {
                Action::Add | Action::Exclude if (edit.action == Action::Exclude) == exclude => {
                    insert(array, at, edit);
                    at += 1;
                }
                Action::Add | Action::Exclude => left.push(edit),
                _ => {}
            }
        }
    }
}

fn rewrite(array: &mut Array, at: usize, edit: &Edit) {
    match array.get_mut(at) {
        Some(toml_edit::Value::InlineTable(table)) => {
            table.insert("code", edit.text.as_str().into());
        }
        Some(value) => {
            let decor = value.decor().clone();
            *value = edit.text.as_str().into();
            *value.decor_mut() = decor;
        }
        None => {}
    }
}

fn retire(array: &mut Array, at: usize, edit: &Edit) {
    let Some(value) = array.get_mut(at) else { return };
    let decor = value.decor().clone();
    let mut table = match value {
        toml_edit::Value::InlineTable(table) => table.clone(),
        _ => {
            let mut table = toml_edit::InlineTable::new();
            table.insert("code", edit.text.as_str().into());
            table
        }
    };
    if let Some(day) = edit.last_day.and_then(|d| d.to_string().parse::<toml_edit::Datetime>().ok()) {
        table.insert("to", day.into());
    }
    if table.get("note").is_none() {
        table.insert("note", edit.reason.as_str().into());
    }
    *value = table.into();
    *value.decor_mut() = decor;
}

/// Puts a code into a list; where each stands on a line of its own, with the reason above it.
fn insert(array: &mut Array, at: usize, edit: &Edit) {
    let before = at.checked_sub(1).and_then(|i| array.get(i)).or_else(|| array.get(0));
    let prefix = before.and_then(|v| v.decor().prefix()).and_then(|p| p.as_str()).unwrap_or("").to_owned();
    let mut value: toml_edit::Value = edit.text.as_str().into();
    match prefix.rfind('\n') {
        Some(line) => {
            let indent = &prefix[line..];
            let why = edit.reason.replace('\n', " ");
            value.decor_mut().set_prefix(format!("{indent}# {}: {why}{indent}", edit.action.id()));
        }
        None if at > 0 => value.decor_mut().set_prefix(" "),
        None => {}
    }
    array.insert_formatted(at, value);
}
