//! Starting points: settings of the controls that give something a musician has a name for. A preset promises
//! what was measured with the shipped weights, and `tests/presets.rs` measures it again.

use crate::{
    controls::{Controls, Mode, Motion, Rhythm, Role, Scale},
    values::whole_percent,
};

/// A named setting of the controls.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// What a musician calls it.
    pub name: &'static str,
    /// What it gives, in one sentence.
    pub about: &'static str,
    set: fn(&mut Controls),
}

impl Preset {
    /// The preset of this name, in capitals or not.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = name.trim();
        ALL.iter()
            .find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// The controls when it is chosen while they stand at `now`. Key, take, hold, memory, channel and seed stay;
    /// what the preset does not speak of goes to its default, so that nothing is left of the preset before.
    #[must_use]
    pub fn apply(&self, now: &Controls) -> Controls {
        let mut controls = Controls {
            key: now.key,
            take: now.take,
            hold: now.hold,
            memory: now.memory,
            channel: now.channel,
            seed: now.seed,
            ..Controls::default()
        };
        (self.set)(&mut controls);
        // As the parameters have them.
        for share in [
            &mut controls.adventure,
            &mut controls.density,
            &mut controls.dynamics,
            &mut controls.humanize,
            &mut controls.swing,
        ] {
            *share = whole_percent(*share);
        }
        controls
    }

    /// The role that it plays.
    #[must_use]
    pub fn role(&self) -> Role {
        self.apply(&Controls::default()).role
    }
}

/// All of them, by role.
pub static ALL: [Preset; 25] = [
    Preset {
        name: "Walking bass",
        about: "Quarters that walk by step: the root under each new chord, then on the way to the next.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.rhythm = Rhythm::QuarterNotes;
            controls.motion = Motion::Steps;
            controls.adventure = 0.3;
        },
    },
    Preset {
        name: "Eighth-note root bass",
        about: "The root of the chord on every eighth.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.rhythm = Rhythm::EighthNotes;
            controls.motion = Motion::Roots;
            controls.adventure = 0.2;
        },
    },
    Preset {
        name: "Off-beat bass",
        about: "The root of the chord between the beats, where the drum is not.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.rhythm = Rhythm::OffBeats;
            controls.motion = Motion::Roots;
            controls.adventure = 0.2;
        },
    },
    Preset {
        name: "Root and fifth",
        about: "Root and fifth in turn, twice in a bar of four.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.rhythm = Rhythm::HalfNotes;
            controls.motion = Motion::RootsAndFifths;
            controls.adventure = 0.2;
        },
    },
    Preset {
        name: "Patient bass",
        about: "Few short notes, a root under each new chord, so that the rest can breathe.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.adventure = 0.1;
            controls.density = -0.5;
        },
    },
    Preset {
        name: "Restless bass",
        about: "Uneven, syncopated rhythms; raise Take until one fits.",
        set: |controls| {
            controls.role = Role::Bass;
            controls.adventure = 0.8;
            controls.density = 0.2;
        },
    },
    Preset {
        name: "Pad voicings",
        about: "Few chords, most of which lie for half a bar or a whole one.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.density = -0.3;
            controls.dynamics = -0.2;
        },
    },
    Preset {
        name: "Quarter-note chords",
        about: "The chord on every beat, with no other notes in it.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.rhythm = Rhythm::QuarterNotes;
            controls.motion = Motion::ChordTones;
            controls.adventure = 0.1;
        },
    },
    Preset {
        name: "Off-beat chords",
        about: "The chord between the beats, as in ska and reggae.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.rhythm = Rhythm::OffBeats;
            controls.motion = Motion::ChordTones;
            controls.adventure = 0.1;
        },
    },
    Preset {
        name: "Comping",
        about: "Chords with a rhythm of their own, looser and swung a little.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.adventure = 0.65;
            controls.density = 0.2;
            controls.humanize = 0.25;
            controls.swing = 0.3;
        },
    },
    Preset {
        name: "Arpeggio",
        about: "The chord broken in eighths, up and down.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.rhythm = Rhythm::EighthNotes;
            controls.motion = Motion::Arpeggio;
            controls.adventure = 0.2;
        },
    },
    Preset {
        name: "Alberti",
        about: "The chord broken in eighths: low, high, middle, high, from one voicing to the nearest.",
        set: |controls| {
            controls.role = Role::Chords;
            controls.rhythm = Rhythm::EighthNotes;
            controls.motion = Motion::Alberti;
            controls.adventure = 0.2;
        },
    },
    Preset {
        name: "Second voice",
        about: "A voice that goes along with the tune and stays in its key.",
        set: |controls| {
            controls.role = Role::Counter;
            controls.adventure = 0.2;
            controls.scale_lock = true;
        },
    },
    Preset {
        name: "Tenor voice",
        about: "A second voice below, between C3 and A4, in the key of the tune.",
        set: |controls| {
            controls.role = Role::Counter;
            controls.adventure = 0.2;
            (controls.lowest, controls.highest) = (48, 69);
            controls.scale_lock = true;
        },
    },
    Preset {
        name: "Pentatonic solo",
        about: "A lively line above the music on the major pentatonic of the key; for major keys.",
        set: |controls| {
            controls.role = Role::Counter;
            controls.adventure = 0.65;
            controls.density = 0.3;
            (controls.lowest, controls.highest) = (67, 91);
            controls.scale = Scale::Pentatonic;
            controls.scale_lock = true;
        },
    },
    Preset {
        name: "Blues solo",
        about: "A swung line above the music on the blues scale of the key.",
        set: |controls| {
            controls.role = Role::Counter;
            controls.adventure = 0.65;
            controls.density = 0.3;
            (controls.lowest, controls.highest) = (60, 86);
            controls.scale = Scale::Blues;
            controls.scale_lock = true;
            controls.swing = 0.6;
        },
    },
    Preset {
        name: "Take over",
        about: "Goes on with the melody wherever the player stops.",
        set: |controls| {
            controls.role = Role::Continue;
            controls.adventure = 0.35;
        },
    },
    Preset {
        name: "Answer my riff",
        about: "Listens for two bars and answers for two.",
        set: |controls| {
            controls.role = Role::Continue;
            controls.mode = Mode::Answer;
            controls.phrase_bars = 2;
            controls.adventure = 0.3;
        },
    },
    Preset {
        name: "Blues answer",
        about: "Listens for four bars and answers for four, swung, on the blues scale of the key.",
        set: |controls| {
            controls.role = Role::Continue;
            controls.mode = Mode::Answer;
            controls.scale = Scale::Blues;
            controls.scale_lock = true;
            controls.swing = 0.6;
        },
    },
    Preset {
        name: "Kick and hats",
        about: "Bass drum and closed hats, the same in each bar; on a second pass the drum is on each beat.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.adventure = 0.0;
        },
    },
    Preset {
        name: "Shuffled hats",
        about: "The same with the hats swung.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.adventure = 0.0;
            controls.swing = 0.65;
            controls.humanize = 0.2;
        },
    },
    Preset {
        name: "Half-time drums",
        about: "Half time: hats on the beats, one backbeat in the middle of the bar.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.rhythm = Rhythm::HalfNotes;
            controls.adventure = 0.0;
        },
    },
    Preset {
        name: "Off-beat hats",
        about: "The hats between the beats, as in house.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.rhythm = Rhythm::OffBeats;
            controls.adventure = 0.0;
        },
    },
    Preset {
        name: "Loose drummer",
        about: "A kit that finds its own pattern for the song; raise Take until one fits.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.adventure = 0.3;
            controls.density = -0.4;
            controls.humanize = 0.35;
        },
    },
    Preset {
        name: "Wild drummer",
        about: "Sixteenths all over the kit.",
        set: |controls| {
            controls.role = Role::Drums;
            controls.adventure = 0.55;
            controls.density = 0.5;
            controls.humanize = 0.2;
        },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_found_and_differ() {
        let names: BTreeSet<String> = ALL.iter().map(|one| one.name.to_lowercase()).collect();
        assert_eq!(names.len(), ALL.len());
        for preset in &ALL {
            let found = Preset::find(&format!(" {} ", preset.name.to_uppercase()));
            assert_eq!(found.map(|found| found.name), Some(preset.name));
            assert!(preset.about.ends_with('.') && preset.about.chars().count() <= 110);
        }
        assert!(Preset::find("no such thing").is_none());
    }

    #[test]
    fn a_preset_leaves_the_song_alone_and_nothing_of_the_one_before() {
        let song = Controls {
            key: Some(3),
            take: 7,
            hold: true,
            memory: false,
            channel: Some(4),
            seed: 99,
            ..Controls::default()
        };
        for before in &ALL {
            for preset in &ALL {
                let controls = preset.apply(&before.apply(&song));
                assert_eq!(controls, preset.apply(&song));
                assert_eq!(
                    (controls.key, controls.take, controls.hold),
                    (Some(3), 7, true)
                );
                assert_eq!(
                    (controls.memory, controls.channel, controls.seed),
                    (false, Some(4), 99)
                );
            }
        }
    }
}
