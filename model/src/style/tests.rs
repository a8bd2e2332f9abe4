//! A style's file: what is written reads back, and what is damaged is refused.

use std::sync::LazyLock;

use burn::module::Module as _;
use proptest::prelude::*;

use super::*;
use crate::{network::NetworkConfig, weights::Training};

/// Everything that a style can say.
fn style() -> Style {
    Style {
        name: "Ännchen's reels".to_owned(),
        pieces: 12,
        held_out: 3,
        notes: 4321,
        roles: BTreeMap::from([
            ("Bass".to_owned(), (1.5, 1.25)),
            ("Continue".to_owned(), (2.0, 1.5)),
        ]),
        base: Weights::shipped_fingerprint().expect("the shipped weights"),
        music: "0123456789abcdef".to_owned(),
        fingerprint: 0,
    }
}

/// A style of a small network.
fn small() -> Vec<u8> {
    SMALL.clone()
}

static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let config = NetworkConfig {
        width: 8,
        layers: 1,
        heads: 2,
        feed_forward: 8,
        head_width: 4,
    };
    let device = Device::flex();
    let weights = Weights {
        network: Network::new(&config, &device),
        config,
        training: Training::default(),
        style: Some(style()),
    };
    weights.to_bytes().expect("bytes")
});

#[test]
fn a_style_reads_back_and_is_half_as_large_as_the_weights() {
    let device = Device::flex();
    let shipped = Weights::shipped(&device).expect("the shipped weights");
    let bytes = Weights {
        style: Some(style()),
        ..shipped.clone()
    }
    .to_bytes()
    .expect("bytes");
    assert!((4_000_000..5_000_000).contains(&bytes.len()));
    let read = Style::load(&bytes, &device).expect("a style");
    let told = read.style.as_ref().expect("a style");
    assert_eq!(
        Style {
            fingerprint: 0,
            ..told.clone()
        },
        style()
    );
    assert_eq!(*told, Style::of(&bytes).expect("a style"));
    assert_eq!(told.nats(), (1.75, 1.375));
    assert!(told.fingerprint != 0);
    assert_eq!(read.to_bytes().expect("bytes"), bytes, "written again");
    // The numbers are those that were written, to a half's eleven bits.
    let numbers = |weights: &Weights| {
        let record = weights.network.clone().into_record();
        record.into_bytes().expect("bytes").len()
    };
    assert_eq!(numbers(&read), numbers(&shipped), "read as singles");
}

#[test]
fn the_number_of_parameters_is_known_without_a_network() {
    let device = Device::flex();
    let shipped = Weights::shipped(&device).expect("the shipped weights");
    assert_eq!(shipped.config.parameters(), shipped.network.num_params());
    assert_eq!(shipped.config, NetworkConfig::default());
}

#[test]
fn what_is_no_style_is_told_apart() {
    let shipped = include_bytes!("../../weights/continuo.weights");
    for foreign in [&shipped[..], b"", b"MThd", b"CONTINUE of something else"] {
        assert_eq!(Style::of(foreign), Err(StyleError(WeightsError::Foreign)));
    }
    let words = StyleError(WeightsError::Foreign).to_string();
    assert!(words.contains("continuo adapt"), "{words}");
}

#[test]
fn sizes_that_no_network_has_are_refused_before_memory_is_asked_for() {
    let device = Device::flex();
    let small = Weights::from_bytes(&small(), &device).expect("a style");
    for config in [
        NetworkConfig {
            width: usize::MAX,
            ..small.config
        },
        NetworkConfig {
            heads: 0,
            ..small.config
        },
        NetworkConfig {
            heads: 3,
            ..small.config
        },
        NetworkConfig {
            feed_forward: 1 << 40,
            ..small.config
        },
    ] {
        let bytes = Weights {
            config,
            ..small.clone()
        }
        .to_bytes()
        .expect("bytes");
        let refused = Style::of(&bytes).expect_err("no network");
        assert!(refused.to_string().contains("sizes"), "{refused}");
    }
    // Sizes that are possible, but not those of the tensors.
    let config = NetworkConfig {
        head_width: 8,
        ..small.config
    };
    let bytes = Weights { config, ..small }.to_bytes().expect("bytes");
    assert!(Style::load(&bytes, &device).is_err());
}

proptest! {
    #[test]
    fn a_byte_that_is_altered_is_noticed(place in any::<prop::sample::Index>(), by in 1..=255u8) {
        let mut bytes = small();
        let place = place.index(bytes.len());
        bytes[place] ^= by;
        prop_assert!(Style::of(&bytes).is_err(), "byte {place}");
    }

    #[test]
    fn a_file_that_is_cut_short_or_goes_on_is_refused(end in any::<prop::sample::Index>(), more in 1..9usize) {
        let mut bytes = small();
        let end = end.index(bytes.len());
        prop_assert!(Style::load(&bytes[..end], &Device::flex()).is_err(), "{end} bytes");
        bytes.extend(vec![0; more]);
        prop_assert!(Style::of(&bytes).is_err(), "{more} bytes more");
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..300), header in any::<bool>()) {
        let mut bytes = if header { b"CONTINUO".to_vec() } else { Vec::new() };
        bytes.extend(noise);
        prop_assert!(Style::load(&bytes, &Device::flex()).is_err());
    }
}
