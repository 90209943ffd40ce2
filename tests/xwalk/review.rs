//! `xwalk review`.
