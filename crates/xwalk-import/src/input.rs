//! Files as they are given: loose, in folders, in zips.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use xwalk_model::{Position, SourceFile};

use crate::ImportError;

/// How many times its own size an archive may unpack to. Text of releases shrinks to a tenth; a zip bomb to a
/// thousandth.
const MAX_RATIO: u64 = 250;
/// No official release comes near.
const MAX_UNPACKED: u64 = 2 << 30;
/// Archives within an archive (WHO and CMS nest once).
const MAX_DEPTH: usize = 2;
/// What recognition looks at first.
const HEAD: usize = 64 * 1024;
/// How much of a file is read at a time: small enough to stay in the processor's cache.
const PART: usize = 512 * 1024;

/// One file, not yet understood.
#[derive(Clone, Debug)]
pub struct InputFile {
    name: Arc<str>,
    folders: Vec<String>,
    content: Content,
    hashed: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Disk(PathBuf),
    /// A member of a zip, unpacked.
    Memory(Arc<[u8]>),
}

impl InputFile {
    /// A file in memory, for tests and for callers that have the bytes already.
    pub fn from_bytes(name: &str, folders: &[&str], bytes: &[u8]) -> Self {
        Self {
            name: name.into(),
            folders: folders.iter().map(|f| (*f).to_owned()).collect(),
            content: Content::Memory(bytes.into()),
            hashed: true,
        }
    }

    /// Leaves the hash of the file out of its source, which saves a tenth of the time to read a release whose sources
    /// nobody is told.
    pub(crate) fn skip_hash(&mut self) {
        self.hashed = false;
    }

    /// The official file name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Names of the folders and archives around it, nearest first.
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// The first 64 KiB.
    pub fn head(&self) -> Result<Cow<'_, [u8]>, ImportError> {
        match &self.content {
            Content::Memory(bytes) => Ok(Cow::Borrowed(&bytes[..bytes.len().min(HEAD)])),
            Content::Disk(path) => {
                let mut head = Vec::with_capacity(HEAD);
                fs_err::File::open(path)
                    .and_then(|f| f.take(HEAD as u64).read_to_end(&mut head))
                    .map_err(|source| ImportError::Io { path: path.clone(), source })?;
                Ok(Cow::Owned(head))
            }
        }
    }

    /// All bytes.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, ImportError> {
        match &self.content {
            Content::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::Disk(path) => fs_err::read(path)
                .map(Cow::Owned)
                .map_err(|source| ImportError::Io { path: path.clone(), source }),
        }
    }

    /// Reads the file part by part, each part whole lines, and hands over each with the number of lines and bytes
    /// before it. A file of fifteen megabytes never lies in memory as a whole, which halves the time to read it.
    pub(crate) fn stream(
        &self,
        part: &str,
        mut take: impl FnMut(&[u8], u32, u64),
    ) -> Result<Streamed, ImportError> {
        let mut hash = self.hashed.then(Sha256::new);
        let (mut lines, mut before) = (0u32, 0u64);
        let mut whole = |bytes: &[u8]| {
            take(bytes, lines, before);
            lines += memchr::memchr_iter(b'\n', bytes).count() as u32;
            before += bytes.len() as u64;
        };
        let mut unfinished = Vec::new();
        match &self.content {
            Content::Memory(bytes) => {
                if let Some(hash) = &mut hash {
                    hash.update(bytes);
                }
                let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
                whole(&bytes[..end]);
                unfinished.extend_from_slice(&bytes[end..]);
            }
            Content::Disk(path) => {
                let io = |source| ImportError::Io { path: path.clone(), source };
                let mut file = fs_err::File::open(path).map_err(io)?;
                let mut buffer = vec![0u8; PART];
                let mut filled = 0;
                loop {
                    if filled == buffer.len() {
                        // A line longer than a part: not a release, but to be told as one bad line.
                        buffer.resize(buffer.len() * 2, 0);
                    }
                    let read = file.read(&mut buffer[filled..]).map_err(io)?;
                    if read == 0 {
                        break;
                    }
                    if let Some(hash) = &mut hash {
                        hash.update(&buffer[filled..filled + read]);
                    }
                    let start = filled;
                    filled += read;
                    if let Some(at) = memchr::memrchr(b'\n', &buffer[start..filled]) {
                        let end = start + at + 1;
                        whole(&buffer[..end]);
                        buffer.copy_within(end..filled, 0);
                        filled -= end;
                    }
                }
                unfinished.extend_from_slice(&buffer[..filled]);
            }
        }
        if !unfinished.is_empty() {
            whole(&unfinished);
        }
        let cut = !unfinished.is_empty() && unfinished != b"\x1a" && lines > 0;
        let end = Position { byte: before, line: lines + 1, column: unfinished.len() as u32 + 1 };
        let source = SourceFile {
            name: self.name.to_string(),
            part: part.to_owned(),
            sha256: hash.map_or(String::new(), |hash| hexadecimal(&hash.finalize())),
            bytes: before,
        };
        Ok(Streamed { source, cut: cut.then_some(end) })
    }

    /// The file as a source of an edition.
    pub fn source(&self, part: &str, bytes: &[u8]) -> SourceFile {
        SourceFile {
            name: self.name.to_string(),
            part: part.to_owned(),
            sha256: if self.hashed { sha256(bytes) } else { String::new() },
            bytes: bytes.len() as u64,
        }
    }
}

/// What reading a file in parts told about it.
pub(crate) struct Streamed {
    /// The file as a source.
    pub(crate) source: SourceFile,
    /// Its end, when the last line has no line end although others do.
    pub(crate) cut: Option<Position>,
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// All files of a path: the file itself, the files of a folder and the folders in it, the members of a zip.
///
/// Ordered by path, so that the same folder always gives the same result. Hidden files are passed over.
pub fn collect(path: &Path) -> Result<Vec<InputFile>, ImportError> {
    let io = |source| ImportError::Io { path: path.to_owned(), source };
    let metadata = fs_err::metadata(path).map_err(io)?;
    let mut files = Vec::new();
    if metadata.is_dir() {
        let visible =
            |e: &walkdir::DirEntry| e.depth() == 0 || !e.file_name().to_string_lossy().starts_with('.');
        for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
            let entry = entry.map_err(|e| ImportError::Io {
                path: e.path().unwrap_or(path).to_owned(),
                source: e
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("a loop of symbolic links")),
            })?;
            if entry.file_type().is_file() {
                add(entry.path(), &mut files)?;
            }
        }
    } else {
        add(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(ImportError::Empty { path: path.to_owned() });
    }
    Ok(files)
}

fn add(path: &Path, files: &mut Vec<InputFile>) -> Result<(), ImportError> {
    let text = |p: &std::ffi::OsStr| p.to_string_lossy().into_owned();
    let name = path.file_name().map(text).unwrap_or_default();
    let folders: Vec<String> =
        path.ancestors().skip(1).filter_map(|p| p.file_name().map(text)).take(3).collect();
    let file =
        InputFile { name: name.into(), folders, content: Content::Disk(path.to_owned()), hashed: true };
    expand(file, 0, files)
}

/// Whether bytes begin like a zip that is an archive of files and not an Office document.
fn is_archive(name: &str, head: &[u8]) -> bool {
    let office = [".xlsx", ".docx", ".pptx", ".xlsm"];
    let lower = name.to_ascii_lowercase();
    head.starts_with(b"PK\x03\x04") && !office.iter().any(|ext| lower.ends_with(ext))
}

fn expand(file: InputFile, depth: usize, files: &mut Vec<InputFile>) -> Result<(), ImportError> {
    if !is_archive(&file.name, &file.head()?) {
        files.push(file);
        return Ok(());
    }
    let archive = file.name.to_string();
    if depth >= MAX_DEPTH {
        return Err(ImportError::ZipTooDeep { archive });
    }
    let bytes = file.bytes()?;
    let damaged =
        |e: &dyn std::fmt::Display| ImportError::Zip { archive: archive.clone(), reason: e.to_string() };
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).map_err(|e| damaged(&e))?;
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).clamp(1 << 20, MAX_UNPACKED);
    let mut left = limit;
    let mut members = Vec::new();
    for index in 0..zip.len() {
        let member = zip.by_index(index).map_err(|e| damaged(&e))?;
        let Some(path) = member.enclosed_name() else {
            return Err(ImportError::ZipPath {
                archive,
                member: String::from_utf8_lossy(member.name_raw()).into_owned(),
            });
        };
        if member.is_dir() {
            continue;
        }
        // The declared size can lie, so what counts is what comes out.
        let mut unpacked = Vec::new();
        member.take(left + 1).read_to_end(&mut unpacked).map_err(|e| damaged(&e))?;
        if unpacked.len() as u64 > left {
            return Err(ImportError::ZipTooLarge { archive, limit });
        }
        left -= unpacked.len() as u64;
        members.push((path, unpacked));
    }
    members.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, unpacked) in members {
        let parts: Vec<String> = path.iter().rev().map(|part| part.to_string_lossy().into_owned()).collect();
        let Some((name, inside)) = parts.split_first() else { continue };
        if name.starts_with('.') || inside.iter().any(|p| p == "__MACOSX") {
            continue;
        }
        let around = std::iter::once(archive.clone()).chain(file.folders.iter().cloned());
        let folders = inside.iter().cloned().chain(around).collect();
        let member = InputFile {
            name: name.as_str().into(),
            folders,
            content: Content::Memory(unpacked.into()),
            hashed: true,
        };
        expand(member, depth + 1, files)?;
    }
    Ok(())
}
