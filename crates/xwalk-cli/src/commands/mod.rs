//! The commands, a file each: arguments with their help, then `run`.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod map;
pub(crate) mod remap;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod show;
