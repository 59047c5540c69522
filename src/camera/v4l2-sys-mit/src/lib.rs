//! Video4Linux2 types and constants for the `v4l` crate, generated once from the kernel's `linux/videodev2.h`.
//!
//! It stands in for the published `v4l2-sys-mit` 0.3.0 (through `[patch.crates-io]`), whose build script runs bindgen
//! and so needs libclang on every machine. The layout is that of 64-bit Linux (x86-64 and AArch64 agree).
//! Made with bindgen 0.65.1: `bindgen wrapper.h --allowlist-type 'v4l2_.*|time_t|timeval|timespec'
//! --allowlist-var 'V4L2_.*' --no-layout-tests --no-doc-comments`, where wrapper.h includes `linux/videodev2.h`.
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, clippy::all, missing_docs, unsafe_code)]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("these Video4Linux2 bindings are for 64-bit machines; generate bindings.rs anew for this one");

include!("bindings.rs");
