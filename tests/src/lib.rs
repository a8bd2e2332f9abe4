//! Headless hosts.
