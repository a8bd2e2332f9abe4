//! The window without a screen: every control by its label, and pictures of the main states.

mod controls;
mod files;
mod gestures;
mod pictures;
mod raster;
mod roll;
mod song;
mod stage;
mod styles;
mod words;
