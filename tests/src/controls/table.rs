//! The table of the controls: what is played to each, and at which settings.

use super::material::Material;

/// Parameters and their values as the plugin writes them.
pub type Values = &'static [(&'static str, &'static str)];

/// A control and how it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// The host parameter.
    pub name: &'static str,
    /// What is played, in words.
    pub caption: &'static str,
    /// What is heard, where a setting says nothing else.
    pub material: Material,
    /// The other parameters.
    pub with: Values,
    /// From top to bottom.
    pub settings: &'static [Setting],
    /// Settings that play the same notes, by index, and are meant to. All others have to differ.
    pub alike: &'static [(usize, usize)],
    /// What of it is drawn.
    pub view: View,
}

impl Control {
    /// The name of its picture: "scale-lock.png".
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.png", self.name.to_lowercase().replace(' ', "-"))
    }
}

/// A setting of a control.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The value.
    pub label: &'static str,
    /// What else is to know, in lines.
    pub remark: &'static str,
    /// The parameters that make it, set before play begins.
    pub with: Values,
    /// What the host does. The picture shows the end of it.
    pub steps: &'static [Step],
    /// What is heard instead of the control's material.
    pub material: Option<Material>,
}

/// Something that the host does. Its loop spans the material.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Rolls for so many bars.
    Bars(f64),
    /// Sets a parameter.
    Set(&'static str, &'static str),
    /// Stops and goes back to the start.
    Rewind,
}

impl Step {
    /// The parameter that it sets.
    #[must_use]
    pub fn sets(&self) -> Option<&'static str> {
        match self {
            Self::Set(name, _) => Some(name),
            Self::Bars(_) | Self::Rewind => None,
        }
    }
}

/// What of the last bars is drawn, and how.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The bars that are counted from the end of play.
    pub of_bars: f64,
    /// Quarter notes of these that are drawn: from and to.
    pub beats: (f64, f64),
    /// The number of the first of these bars.
    pub first_number: i64,
    /// Lines at sixteenths too.
    pub sixteenths: bool,
    /// A bar for each generated note's velocity.
    pub velocities: bool,
    /// The channel is written above each generated note.
    pub channels: bool,
    /// Notes stand where they leave the plugin, its latency included; the input where it came.
    pub as_it_leaves: bool,
}

/// Four bars.
const FOUR: View = View {
    of_bars: 4.0,
    beats: (0.0, 16.0),
    first_number: 1,
    sixteenths: false,
    velocities: false,
    channels: false,
    as_it_leaves: false,
};

/// Eight bars.
const EIGHT: View = View {
    of_bars: 8.0,
    beats: (0.0, 32.0),
    ..FOUR
};

/// Four bars, heard once.
const ONCE: &[Step] = &[Step::Bars(4.0)];
/// Four bars in a loop, the second time round: the plugin knows what comes.
const TWICE: &[Step] = &[Step::Bars(4.0), Step::Bars(4.0)];
/// Eight bars, heard once.
const LONG: &[Step] = &[Step::Bars(8.0)];

/// A setting on the second time round the loop.
const fn at(label: &'static str, with: Values) -> Setting {
    Setting {
        label,
        remark: "",
        with,
        steps: TWICE,
        material: None,
    }
}

impl Setting {
    const fn remark(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }

    const fn steps(self, steps: &'static [Step]) -> Self {
        Self { steps, ..self }
    }

    const fn hearing(self, material: Material) -> Self {
        let material = Some(material);
        Self { material, ..self }
    }
}

/// Every control, in the order of the host's list.
pub const CONTROLS: [Control; 24] = [
    Control {
        name: "Role",
        caption: "One tune, second time round; Continue hears two bars of it",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Take", "1")],
        settings: &[
            at("Continue", &[("Role", "Continue")])
                .hearing(Material::Opening { bars: 4, played: 2 }),
            at("Bass", &[("Role", "Bass")]),
            at("Chords", &[("Role", "Chords")]),
            at("Counter", &[("Role", "Counter")]),
            at("Drums", &[("Role", "Drums"), ("Channel", "10")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Mode",
        caption: "Counter to a tune, second time round",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Role", "Counter"), ("Phrase", "2 bars")],
        settings: &[
            at("Follow", &[("Mode", "Follow")]),
            at("Answer", &[("Mode", "Answer")]).remark("Phrase: 2 bars"),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Phrase",
        caption: "Continue in Answer: a call, then as many bars of rest",
        material: Material::Tune(8),
        with: &[("Channel", "16"), ("Role", "Continue"), ("Mode", "Answer")],
        settings: &[
            at("1 bar", &[("Phrase", "1 bar")])
                .steps(LONG)
                .hearing(Material::Calls { bars: 8, phrase: 1 }),
            at("2 bars", &[("Phrase", "2 bars")])
                .steps(LONG)
                .hearing(Material::Calls { bars: 8, phrase: 2 }),
            at("4 bars", &[("Phrase", "4 bars")])
                .steps(LONG)
                .hearing(Material::Calls { bars: 8, phrase: 4 }),
        ],
        alike: &[],
        view: EIGHT,
    },
    Control {
        name: "Adventure",
        caption: "Counter to a tune, second time round",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Role", "Counter"), ("Take", "1")],
        settings: &[
            at("0 %", &[("Adventure", "0 %")]),
            at("50 %", &[("Adventure", "50 %")]),
            at("100 %", &[("Adventure", "100 %")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Density",
        caption: "Bass under chords, second time round",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass"), ("Take", "1")],
        settings: &[
            at("−80 %", &[("Density", "-80 %")]),
            at("0 %", &[("Density", "0 %")]),
            at("80 %", &[("Density", "80 %")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Lowest",
        caption: "Bass under chords, second time round; grey is out of reach",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("C-1", &[("Lowest", "C-1")]).remark("the role's own range"),
            at("C2", &[("Lowest", "C2")]),
            at("G2", &[("Lowest", "G2")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Highest",
        caption: "Counter to a tune, second time round; grey is out of reach",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Role", "Counter")],
        settings: &[
            at("G9", &[("Highest", "G9")]).remark("the role's own range"),
            at("E4", &[("Highest", "E4")]),
            at("A3", &[("Highest", "A3")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Key",
        caption: "Counter to the notes D, G and A; grey is outside the major scale",
        material: Material::Drone,
        with: &[
            ("Channel", "16"),
            ("Role", "Counter"),
            ("Scale", "Major"),
            ("Scale lock", "On"),
        ],
        settings: &[
            at("D", &[("Key", "D")]),
            at("G", &[("Key", "G")]),
            at("A#", &[("Key", "A#")]).remark("= B flat"),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Scale",
        caption: "Counter to the notes D, G and A in the key of D; grey is outside the scale",
        material: Material::Drone,
        with: &[
            ("Channel", "16"),
            ("Role", "Counter"),
            ("Key", "D"),
            ("Scale lock", "On"),
        ],
        settings: &[
            at("Major", &[("Scale", "Major")]),
            at("Harmonic\nminor", &[("Scale", "Harmonic minor")]),
            at("Blues", &[("Scale", "Blues")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Scale lock",
        caption: "Bass under C, A flat, F, G; grey is outside C major",
        material: Material::Borrowed,
        with: &[
            ("Channel", "16"),
            ("Role", "Bass"),
            ("Key", "C"),
            ("Scale", "Major"),
        ],
        settings: &[
            at("Off", &[("Scale lock", "Off")]),
            at("On", &[("Scale lock", "On")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Dynamics",
        caption: "Counter to a tune, second time round; velocity below",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Role", "Counter")],
        settings: &[
            at("−60 %", &[("Dynamics", "-60 %")]),
            at("0 %", &[("Dynamics", "0 %")]),
            at("60 %", &[("Dynamics", "60 %")]),
        ],
        alike: &[],
        view: View {
            velocities: true,
            ..FOUR
        },
    },
    Control {
        name: "Humanize",
        caption: "One bar of drums, close up: lines at sixteenths, velocity below",
        material: Material::Tune(4),
        with: &[("Channel", "10"), ("Role", "Drums"), ("Take", "2")],
        settings: &[
            at("0 %", &[("Humanize", "0 %")]),
            at("50 %", &[("Humanize", "50 %")]),
            at("100 %", &[("Humanize", "100 %")]),
        ],
        alike: &[],
        view: CLOSE,
    },
    Control {
        name: "Swing",
        caption: "One bar of drums, close up: lines at sixteenths",
        material: Material::Tune(4),
        with: &[("Channel", "10"), ("Role", "Drums"), ("Take", "2")],
        settings: &[
            at("0 %", &[("Swing", "0 %")]),
            at("67 %", &[("Swing", "67 %")]).remark("triplets"),
            at("100 %", &[("Swing", "100 %")]),
        ],
        alike: &[],
        view: View {
            velocities: false,
            ..CLOSE
        },
    },
    Control {
        name: "Take",
        caption: "Counter to a tune in a loop, Memory off: three times round",
        material: Material::Tune(4),
        with: &[("Channel", "16"), ("Role", "Counter"), ("Memory", "Off")],
        settings: &[
            at("0", &[("Take", "0")]).steps(ONCE),
            at("1", &[("Take", "0")]).remark("raised by one").steps(&[
                Step::Bars(3.5),
                Step::Set("Take", "1"),
                Step::Bars(4.5),
            ]),
            at("0", &[("Take", "0")]).remark("and back").steps(&[
                Step::Bars(3.5),
                Step::Set("Take", "1"),
                Step::Bars(4.0),
                Step::Set("Take", "0"),
                Step::Bars(4.5),
            ]),
        ],
        alike: &[(0, 2)],
        view: FOUR,
    },
    Control {
        name: "Hold",
        caption: "Continue goes on with a tune; Hold is switched on in the fourth bar",
        material: Material::Opening { bars: 8, played: 2 },
        with: &[("Channel", "16"), ("Role", "Continue")],
        settings: &[
            at("Off", &[("Hold", "Off")]).steps(LONG),
            at("On", &[("Phrase", "1 bar")])
                .remark("Phrase: 1 bar")
                .steps(HELD),
            at("On", &[("Phrase", "2 bars")])
                .remark("Phrase: 2 bars")
                .steps(HELD),
        ],
        alike: &[],
        view: EIGHT,
    },
    Control {
        name: "Memory",
        caption: "Bass under chords in a loop",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("First pass", &[("Memory", "On")])
                .remark("Memory off or on")
                .steps(ONCE),
            at("Second pass", &[("Memory", "Off")]).remark("Memory off"),
            at("Second pass", &[("Memory", "On")]).remark("Memory on"),
        ],
        alike: &[(0, 1)],
        view: FOUR,
    },
    Control {
        name: "Forget",
        caption: "Bass under chords, from the start again and again",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("First pass", &[]).steps(ONCE),
            at("Second pass", &[]).steps(&[Step::Bars(4.0), Step::Rewind, Step::Bars(4.0)]),
            at("Third pass", &[]).remark("Forget was pressed").steps(&[
                Step::Bars(4.0),
                Step::Rewind,
                Step::Bars(4.0),
                Step::Set("Forget", "On"),
                Step::Rewind,
                Step::Bars(4.0),
            ]),
        ],
        alike: &[(0, 2)],
        view: FOUR,
    },
    Control {
        name: "Thru",
        caption: "Bass under chords, second time round: what the instrument gets",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[at("On", &[("Thru", "On")]), at("Off", &[("Thru", "Off")])],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Channel",
        caption: "Bass under chords on channel 1; each note's channel is written above it",
        material: Material::Piano(4),
        with: &[("Role", "Bass")],
        settings: &[
            at("As heard", &[("Channel", "As heard")]),
            at("2", &[("Channel", "2")]),
            at("16", &[("Channel", "16")]),
        ],
        alike: &[],
        view: View {
            channels: true,
            ..FOUR
        },
    },
    Control {
        name: "Lookahead",
        caption: "One bar of a bass under chords, close up, as it leaves the plugin",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("0 ms", &[("Lookahead", "0 ms")]),
            at("60 ms", &[("Lookahead", "60 ms")]),
            at("120 ms", &[("Lookahead", "120 ms")]),
        ],
        alike: &[],
        view: View {
            as_it_leaves: true,
            velocities: false,
            ..CLOSE
        },
    },
    Control {
        name: "Bypass",
        caption: "Bass under chords, second time round",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("Off", &[("Bypass", "Off")]),
            at("On", &[("Bypass", "On")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Chords win",
        caption: "Bass under C, A flat, F, G with Scale lock on; grey is outside C major",
        material: Material::Borrowed,
        with: &[
            ("Channel", "16"),
            ("Role", "Bass"),
            ("Key", "C"),
            ("Scale", "Major"),
            ("Scale lock", "On"),
        ],
        settings: &[
            at("Off", &[("Chords win", "Off")]),
            at("On", &[("Chords win", "On")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Rhythm",
        caption: "Bass under chords, second time round",
        material: Material::Piano(4),
        with: &[("Channel", "16"), ("Role", "Bass")],
        settings: &[
            at("Free", &[("Rhythm", "Free")]),
            at("Eighth\nnotes", &[("Rhythm", "Eighth notes")]),
            at("Off-beats", &[("Rhythm", "Off-beats")]),
        ],
        alike: &[],
        view: FOUR,
    },
    Control {
        name: "Motion",
        caption: "Bass in eighths under chords, second time round",
        material: Material::Piano(4),
        with: &[
            ("Channel", "16"),
            ("Role", "Bass"),
            ("Rhythm", "Eighth notes"),
        ],
        settings: &[
            at("Roots", &[("Motion", "Roots")]),
            at("Steps", &[("Motion", "Steps")]),
            at("Alberti", &[("Motion", "Alberti")]),
        ],
        alike: &[],
        view: FOUR,
    },
];

/// The second of four bars, close up.
const CLOSE: View = View {
    beats: (4.0, 8.0),
    sixteenths: true,
    velocities: true,
    ..FOUR
};

/// Eight bars, with Hold from the middle of the fourth on.
const HELD: &[Step] = &[Step::Bars(3.5), Step::Set("Hold", "On"), Step::Bars(4.5)];
