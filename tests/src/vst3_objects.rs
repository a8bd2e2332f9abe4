//! The COM objects that a VST3 host hands to a plugin: event list, parameter
//! changes, stream, callbacks, silent audio.

use std::{
    cell::{Cell, RefCell},
    ffi::c_void,
    mem, slice,
    sync::{Mutex, MutexGuard, PoisonError},
};

use vst3::{
    Class, ComPtr, ComWrapper,
    Steinberg::{
        FUnknown, IBStream,
        IBStream_::IStreamSeekMode_,
        IBStreamTrait, TUID,
        Vst::{
            AudioBusBuffers, AudioBusBuffers__type0, Event, IComponentHandler,
            IComponentHandlerTrait, IEventList, IEventListTrait, IHostApplication,
            IHostApplicationTrait, IParamValueQueue, IParamValueQueueTrait, IParameterChanges,
            IParameterChangesTrait, ParamID, ParamValue, String128,
        },
        int32, int64, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
    },
};

use crate::host::Gestures;

/// A list of events that refuses what does not fit.
pub(crate) struct EventList {
    pub(crate) events: RefCell<Vec<Event>>,
    pub(crate) capacity: usize,
}

impl Class for EventList {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventList {
    unsafe fn getEventCount(&self) -> int32 {
        self.events.borrow().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let events = self.events.borrow();
        let Some(found) = usize::try_from(index)
            .ok()
            .and_then(|index| events.get(index))
        else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin passes a valid place for one event.
        unsafe { event.write(*found) };
        kResultOk
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        let mut events = self.events.borrow_mut();
        if events.len() >= self.capacity {
            return kResultFalse;
        }
        // SAFETY: the plugin passes one valid event.
        events.push(unsafe { *event });
        kResultOk
    }
}

/// One value for one parameter, at the start of the block.
struct ValueQueue {
    id: ParamID,
    value: ParamValue,
}

impl Class for ValueQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for ValueQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        1
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut f64) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: the plugin passes valid places for both.
        unsafe {
            offset.write(0);
            value.write(self.value);
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kNotImplemented
    }
}

/// The parameter changes of a block.
pub(crate) struct ParameterChanges(Vec<ComPtr<IParamValueQueue>>);

impl ParameterChanges {
    /// `changes` as pairs of parameter and normalised value.
    pub(crate) fn new(changes: &[(ParamID, ParamValue)]) -> ComWrapper<Self> {
        let queue = |&(id, value): &(ParamID, ParamValue)| {
            ComWrapper::new(ValueQueue { id, value }).to_com_ptr()
        };
        ComWrapper::new(Self(changes.iter().filter_map(queue).collect()))
    }
}

impl Class for ParameterChanges {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for ParameterChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queue = usize::try_from(index)
            .ok()
            .and_then(|index| self.0.get(index));
        queue.map_or(std::ptr::null_mut(), ComPtr::as_ptr)
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

/// A stream in memory, for the plugin's state.
pub(crate) struct MemoryStream {
    pub(crate) bytes: RefCell<Vec<u8>>,
    position: Cell<usize>,
}

impl MemoryStream {
    /// A stream that holds `bytes` and stands at their start.
    pub(crate) fn new(bytes: Vec<u8>) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            bytes: RefCell::new(bytes),
            position: Cell::new(0),
        })
    }
}

impl Class for MemoryStream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for MemoryStream {
    unsafe fn read(&self, to: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let rest = &bytes[self.position.get().min(bytes.len())..];
        let taken = rest.len().min(usize::try_from(count).unwrap_or(0));
        // SAFETY: the plugin passes room for `count` bytes, and `done` null or valid.
        unsafe {
            to.cast::<u8>()
                .copy_from_nonoverlapping(rest.as_ptr(), taken);
            if !done.is_null() {
                done.write(taken as int32);
            }
        }
        self.position.set(self.position.get() + taken);
        kResultOk
    }

    unsafe fn write(&self, from: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let Ok(length) = usize::try_from(count) else {
            return kInvalidArgument;
        };
        let mut bytes = self.bytes.borrow_mut();
        let start = self.position.get();
        let end = start + length;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        // SAFETY: the plugin passes `count` bytes, and `done` null or valid.
        unsafe {
            bytes[start..end].copy_from_slice(slice::from_raw_parts(from.cast(), length));
            if !done.is_null() {
                done.write(count);
            }
        }
        self.position.set(end);
        kResultOk
    }

    unsafe fn seek(&self, position: int64, mode: int32, result: *mut int64) -> tresult {
        let base = if mode == IStreamSeekMode_::kIBSeekSet as int32 {
            0
        } else if mode == IStreamSeekMode_::kIBSeekCur as int32 {
            self.position.get()
        } else {
            self.bytes.borrow().len()
        };
        let Ok(target) = usize::try_from(base as int64 + position) else {
            return kInvalidArgument;
        };
        self.position.set(target);
        if !result.is_null() {
            // SAFETY: the plugin passes null or a valid place.
            unsafe { result.write(target as int64) };
        }
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: the plugin passes a valid place.
        unsafe { position.write(self.position.get() as int64) };
        kResultOk
    }
}

/// The host as the plugin sees it: it offers no services, and takes what the user does in the plugin's window, which may
/// come on any thread.
#[derive(Default)]
pub(crate) struct Application {
    edits: Mutex<Vec<(ParamID, ParamValue)>>,
    gestures: Mutex<Gestures>,
}

impl Class for Application {
    type Interfaces = (IHostApplication, IComponentHandler);
}

impl Application {
    /// The host as the object that a plugin is initialised with.
    pub(crate) fn context(wrapper: &ComWrapper<Self>) -> Option<ComPtr<FUnknown>> {
        wrapper.to_com_ptr::<FUnknown>()
    }

    /// The values that the user has set since the last call.
    pub(crate) fn take_edits(&self) -> Vec<(ParamID, ParamValue)> {
        mem::take(&mut *open(&self.edits))
    }

    /// How often the user took hold of a parameter, and let go of it.
    pub(crate) fn gestures(&self) -> Gestures {
        *open(&self.gestures)
    }
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        let mut text = [0; 128];
        for (to, from) in text.iter_mut().zip("Continuo tests".encode_utf16()) {
            *to = from;
        }
        // SAFETY: the plugin passes a valid place for a name.
        unsafe { name.write(text) };
        kResultOk
    }

    unsafe fn createInstance(&self, _: *mut TUID, _: *mut TUID, _: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

impl IComponentHandlerTrait for Application {
    unsafe fn beginEdit(&self, _: ParamID) -> tresult {
        open(&self.gestures).begun += 1;
        kResultOk
    }

    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        open(&self.edits).push((id, value));
        kResultOk
    }

    unsafe fn endEdit(&self, _: ParamID) -> tresult {
        open(&self.gestures).ended += 1;
        kResultOk
    }

    unsafe fn restartComponent(&self, _: int32) -> tresult {
        kResultOk
    }
}

/// Silent output buses and the memory behind them.
pub(crate) struct AudioOutput {
    pub(crate) buses: Vec<AudioBusBuffers>,
    samples: Vec<Vec<Vec<f32>>>,
    /// What the buses point to.
    _channels: Vec<Vec<*mut f32>>,
}

impl AudioOutput {
    /// Buses with that many `channels` each, `frames` samples long.
    pub(crate) fn new(channels: &[int32], frames: u32) -> Self {
        let bus = |count: &int32| vec![vec![0.0; frames as usize]; *count as usize];
        let mut samples: Vec<Vec<Vec<f32>>> = channels.iter().map(bus).collect();
        let pointers = |bus: &mut Vec<Vec<f32>>| bus.iter_mut().map(Vec::as_mut_ptr).collect();
        let mut channels: Vec<Vec<*mut f32>> = samples.iter_mut().map(pointers).collect();
        let buses = channels
            .iter_mut()
            .map(|bus| AudioBusBuffers {
                numChannels: bus.len() as int32,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 {
                    channelBuffers32: bus.as_mut_ptr(),
                },
            })
            .collect();
        Self {
            buses,
            samples,
            _channels: channels,
        }
    }

    /// Whether the plugin wrote nothing but zeros.
    pub(crate) fn is_silent(&self) -> bool {
        self.samples
            .iter()
            .flatten()
            .flatten()
            .all(|sample| *sample == 0.0)
    }
}
