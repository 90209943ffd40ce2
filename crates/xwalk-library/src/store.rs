//! Folders of the library, and how they come and go.

use std::io::Write;
use std::path::{Path, PathBuf};

use xwalk_model::{Addendum, Code, ConceptMap, Edition, EditionId, MapId};

use crate::edition_files::{self, Extent};
use crate::error::LibraryError;
use crate::manifest::{FORMAT_VERSION, Manifest};
use crate::map_files::{self, MapManifest};

const MANIFEST: &str = "edition.json";
const ADDENDA: &str = "addenda.json";
const MAP_MANIFEST: &str = "map.json";
/// Prefix of folders that are being written.
const WRITING: &str = ".writing-";
/// Prefix of the folder that is being replaced, while the new one takes its place.
const REPLACED: &str = ".replaced-";

/// A library on disk.
#[derive(Clone, Debug)]
pub struct Library {
    root: PathBuf,
}

/// What became of an edition that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It was not there before.
    New,
    /// The same files were there already; nothing was written.
    Unchanged,
    /// It took the place of one made from other files.
    Replaced,
}

/// An edition read from the library, with its addenda.
#[derive(Debug)]
pub struct Stored {
    /// The edition.
    pub edition: Edition,
    /// The authority's own lists of changes that lead to it.
    pub addenda: Vec<Addendum>,
}

impl Library {
    /// The library in a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn place(&self, id: &EditionId) -> PathBuf {
        self.root.join("editions").join(id.system.id()).join(id.version.as_str())
    }

    /// The folder to read an edition from: its own, or the one being replaced if a kill came between two renames.
    fn readable(&self, id: &EditionId) -> PathBuf {
        let place = self.place(id);
        let replaced = beside(&place, REPLACED);
        if !place.exists() && replaced.exists() { replaced } else { place }
    }

    /// The manifests of all editions, ordered by system and by the day on which they came into effect.
    pub fn list(&self) -> Result<Vec<Manifest>, LibraryError> {
        let mut found = Vec::new();
        for system in folders(&self.root.join("editions"))? {
            let mut seen = Vec::new();
            for version in folders(&system)? {
                let name = version.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let name = name.strip_prefix(REPLACED).unwrap_or(&name).to_owned();
                if name.starts_with('.') || seen.contains(&name) {
                    continue;
                }
                let place = system.join(&name);
                let replaced = beside(&place, REPLACED);
                found.push(manifest(if place.exists() { &place } else { &replaced })?);
                seen.push(name);
            }
        }
        found.sort_by(|a, b| {
            let key = |m: &Manifest| (m.id.system, m.effective.from, m.id.version.clone());
            key(a).cmp(&key(b))
        });
        Ok(found)
    }

    /// The manifest of an edition, if it is held.
    pub fn find(&self, id: &EditionId) -> Result<Option<Manifest>, LibraryError> {
        let place = self.readable(id);
        if place.exists() { manifest(&place).map(Some) } else { Ok(None) }
    }

    /// Reads an edition.
    pub fn load(&self, id: &EditionId) -> Result<Stored, LibraryError> {
        let edition = self.read_edition(id, Extent::Whole)?;
        let place = self.readable(id);
        let path = place.join(ADDENDA);
        let addenda = if path.exists() { read_json(&path)? } else { Vec::new() };
        Ok(Stored { edition, addenda })
    }

    /// Reads the codes, status and hierarchy of an edition, and of each concept the title that [`Concept::title`] gives
    /// of the whole edition: no other designations, notes or attributes.
    ///
    /// [`Concept::title`]: xwalk_model::Concept::title
    pub fn load_titles(&self, id: &EditionId) -> Result<Edition, LibraryError> {
        self.read_edition(id, Extent::Titles)
    }

    /// Reads the codes, status and hierarchy of an edition, without any text: enough to carry codes through it.
    pub fn load_outline(&self, id: &EditionId) -> Result<Edition, LibraryError> {
        self.read_edition(id, Extent::Outline)
    }

    /// Reads the titles of some concepts of an edition, by their place in tabular order.
    pub fn titles_of(
        &self,
        id: &EditionId,
        wanted: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<(usize, String)>, LibraryError> {
        edition_files::read_titles(&self.readable(id), wanted)
    }

    fn read_edition(&self, id: &EditionId, extent: Extent) -> Result<Edition, LibraryError> {
        let place = self.readable(id);
        if !place.exists() {
            let held: Vec<String> =
                self.list()?.iter().filter(|m| m.id.system == id.system).map(|m| m.id.to_string()).collect();
            return Err(LibraryError::NotFound { id: id.clone(), held: held.join(", ") });
        }
        edition_files::read(&manifest(&place)?, &place, extent)
    }

    /// The codes of an edition, ordered; far quicker than reading the whole of it.
    pub fn codes(&self, id: &EditionId) -> Result<Vec<Code>, LibraryError> {
        edition_files::read_codes(&self.readable(id))
    }

    /// Stores an edition with its addenda. The same files again change nothing; other files under the same id are
    /// refused unless `replace` is set.
    pub fn save(
        &self,
        edition: &Edition,
        addenda: &[Addendum],
        replace: bool,
    ) -> Result<Saved, LibraryError> {
        let new = Manifest::of(edition, addenda);
        let write = |folder: &Path| {
            edition_files::write(edition, folder)?;
            if !addenda.is_empty() {
                write_json(&folder.join(ADDENDA), addenda)?;
            }
            write_json(&folder.join(MANIFEST), &new)
        };
        let place = self.place(edition.id());
        let content = |m: &Manifest| m.content();
        self.put(&place, &edition.id().to_string(), &new, manifest, content, replace, write)
    }

    fn map_place(&self, id: &MapId) -> PathBuf {
        self.root.join("maps").join(format!("{}..{}", id.source, id.target)).join(&id.name)
    }

    /// Stores a map, with the same guards as an edition.
    pub fn save_map(&self, map: &ConceptMap, replace: bool) -> Result<Saved, LibraryError> {
        let new = MapManifest::of(map);
        let write = |folder: &Path| {
            map_files::write(map, folder)?;
            write_json(&folder.join(MAP_MANIFEST), &new)
        };
        let content = |m: &MapManifest| {
            m.sources.iter().map(|s| format!("{} sha256 {}", s.name, s.sha256)).collect::<Vec<_>>().join(", ")
        };
        let read = |folder: &Path| read_json::<MapManifest>(&folder.join(MAP_MANIFEST));
        self.put(&self.map_place(&map.id), &map.id.to_string(), &new, read, content, replace, write)
    }

    /// The manifests of all maps, ordered by name.
    pub fn list_maps(&self) -> Result<Vec<MapManifest>, LibraryError> {
        let mut found = Vec::new();
        for pair in folders(&self.root.join("maps"))? {
            for name in folders(&pair)? {
                let plain = name.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let place = pair.join(plain.strip_prefix(REPLACED).unwrap_or(&plain));
                if place == name || !place.exists() {
                    found.push(read_json::<MapManifest>(&name.join(MAP_MANIFEST))?);
                }
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }

    /// Reads a map.
    pub fn load_map(&self, id: &MapId) -> Result<ConceptMap, LibraryError> {
        let folder = self.map_folder(id)?;
        map_files::read(&read_json(&folder.join(MAP_MANIFEST))?, &folder)
    }

    /// Reads the codes of a map in pairs of source and target, which takes a fraction of the time of the whole map.
    pub fn load_pairs(&self, id: &MapId) -> Result<Vec<(Code, Code)>, LibraryError> {
        map_files::read_pairs(&self.map_folder(id)?)
    }

    fn map_folder(&self, id: &MapId) -> Result<PathBuf, LibraryError> {
        let place = self.map_place(id);
        let replaced = beside(&place, REPLACED);
        let folder = if !place.exists() && replaced.exists() { replaced } else { place };
        if folder.exists() { Ok(folder) } else { Err(LibraryError::MapNotFound { id: id.to_string() }) }
    }

    /// Puts a folder into its place: written beside it, synced, renamed.
    #[expect(clippy::too_many_arguments, reason = "what differs between editions and maps is handed in")]
    fn put<M: PartialEq>(
        &self,
        place: &Path,
        id: &str,
        new: &M,
        read: impl Fn(&Path) -> Result<M, LibraryError>,
        content: impl Fn(&M) -> String,
        replace: bool,
        write: impl Fn(&Path) -> Result<(), LibraryError>,
    ) -> Result<Saved, LibraryError> {
        let parent = place.parent().unwrap_or(&self.root).to_owned();
        fs_err::create_dir_all(&parent).map_err(LibraryError::io(&parent))?;
        // One writer at a time, so that what an earlier one left behind can be cleared away.
        let lock_path = self.root.join(".lock");
        let lock = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&lock_path)
            .map_err(LibraryError::io(&lock_path))?;
        lock.file().lock().map_err(LibraryError::io(&lock_path))?;
        recover(place)?;
        let mut outcome = Saved::New;
        if place.exists() {
            match read(place) {
                Ok(old) if old == *new => return Ok(Saved::Unchanged),
                Ok(old) if !replace => {
                    let (stored, given) = (content(&old), content(new));
                    return Err(LibraryError::OtherContent { id: id.to_owned(), stored, given });
                }
                Err(error) if !replace => return Err(error),
                _ => outcome = Saved::Replaced,
            }
        }
        let writing = beside(place, WRITING);
        let written = fs_err::create_dir(&writing)
            .map_err(LibraryError::io(&writing))
            .and_then(|()| write(&writing))
            .and_then(|()| sync_folder(&writing));
        if let Err(error) = written {
            // What is half written is of no use; the reason matters more than a failure to clear it away.
            let _ = fs_err::remove_dir_all(&writing);
            return Err(error);
        }
        swap(&writing, place)?;
        sync_folder(&parent)?;
        Ok(outcome)
    }
}

/// Clears away what a kill left behind, and puts back a folder that was about to be replaced.
fn recover(place: &Path) -> Result<(), LibraryError> {
    let writing = beside(place, WRITING);
    if writing.exists() {
        fs_err::remove_dir_all(&writing).map_err(LibraryError::io(&writing))?;
    }
    let replaced = beside(place, REPLACED);
    if replaced.exists() {
        if place.exists() {
            fs_err::remove_dir_all(&replaced).map_err(LibraryError::io(&replaced))?;
        } else {
            fs_err::rename(&replaced, place).map_err(LibraryError::io(place))?;
        }
    }
    Ok(())
}

fn swap(writing: &Path, place: &Path) -> Result<(), LibraryError> {
    let replaced = beside(place, REPLACED);
    if place.exists() {
        fs_err::rename(place, &replaced).map_err(LibraryError::io(place))?;
    }
    fs_err::rename(writing, place).map_err(LibraryError::io(place))?;
    if replaced.exists() {
        fs_err::remove_dir_all(&replaced).map_err(LibraryError::io(&replaced))?;
    }
    Ok(())
}

fn beside(place: &Path, prefix: &str) -> PathBuf {
    let name = place.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    place.with_file_name(format!("{prefix}{name}"))
}

fn sync_folder(folder: &Path) -> Result<(), LibraryError> {
    let opened = fs_err::File::open(folder).map_err(LibraryError::io(folder))?;
    opened.sync_all().map_err(LibraryError::io(folder))
}

fn write_json<T: serde::Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), LibraryError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|e| LibraryError::Damaged { path: path.to_owned(), reason: e.to_string() })?;
    text.push(b'\n');
    let mut file = fs_err::File::create(path).map_err(LibraryError::io(path))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(LibraryError::io(path))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, LibraryError> {
    let bytes = fs_err::read(path).map_err(LibraryError::io(path))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| LibraryError::Damaged { path: path.to_owned(), reason: e.to_string() })
}

fn manifest(folder: &Path) -> Result<Manifest, LibraryError> {
    let path = folder.join(MANIFEST);
    let manifest: Manifest = read_json(&path)?;
    if manifest.format_version > FORMAT_VERSION {
        let reason = format!(
            "it has format version {}, this xwalk reads up to {FORMAT_VERSION}; use a newer xwalk",
            manifest.format_version
        );
        return Err(LibraryError::Damaged { path, reason });
    }
    Ok(manifest)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs_err::read_dir(path).map_err(LibraryError::io(path))? {
        let entry = entry.map_err(LibraryError::io(path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with(WRITING) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xwalk_model::{Code, ConceptKind, EditionBuilder, NoteKind, Role, SourceFile};

    fn edition(sha: &str) -> Edition {
        let mut b = EditionBuilder::new("icd10cm@2026".parse().unwrap(), "en");
        b.source(SourceFile { name: "f".into(), part: "p".into(), sha256: sha.into(), bytes: 1 });
        let a = b.concept(Code::from_official("A00"), ConceptKind::Code, false);
        b.designation(a, Role::Long, "Cholera");
        b.designation_in(a, Role::Long, "de", "Cholera (de)");
        let a0 = b.concept(Code::from_official("A000"), ConceptKind::Code, true);
        b.parent(a0, a);
        b.note(a0, NoteKind::Excludes1, "x (B99)", vec!["B99".into()]);
        b.attribute(a0, "poa-exempt", "yes");
        b.build().unwrap()
    }

    #[test]
    fn what_is_saved_comes_back_and_is_guarded() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let first = edition("1");
        assert_eq!(library.save(&first, &[], false).unwrap(), Saved::New);
        assert_eq!(library.save(&first, &[], false).unwrap(), Saved::Unchanged);
        let back = library.load(first.id()).unwrap().edition;
        assert!(back.same_content(&first));
        assert_eq!(back.sources(), first.sources());
        assert!(matches!(library.save(&edition("2"), &[], false), Err(LibraryError::OtherContent { .. })));
        assert_eq!(library.save(&edition("2"), &[], true).unwrap(), Saved::Replaced);
        assert_eq!(library.list().unwrap().len(), 1);
        assert!(matches!(library.load(&"icd10cm@2025".parse().unwrap()), Err(LibraryError::NotFound { .. })));
    }

    #[test]
    fn titles_are_those_of_the_whole_edition() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let named: [&[&[(Role, &str)]]; 3] = [
            &[&[(Role::Long, "a"), (Role::Short, "b")], &[(Role::Long, "c"), (Role::Short, "d")]],
            &[&[(Role::Short, "b"), (Role::Tabular, "t")], &[(Role::Long, "")], &[], &[(Role::Tabular, "t")]],
            &[&[], &[]],
        ];
        for (year, concepts) in (2018..).zip(named) {
            let mut b = EditionBuilder::new(format!("icd10cm@{year}").parse().unwrap(), "en");
            for (i, names) in concepts.iter().enumerate() {
                let ix = b.concept(Code::from_official(&format!("A0{i}")), ConceptKind::Code, true);
                names.iter().for_each(|(role, text)| b.designation(ix, *role, text));
            }
            let whole = b.build().unwrap();
            library.save(&whole, &[], false).unwrap();
            let titles = library.load_titles(whole.id()).unwrap();
            let outline = library.load_outline(whole.id()).unwrap();
            for concept in whole.concepts() {
                assert_eq!(titles.get(concept.code()).unwrap().title(), concept.title());
                assert_eq!(outline.get(concept.code()).unwrap().title(), "");
            }
        }
    }

    #[test]
    fn a_kill_between_two_renames_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let first = edition("1");
        library.save(&first, &[], false).unwrap();
        let place = library.place(first.id());
        fs_err::rename(&place, beside(&place, REPLACED)).unwrap();
        fs_err::create_dir(beside(&place, WRITING)).unwrap();
        assert_eq!(library.list().unwrap().len(), 1);
        assert!(library.load(first.id()).unwrap().edition.same_content(&first));
        assert_eq!(library.save(&first, &[], false).unwrap(), Saved::Unchanged);
        assert!(place.exists() && !beside(&place, WRITING).exists() && !beside(&place, REPLACED).exists());
    }

    #[test]
    fn a_map_comes_back_as_it_was() {
        use xwalk_model::{Mapping, Provenance, Relationship, Targets};
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let (source, target) = ("icd9cm@32".parse().unwrap(), "icd10cm@2018".parse().unwrap());
        let mut map = ConceptMap::new(MapId { source, target, name: "gem".into() });
        let code = Code::from_official;
        let slots = vec![vec![code("E08311"), code("E08319")], vec![code("E0865")]];
        for targets in
            [Targets::NoMap, Targets::One(code("E0839")), Targets::Combination { scenario: 2, slots }]
        {
            let provenance = Provenance::Official { file: 0, line: 7 };
            map.push(
                code("24951"),
                Mapping { targets, relationship: Relationship::RelatedTo, provenance, flags: "10111".into() },
            );
        }
        let provenance = Provenance::Curated { by: "kim".into(), on: None, note: "why".into() };
        let targets = Targets::One(code("A000"));
        let mapping =
            Mapping { targets, relationship: Relationship::Equivalent, provenance, flags: "".into() };
        map.push(code("0010"), mapping);
        assert_eq!(library.save_map(&map, false).unwrap(), Saved::New);
        assert_eq!(library.save_map(&map, false).unwrap(), Saved::Unchanged);
        assert_eq!(library.load_map(&map.id).unwrap(), map);
        assert_eq!(library.list_maps().unwrap().len(), 1);
    }

    #[test]
    fn damage_is_told_and_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::new(folder.path());
        let first = edition("1");
        library.save(&first, &[], false).unwrap();
        let path = library.place(first.id()).join("concepts.parquet");
        fs_err::write(&path, b"PAR1 rubbish").unwrap();
        assert!(matches!(library.load(first.id()), Err(LibraryError::Damaged { .. })));
    }
}
