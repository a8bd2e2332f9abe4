//! A VST3 host: one instance, its parameters, its state, its notes, its window.

#[cfg(target_os = "linux")]
mod window;

use std::{
    cell::RefCell,
    collections::HashMap,
    mem,
    path::{Path, PathBuf},
    ptr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use vst3::{
    ComPtr, ComWrapper,
    Steinberg::{
        IPluginBaseTrait,
        Vst::{
            BusDirections_, Event, Event_::EventTypes_, Event__type0, IAudioProcessor,
            IAudioProcessorTrait, IComponent, IComponentHandler, IComponentTrait, IEditController,
            IEditControllerTrait, IEventList, IParameterChanges, MediaTypes_, NoteOffEvent,
            NoteOnEvent, ParameterInfo, ParameterInfo_::ParameterFlags_, ProcessContext,
            ProcessContext_::StatesAndFlags_, ProcessData, ProcessModes_, ProcessSetup,
            SymbolicSampleSizes_, TChar,
        },
        int32, kResultOk, uint16, uint32,
    },
};

use crate::{
    host::{
        Block, Format, Gestures, Instance, NoteEvent, NoteKind, ParamInfo, Position, Setup, Tells,
        binary_in,
    },
    vst3_module::{Module, check},
    vst3_objects::{Application, AudioOutput, EventList, MemoryStream, ParameterChanges},
};

const AUDIO: int32 = MediaTypes_::kAudio as int32;
const EVENTS: int32 = MediaTypes_::kEvent as int32;
const INPUT: int32 = BusDirections_::kInput as int32;
const OUTPUT: int32 = BusDirections_::kOutput as int32;
const NOTE_ON: uint16 = EventTypes_::kNoteOnEvent as uint16;
const NOTE_OFF: uint16 = EventTypes_::kNoteOffEvent as uint16;

/// The plugin's objects and the host's that they refer to.
struct Objects {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    application: ComWrapper<Application>,
    _module: Arc<Module>,
}

/// A VST3 plugin.
pub struct Vst3Instance {
    objects: Objects,
    binary: PathBuf,
    params: Vec<ParamInfo>,
    /// Parameter changes that wait for the next block.
    pending: Vec<(u32, f64)>,
    setup: Option<Setup>,
    /// Samples processed since activation.
    continuous_time: i64,
    /// Notes numbered so far: each one that goes in has an id of its own.
    note_ids: i32,
    /// The ids of the notes held, by channel and key.
    held: HashMap<(u8, u8), i32>,
    last_call: Duration,
    #[cfg(target_os = "linux")]
    window: Option<window::Window>,
}

/// A UTF-16 text that ends in a null.
fn text(utf16: &[TChar]) -> String {
    let end = utf16
        .iter()
        .position(|unit| *unit == 0)
        .unwrap_or(utf16.len());
    String::from_utf16_lossy(&utf16[..end])
}

impl Vst3Instance {
    /// Loads the first audio module class of the bundle at `path`.
    ///
    /// # Errors
    /// When it is no VST3 bundle or the plugin refuses to be made.
    pub fn load(path: &Path) -> Result<Self> {
        let binary = binary_in(Format::Vst3, path);
        let module = Module::load(&binary)?;
        let component = module.create_component()?;
        let application = ComWrapper::new(Application::default());
        let context = Application::context(&application).context("no host object")?;
        // SAFETY: the context lives as long as the component, in `Objects`.
        let result = unsafe { component.initialize(context.as_ptr()) };
        check(result, "initialize")?;
        // A component that is its own controller answers to both interfaces.
        let controller: ComPtr<IEditController> = component
            .cast()
            .context("a controller apart from the component")?;
        let handler = application
            .to_com_ptr::<IComponentHandler>()
            .context("no handler")?;
        // SAFETY: the handler lives as long as the controller, in `Objects`.
        let result = unsafe { controller.setComponentHandler(handler.as_ptr()) };
        check(result, "setComponentHandler")?;
        let params = read_params(&controller)?;
        Ok(Self {
            objects: Objects {
                processor: component.cast().context("no audio processor")?,
                component,
                controller,
                application,
                _module: module,
            },
            binary,
            params,
            pending: Vec::new(),
            setup: None,
            continuous_time: 0,
            note_ids: 0,
            held: HashMap::new(),
            last_call: Duration::ZERO,
            #[cfg(target_os = "linux")]
            window: None,
        })
    }

    /// Switches every bus on or off.
    fn activate_buses(&self, active: bool) {
        for (media, direction) in [
            (AUDIO, INPUT),
            (AUDIO, OUTPUT),
            (EVENTS, INPUT),
            (EVENTS, OUTPUT),
        ] {
            // SAFETY: plain numbers; the plugin checks them. A plugin may refuse to switch a bus off.
            unsafe {
                for bus in 0..self.objects.component.getBusCount(media, direction) {
                    self.objects
                        .component
                        .activateBus(media, direction, bus, active.into());
                }
            }
        }
    }

    /// Channels of each audio output.
    fn output_channels(&self) -> Vec<int32> {
        let component = &self.objects.component;
        // SAFETY: a zeroed record is a valid one to be filled.
        unsafe {
            (0..component.getBusCount(AUDIO, OUTPUT))
                .map(|bus| {
                    let mut info = mem::zeroed();
                    component.getBusInfo(AUDIO, OUTPUT, bus, &mut info);
                    info.channelCount
                })
                .collect()
        }
    }

    /// The block's notes as VST3 says them, each with an id of its own.
    fn input_events(&mut self, block: &Block) -> ComWrapper<EventList> {
        let events = block.events.iter().map(|note| {
            let key = (note.channel, note.pitch);
            let (channel, pitch) = (note.channel.into(), note.pitch.into());
            let (r#type, __field0) = match note.kind {
                NoteKind::On => {
                    self.note_ids += 1;
                    self.held.insert(key, self.note_ids);
                    let note_on = NoteOnEvent {
                        channel,
                        pitch,
                        tuning: 0.0,
                        velocity: note.velocity,
                        length: 0,
                        noteId: self.note_ids,
                    };
                    (NOTE_ON, Event__type0 { noteOn: note_on })
                }
                NoteKind::Off => {
                    let note_off = NoteOffEvent {
                        channel,
                        pitch,
                        velocity: note.velocity,
                        noteId: self.held.remove(&key).unwrap_or(-1),
                        tuning: 0.0,
                    };
                    (NOTE_OFF, Event__type0 { noteOff: note_off })
                }
            };
            Event {
                busIndex: 0,
                sampleOffset: note.offset as int32,
                ppqPosition: 0.0,
                flags: 0,
                r#type,
                __field0,
            }
        });
        let events = RefCell::new(events.collect());
        ComWrapper::new(EventList {
            events,
            capacity: usize::MAX,
        })
    }
}

/// Every parameter that a host shows.
fn read_params(controller: &ComPtr<IEditController>) -> Result<Vec<ParamInfo>> {
    let mut params = Vec::new();
    // SAFETY: a zeroed record is a valid one to be filled.
    unsafe {
        for index in 0..controller.getParameterCount() {
            let mut info: ParameterInfo = mem::zeroed();
            check(
                controller.getParameterInfo(index, &mut info),
                "getParameterInfo",
            )?;
            if info.flags & ParameterFlags_::kIsHidden == 0 {
                params.push(ParamInfo {
                    name: text(&info.title),
                    default: info.defaultNormalizedValue,
                    is_bypass: info.flags & ParameterFlags_::kIsBypass != 0,
                    id: info.id,
                });
            }
        }
    }
    Ok(params)
}

impl Instance for Vst3Instance {
    fn format(&self) -> Format {
        Format::Vst3
    }

    fn binary(&self) -> &Path {
        &self.binary
    }

    fn params(&self) -> &[ParamInfo] {
        &self.params
    }

    fn set_share(&mut self, index: usize, share: f64) -> Result<()> {
        let id = self.params[index].id;
        // A host tells the controller at once and the processor with the next block.
        // SAFETY: plain numbers.
        let result = unsafe { self.objects.controller.setParamNormalized(id, share) };
        check(result, "setParamNormalized")?;
        if self.setup.is_some() {
            self.pending.push((id, share));
        }
        Ok(())
    }

    fn share(&mut self, index: usize) -> Result<f64> {
        // SAFETY: a plain number.
        Ok(unsafe {
            self.objects
                .controller
                .getParamNormalized(self.params[index].id)
        })
    }

    fn share_of_text(&mut self, index: usize, text: &str) -> Option<f64> {
        let mut utf16: Vec<TChar> = text.encode_utf16().chain([0]).collect();
        let mut share = 0.0;
        // SAFETY: the text ends in a null, the share is a valid place.
        let result = unsafe {
            self.objects.controller.getParamValueByString(
                self.params[index].id,
                utf16.as_mut_ptr(),
                &mut share,
            )
        };
        (result == kResultOk).then_some(share)
    }

    fn text_of_share(&mut self, index: usize, share: f64) -> Result<String> {
        let mut utf16 = [0; 128];
        let id = self.params[index].id;
        // SAFETY: the text is a valid place.
        let result = unsafe {
            self.objects
                .controller
                .getParamStringByValue(id, share, &mut utf16)
        };
        check(result, "getParamStringByValue")?;
        Ok(text(&utf16))
    }

    fn activate(&mut self, setup: Setup) -> Result<()> {
        ensure!(self.setup.is_none(), "activated twice");
        let mut announced = ProcessSetup {
            processMode: process_mode(&setup),
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            maxSamplesPerBlock: setup.max_block as int32,
            sampleRate: setup.rate,
        };
        self.activate_buses(true);
        let Objects {
            component,
            processor,
            ..
        } = &self.objects;
        // SAFETY: the record is valid during the call.
        unsafe {
            let result = processor.setupProcessing(&mut announced);
            check(result, "setupProcessing")?;
            check(component.setActive(1), "setActive")?;
            check(processor.setProcessing(1), "setProcessing")?;
        }
        self.setup = Some(setup);
        self.continuous_time = 0;
        Ok(())
    }

    fn deactivate(&mut self) {
        if self.setup.take().is_some() {
            // SAFETY: plain numbers. The standard lets a plugin refuse both without consequence.
            unsafe {
                self.objects.processor.setProcessing(0);
                self.objects.component.setActive(0);
            }
            self.activate_buses(false);
        }
    }

    fn reset(&mut self) -> Result<()> {
        ensure!(self.setup.is_some(), "inactive");
        // SAFETY: plain numbers. VST3 has no other call that means it.
        unsafe {
            check(self.objects.processor.setProcessing(0), "setProcessing")?;
            check(self.objects.processor.setProcessing(1), "setProcessing")
        }
    }

    fn process(&mut self, block: &Block) -> Result<Vec<NoteEvent>> {
        let setup = self.setup.context("inactive")?;
        #[cfg(target_os = "linux")]
        self.run_main_thread();
        // A host gives the processor what the user did in the window with the next block.
        self.pending.extend(self.objects.application.take_edits());
        let input = self.input_events(block);
        let output = ComWrapper::new(EventList {
            events: RefCell::default(),
            capacity: setup.output_capacity,
        });
        let changes = ParameterChanges::new(&mem::take(&mut self.pending));
        let input_list = input.to_com_ptr::<IEventList>().context("no input list")?;
        let output_list = output
            .to_com_ptr::<IEventList>()
            .context("no output list")?;
        let change_list = changes
            .to_com_ptr::<IParameterChanges>()
            .context("no change list")?;
        let mut context = block
            .position
            .filter(|_| setup.tells != Tells::Nothing)
            .map(|position| process_context(&position, &setup, self.continuous_time));
        let mut audio = AudioOutput::new(&self.output_channels(), block.frames);
        let mut data = ProcessData {
            processMode: process_mode(&setup),
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            numSamples: block.frames as int32,
            numInputs: 0,
            numOutputs: audio.buses.len() as int32,
            inputs: ptr::null_mut(),
            outputs: audio.buses.as_mut_ptr(),
            inputParameterChanges: change_list.as_ptr(),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: input_list.as_ptr(),
            outputEvents: output_list.as_ptr(),
            processContext: context.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
        };
        let began = Instant::now();
        // SAFETY: every pointer in the record points to something that outlives the call.
        let result = unsafe { self.objects.processor.process(&mut data) };
        self.last_call = began.elapsed();
        check(result, "process")?;
        self.continuous_time += i64::from(block.frames);
        ensure!(audio.is_silent(), "the audio output is not silent");
        let events = output.events.borrow();
        events.iter().map(note_event).collect()
    }

    fn save_state(&mut self) -> Result<Vec<u8>> {
        let stream = MemoryStream::new(Vec::new());
        let pointer = stream.to_com_ptr().context("no stream")?;
        // SAFETY: the stream outlives the call.
        let result = unsafe { self.objects.component.getState(pointer.as_ptr()) };
        check(result, "getState")?;
        Ok(stream.bytes.take())
    }

    fn load_state(&mut self, state: &[u8]) -> Result<()> {
        let stream = MemoryStream::new(state.to_vec());
        let pointer = stream.to_com_ptr().context("no stream")?;
        // SAFETY: the stream outlives the call.
        let result = unsafe { self.objects.component.setState(pointer.as_ptr()) };
        check(result, "setState")
    }

    fn latency(&mut self) -> u32 {
        // SAFETY: no arguments.
        unsafe { self.objects.processor.getLatencySamples() }
    }

    #[cfg(target_os = "linux")]
    fn open_window(&mut self, parent: u32) -> Result<(u32, u32)> {
        self.open(parent)
    }

    #[cfg(target_os = "linux")]
    fn resize_window(&mut self, width: u32, height: u32) -> Result<(u32, u32)> {
        self.run_main_thread();
        self.resize((width, height))
    }

    #[cfg(target_os = "linux")]
    fn close_window(&mut self) -> Result<()> {
        self.close()
    }

    fn gestures(&self) -> Gestures {
        self.objects.application.gestures()
    }

    fn last_call(&self) -> Duration {
        self.last_call
    }
}

impl Drop for Vst3Instance {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if self.window.is_some() {
            // The plugin goes in any case.
            let _ = self.close();
        }
        self.deactivate();
        // SAFETY: no call follows; the handler is taken back first, as the standard asks.
        unsafe {
            self.objects.controller.setComponentHandler(ptr::null_mut());
            self.objects.component.terminate();
        }
    }
}

fn process_mode(setup: &Setup) -> int32 {
    if setup.offline {
        ProcessModes_::kOffline as int32
    } else {
        ProcessModes_::kRealtime as int32
    }
}

/// The transport as VST3 says it.
fn process_context(position: &Position, setup: &Setup, continuous_time: i64) -> ProcessContext {
    let mut state = StatesAndFlags_::kContTimeValid
        | StatesAndFlags_::kTempoValid
        | StatesAndFlags_::kTimeSigValid;
    if setup.tells != Tells::Seconds {
        state |= StatesAndFlags_::kProjectTimeMusicValid;
        if position.cycle.is_some() {
            state |= StatesAndFlags_::kCycleActive | StatesAndFlags_::kCycleValid;
        }
    }
    let bar_start = setup.tells.bar_start(position);
    if bar_start.is_some() {
        state |= StatesAndFlags_::kBarPositionValid;
    }
    if position.playing {
        state |= StatesAndFlags_::kPlaying;
    }
    let (cycle_start, cycle_end) = position.cycle.unwrap_or_default();
    // SAFETY: the record holds only numbers, for which zero is a value.
    let empty: ProcessContext = unsafe { mem::zeroed() };
    ProcessContext {
        state: state as uint32,
        sampleRate: setup.rate,
        projectTimeSamples: position.sample,
        continousTimeSamples: continuous_time,
        projectTimeMusic: position.beats,
        barPositionMusic: bar_start.unwrap_or_default(),
        cycleStartMusic: cycle_start,
        cycleEndMusic: cycle_end,
        tempo: position.tempo,
        timeSigNumerator: position.meter.numerator.into(),
        timeSigDenominator: position.meter.denominator.into(),
        ..empty
    }
}

/// What the plugin sent, as a note.
fn note_event(event: &Event) -> Result<NoteEvent> {
    // SAFETY: the type says which member of the union is set.
    let (kind, channel, pitch, velocity) = unsafe {
        match event.r#type {
            NOTE_ON => {
                let note = event.__field0.noteOn;
                (NoteKind::On, note.channel, note.pitch, note.velocity)
            }
            NOTE_OFF => {
                let note = event.__field0.noteOff;
                (NoteKind::Off, note.channel, note.pitch, note.velocity)
            }
            other => {
                bail!("the plugin sent an event of type {other}, no business of a note effect")
            }
        }
    };
    Ok(NoteEvent {
        offset: u32::try_from(event.sampleOffset).context("an event before its block")?,
        kind,
        channel: u8::try_from(channel)?,
        pitch: u8::try_from(pitch)?,
        velocity,
    })
}
