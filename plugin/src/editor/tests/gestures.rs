//! What the host is told, and what it has not taken in yet.

use std::{cell::RefCell, rc::Rc};

use nice_plug::{params::internals::ParamPtr, prelude::Param as _};

use super::stage::{Did, Recorder};
use crate::{
    editor::{Gestures, View, control::step, forget, gestures::Balanced},
    params::ContinuoParams,
};

/// A host that takes values in with its next block.
#[derive(Default)]
struct Late(RefCell<Vec<(ParamPtr, f32)>>);

impl Gestures for Late {
    fn begin(&self, _: ParamPtr) {}

    fn set(&self, param: ParamPtr, normalized: f32) {
        self.0.borrow_mut().push((param, normalized));
    }

    fn end(&self, _: ParamPtr) {}
}

impl Late {
    fn flush(&self) {
        for (param, normalized) in self.0.take() {
            // SAFETY: the test keeps the parameters, and reads them in this thread alone.
            unsafe { param._internal_set_normalized_value(normalized) };
        }
    }
}

#[test]
fn steps_that_come_faster_than_the_hosts_blocks_add_up() {
    let params = ContinuoParams::default();
    let host = Rc::new(Late::default());
    let gestures = Balanced::new(Rc::clone(&host));
    for _ in 0..3 {
        step(&gestures, &params.take, 1, false);
    }
    assert_eq!(params.take.value(), 0, "the block has not come");
    host.flush();
    assert_eq!(params.take.value(), 3);
    step(&gestures, &params.take, 1, false);
    step(&gestures, &params.take, -1, false);
    host.flush();
    assert_eq!(params.take.value(), 3, "up and down is nowhere");
    // A value that the host moves counts from where it is.
    // SAFETY: as above.
    unsafe {
        params
            .take
            .as_ptr()
            ._internal_set_normalized_value(100.0 / 127.0)
    };
    assert_eq!(gestures.value(params.take.as_ptr()), 100.0 / 127.0);
}

#[test]
fn what_is_open_when_the_window_closes_is_ended() {
    let params = ContinuoParams::default();
    let recorder = Rc::new(Recorder::default());
    let gestures = Balanced::new(Rc::clone(&recorder));
    let (adventure, density) = (params.adventure.as_ptr(), params.density.as_ptr());
    gestures.begin(adventure);
    gestures.end(adventure);
    gestures.begin(density);
    gestures.set(density, 0.75);
    recorder.take();
    gestures.end_all();
    assert_eq!(recorder.take(), [Did::End("Density".to_owned())]);
    // What has been ended is not ended again.
    gestures.end(density);
    gestures.end_all();
    assert_eq!(recorder.take(), []);
    // Forget is let go of: the next instance must not find it pressed.
    gestures.begin(params.forget.as_ptr());
    gestures.set(params.forget.as_ptr(), 1.0);
    recorder.take();
    let mut view = View {
        forgetting: Some(0.0),
        ..View::default()
    };
    forget::let_go(&params, &gestures, &mut view);
    gestures.end_all();
    let off = Did::Set("Forget".to_owned(), "Off".to_owned());
    assert_eq!(recorder.take(), [off, Did::End("Forget".to_owned())]);
}
