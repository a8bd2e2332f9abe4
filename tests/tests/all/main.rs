//! The built plugin in headless hosts: what a musician may rely on, as CLAP and as VST3.
//!
//! One binary, so that the hosts are linked once. Most tests render offline, where the plugin waits for its
//! planning thread and every note is there; [`live`] runs in real time and has the machine to itself.
//!
//! * [`grid`] generated notes lie on the beat grid at any rate, block size, tempo and meter
//! * [`laws`] no note hangs and nothing is out of order through stop, jump, loop, reset, bypass
//! * [`thru`] heard notes pass unchanged, and a stopped transport adds nothing
//! * [`music`] a bass lies under its chords and in the key, a melody goes on
//! * [`params`] names, order and values of the parameters, saved state
//! * [`controls`] the pictures of the controls show every parameter, and what it changes
//! * [`same`] the same song gives the same notes in any block size, in both formats, in every render
//! * [`live`] in real time nothing is late
//! * [`random`] a host that does at random whatever hosts do breaks no law
//! * [`offline`] a performance without a host gives the notes that the plugin plays
//! * [`crowd`] many instances in one process

mod controls;
mod crowd;
mod grid;
mod laws;
mod live;
mod memory;
mod music;
mod offline;
mod params;
mod random;
mod same;
mod songs;
mod support;
mod thru;
