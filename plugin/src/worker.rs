//! The planning thread: it polls its end of the link and answers every clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    link::{Heard, Planned, WorkerEnd},
    status::Status,
};

/// Between two polls: short against the shortest decision point, long enough to cost nothing.
const POLL: Duration = Duration::from_millis(1);

/// The running thread. Dropping it stops the thread and waits for its end.
pub struct Worker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the planning thread on its end of the link.
pub fn spawn(mut end: WorkerEnd, _status: Arc<Status>) -> Worker {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::Builder::new()
        .name("continuo-worker".into())
        .spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                while let Some(message) = end.receive() {
                    if let Heard::Clock { epoch, at } = message {
                        end.send(Planned::Decided { epoch, at });
                    }
                }
                thread::sleep(POLL);
            }
        })
        .ok();
    Worker { stop, thread }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the worker has been reported by its own thread; there is nothing left to do.
            let _ = thread.join();
        }
    }
}
