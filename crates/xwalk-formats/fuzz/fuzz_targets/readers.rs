//! `cargo fuzz run readers`: the first byte of the input chooses the reader, the rest is the file.
#![no_main]

#[path = "../../../../xtask/src/readers.rs"]
mod readers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, file)) = data.split_first() else { return };
    let (_, read) = readers::READERS[usize::from(choice) % readers::READERS.len()];
    read(file);
});
