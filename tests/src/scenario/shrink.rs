//! Makes a scenario that shows a fault as short as it can be with the fault still there.

use super::{Scenario, Stage};
use crate::{host::Tells, player::Wobble};

impl Stage {
    /// The shortest scenario that still shows a fault of the kind that `scenario` shows first; `scenario`
    /// itself when it shows none.
    #[must_use]
    pub fn shortest(&self, scenario: &Scenario) -> Scenario {
        let kind = |scenario: &Scenario| {
            let faults = self.check(scenario).faults;
            faults.first().map(std::mem::discriminant)
        };
        let mut shortest = scenario.clone();
        let Some(wanted) = kind(scenario) else {
            return shortest;
        };
        // What was needed may be no more once something else is gone.
        loop {
            let shorter = simpler(&shortest);
            let found = shorter
                .into_iter()
                .find(|shorter| kind(shorter) == Some(wanted));
            match found {
                Some(found) => shortest = found,
                None => return shortest,
            }
        }
    }
}

/// `scenario` with one thing less, in every way.
fn simpler(scenario: &Scenario) -> Vec<Scenario> {
    let mut found = Vec::new();
    let mut without = |differs: bool, change: &dyn Fn(&mut Scenario)| {
        if differs {
            let mut simpler = scenario.clone();
            change(&mut simpler);
            found.push(simpler);
        }
    };
    let session = &scenario.session;
    without(scenario.tempos.len() > 1, &|simpler| {
        simpler.tempos.truncate(1);
    });
    without(scenario.meters.len() > 1, &|simpler| {
        simpler.meters.truncate(1);
    });
    without(session.wobble != Wobble::None, &|simpler| {
        simpler.session.wobble = Wobble::None;
    });
    without(session.tells != Tells::All, &|simpler| {
        simpler.session.tells = Tells::All;
    });
    without(session.output_capacity < usize::MAX, &|simpler| {
        simpler.session.output_capacity = usize::MAX;
    });
    without(!scenario.clip.is_empty(), &|simpler| {
        simpler.clip_name = "nothing";
        simpler.clip.clear();
    });
    for index in (0..scenario.steps.len()).rev() {
        without(true, &|simpler| {
            simpler.steps.remove(index);
        });
    }
    for index in 1..scenario.params.len() {
        without(true, &|simpler| {
            simpler.params.remove(index);
        });
    }
    found
}
