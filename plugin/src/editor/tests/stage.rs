//! The window with recording stand-ins for the host and the seat.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use nice_plug::{params::internals::ParamPtr, prelude::Param as _};

use crate::{
    editor::{Actions, Dialog, Export, Gestures, Host, Look, Moment, Rungs, Scene, View, window},
    params::ContinuoParams,
    playhead::Transport,
    snapshot::Snapshot,
    styles::{Entry, List},
    worker::{Wish, Worn},
};

/// What the window did, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    Begin(String),
    Set(String, String),
    End(String),
    Wish(Wish),
    Export,
    Drag,
    Folder(String),
    Browse,
    Dismiss,
    Look,
    Choose(Option<String>),
}

/// Takes gestures and applies them, as a host does; takes requests. What becomes of them is put in.
#[derive(Default)]
pub struct Recorder {
    did: RefCell<Vec<Did>>,
    pub export: Export,
    pub dialog: Cell<Dialog>,
    pub worn: Worn,
    pub styles: Option<Arc<List>>,
}

impl Recorder {
    /// What was done since the last call.
    pub fn take(&self) -> Vec<Did> {
        self.did.take()
    }

    fn did(&self, did: Did) {
        self.did.borrow_mut().push(did);
    }
}

fn name(param: ParamPtr) -> String {
    // SAFETY: tests keep the parameters for longer than the window.
    unsafe { param.name() }.to_owned()
}

impl<G: Gestures> Gestures for Rc<G> {
    fn begin(&self, param: ParamPtr) {
        self.as_ref().begin(param);
    }

    fn set(&self, param: ParamPtr, normalized: f32) {
        self.as_ref().set(param, normalized);
    }

    fn end(&self, param: ParamPtr) {
        self.as_ref().end(param);
    }
}

impl Gestures for Recorder {
    fn begin(&self, param: ParamPtr) {
        self.did(Did::Begin(name(param)));
    }

    fn set(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: as in `name`; no other thread reads them.
        let value = unsafe {
            param._internal_set_normalized_value(normalized);
            param.normalized_value_to_string(normalized, true)
        };
        self.did(Did::Set(name(param), value));
    }

    fn end(&self, param: ParamPtr) {
        self.did(Did::End(name(param)));
    }
}

impl Actions for Recorder {
    fn wish(&self, wish: Wish) {
        self.did(Did::Wish(wish));
    }

    fn export(&self) {
        self.did(Did::Export);
    }

    fn drag(&self) {
        self.did(Did::Drag);
    }

    fn exported(&self) -> Export {
        self.export.clone()
    }

    fn dismiss_export(&self) {
        self.did(Did::Dismiss);
    }

    fn folder(&self) -> String {
        "/home/me/Music".to_owned()
    }

    fn choose_folder(&self, text: &str) {
        self.did(Did::Folder(text.to_owned()));
    }

    fn browse(&self) {
        self.did(Did::Browse);
    }

    fn dialog(&self) -> Dialog {
        self.dialog.replace(Dialog::Closed)
    }

    fn worn(&self) -> Worn {
        self.worn.clone()
    }

    fn look_for_styles(&self) {
        self.did(Did::Look);
    }

    fn styles(&self) -> Option<Arc<List>> {
        self.styles.clone()
    }

    fn choose_style(&self, entry: Option<&Entry>) {
        self.did(Did::Choose(entry.map(|entry| entry.name.clone())));
    }
}

/// All that a frame needs.
pub struct Stage {
    pub params: ContinuoParams,
    pub recorder: Recorder,
    pub snapshot: Snapshot,
    pub moment: Moment,
    pub view: View,
    pub host: Host,
    look: Option<Look>,
}

impl Stage {
    /// Nothing was heard yet; the transport stands.
    pub fn new() -> Self {
        Self {
            params: ContinuoParams::default(),
            recorder: Recorder::default(),
            snapshot: Snapshot::default(),
            moment: Moment {
                at: 0.0,
                transport: Transport::Stopped,
                rungs: Rungs::default(),
                panics: 0,
                heard: 0,
                bypass: false,
            },
            view: View::default(),
            host: Host::Other,
            look: None,
        }
    }

    /// The transport runs through `snapshot`.
    pub fn playing(snapshot: Snapshot) -> Self {
        let mut stage = Self::new();
        let role = f32::from(snapshot.role as u8) / 4.0;
        // SAFETY: no other thread reads them.
        unsafe {
            let role_param = stage.params.role.as_ptr();
            role_param._internal_set_normalized_value(role);
        }
        stage.moment.at = snapshot.now.0 as f64;
        stage.moment.transport = Transport::Running;
        stage.moment.heard = 1;
        stage.moment.rungs = Rungs {
            planned: 27,
            earlier: 2,
            moved: 1,
            rested: 1,
        };
        stage.snapshot = snapshot;
        stage
    }

    /// One frame.
    pub fn frame(&mut self, ui: &mut egui::Ui) {
        let controls = self.params.controls();
        let look = Look::new(self.view.light, controls.role, ui.max_rect().size());
        if self.look.replace(look) != Some(look) {
            look.apply(ui.ctx());
        }
        let scene = Scene {
            look,
            params: &self.params,
            controls,
            gestures: &self.recorder,
            actions: &self.recorder,
            snapshot: &self.snapshot,
            moment: self.moment,
            host: self.host,
        };
        window(ui, &scene, &mut self.view);
    }
}
