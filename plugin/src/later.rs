//! What only a later version of the plugin knows: a project that goes through an older one loses nothing.
//!
//! Parameters and fields that are not known here are put into a field of their own when a state is loaded, and
//! are saved with it. The version that knows them takes them out again when it loads.

use std::collections::BTreeMap;

use nice_plug::{plugin::ParamValue, prelude::*};
use serde::{Deserialize, Serialize};

use crate::params::ContinuoParams;

/// The field that holds them.
pub const LATER: &str = "later";

/// Unknown parameters and fields of a saved state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Later {
    params: BTreeMap<String, ParamValue>,
    fields: BTreeMap<String, String>,
}

/// Puts what is unknown in `state` aside, and what is known now back in its place.
pub fn keep(state: &mut PluginState) {
    let known = ContinuoParams::default();
    let params: Vec<String> = known.param_map().into_iter().map(|(id, ..)| id).collect();
    let fields = known.serialize_fields();
    let aside = state.fields.remove(LATER);
    let aside: Later = aside
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    for (id, value) in aside.params {
        state.params.entry(id).or_insert(value);
    }
    for (name, field) in aside.fields {
        state.fields.entry(name).or_insert(field);
    }
    let later = Later {
        params: state
            .params
            .extract_if(.., |id, _| !params.contains(id))
            .collect(),
        fields: state
            .fields
            .extract_if(.., |name, _| !fields.contains_key(name))
            .collect(),
    };
    // Always written, so that nothing is left of a project that was loaded before.
    if let Ok(json) = serde_json::to_string(&later) {
        state.fields.insert(LATER.to_owned(), json);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A state as a host keeps it, with a parameter and a field that do not exist here.
    fn of_the_future() -> PluginState {
        let text = r#"{
            "version": "9.0.0",
            "params": {"role": {"string": "bass"}, "vibrato": {"f32": 0.25}},
            "fields": {"seed": "7", "strings": "{\"bowed\":true}"}
        }"#;
        serde_json::from_str(text).expect("a state")
    }

    #[test]
    fn what_is_unknown_is_saved_again_and_found_by_who_knows_it() {
        let mut state = of_the_future();
        keep(&mut state);
        assert_eq!(state.params.keys().collect::<Vec<_>>(), ["role"]);
        // What the parameters keep and save.
        let params = Arc::new(ContinuoParams::default());
        params.deserialize_fields(&state.fields);
        let saved = params.serialize_fields();
        assert_eq!(saved["seed"], "7");
        let later: Later = serde_json::from_str(&saved[LATER]).expect("what is unknown");
        assert_eq!(later.fields["strings"], of_the_future().fields["strings"]);
        assert!(matches!(later.params["vibrato"], ParamValue::F32(share) if share == 0.25));
        // Who knows one of them finds it in its place.
        let mut again = PluginState {
            fields: saved,
            ..of_the_future()
        };
        let mut later = later;
        later
            .params
            .insert("mode".into(), ParamValue::String("answer".into()));
        again
            .fields
            .insert(LATER.into(), serde_json::to_string(&later).expect("JSON"));
        keep(&mut again);
        assert!(matches!(&again.params["mode"], ParamValue::String(id) if id == "answer"));
        assert!(again.fields[LATER].contains("vibrato"));
        assert!(!again.fields[LATER].contains("answer"));
    }

    #[test]
    fn nothing_is_left_of_the_project_before() {
        let params = Arc::new(ContinuoParams::default());
        let mut state = of_the_future();
        keep(&mut state);
        params.deserialize_fields(&state.fields);
        let mut plain = of_the_future();
        plain.params.remove("vibrato");
        plain.fields.remove("strings");
        keep(&mut plain);
        params.deserialize_fields(&plain.fields);
        let saved = params.serialize_fields();
        assert!(!saved[LATER].contains("vibrato") && !saved[LATER].contains("strings"));
    }
}
