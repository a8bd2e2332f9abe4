//! The built plugin in headless hosts: what a musician may rely on, as CLAP and as VST3.
//!
//! One binary, so that the hosts are linked once. Most tests render offline, where the plugin waits for its
//! planning thread and every note is there; [`live`] runs in real time and has the machine to itself.
//!
//! * [`hosts`] hosts that tell their transport badly play what an exact one plays
//! * [`grid`] generated notes lie on the beat grid at any rate, block size, tempo and meter
//! * [`laws`] no note hangs and nothing is out of order through stop, jump, loop, reset, bypass
//! * [`edges`] what few hosts and players do, each once on purpose
//! * [`thru`] heard notes pass unchanged, and a stopped transport adds nothing
//! * [`music`] a bass lies under its chords and in the key, a melody goes on
//! * [`params`] names, order and values of the parameters, saved state
//! * [`controls`] the pictures of the controls show every parameter, and what it changes
//! * [`memory`] what a project remembers of its song
//! * [`same`] the same song gives the same notes in any block size, in both formats, in every render
//! * [`live`] in real time nothing is late, corrections are in time, and the notes are those of a render
//! * [`random`] a host that does at random whatever hosts do breaks no law
//! * [`offline`] a performance without a host gives the notes that the plugin plays
//! * [`style`] a player's style in a project
//! * [`harm`] damaged weights, a planner that panics
//! * [`crowd`] many instances in one process
//!
//! Every law is judged in every test that renders. Where each claim is proven (`engine::tests`, `clock::tests`
//! and `planner::tests` are unit tests beside the code):
//!
//! | the same notes | |
//! |---|---|
//! | at any block size, as CLAP and as VST3 | `same::block_size_and_format_change_nothing` |
//! | at any sample rate | `same::the_sample_rate_changes_nothing` |
//! | in real time as in a render | `live::real_time_plays_the_notes_of_a_render` |
//! | in every pass of a loop from the second on | `same::a_loop_agrees_from_its_second_pass_on` |
//! | after saving and loading | `memory::a_project_that_is_loaded_again_plays_as_it_would_have_gone_on` |
//! | when Take comes back | `same::another_take_is_other_music_and_comes_back` |
//! | however often the clock ticks | `planner::tests::the_plan_does_not_depend_on_how_often_the_clock_ticks` |
//! | in a style, as the command line plays in it | `style::a_file_in_a_style_has_the_notes_of_the_plugin_in_it` |
//! | in a style that is chosen in mid-play, at any block size | `style::a_style_that_is_chosen_in_mid_play_…` |
//! | whatever is done meanwhile, a loaded state included | `random::scenarios_…` |
//!
//! | memory and following | |
//! |---|---|
//! | is used on the second pass, and kept in the state | `memory::a_project_that_is_loaded_again_plays_as_it_would_have_gone_on` |
//! | an edited clip replaces it | `memory::an_edited_clip_takes_the_place_of_what_was_remembered` |
//! | Forget | `memory::forget_makes_the_next_pass_a_first_one` |
//! | a turn of the harmony: planned anew within 30 ms (a release), from the sixteenth after the beat; what rubs ends | `live::when_the_harmony_turns_the_bar_is_planned_anew_from_the_next_sixteenth_within_30_ms` |
//! | Lookahead: the latency in both formats, Thru delayed by it | `thru::heard_notes_pass_on_unchanged_in_order` |
//! | Lookahead: corrections to the sample | `live::with_lookahead_a_correction_lands_on_its_place_to_the_sample` |
//! | Lookahead: 120 ms in blocks of one sample at 384 kHz | `engine::tests::delayed` |
//!
//! | never late | |
//! |---|---|
//! | in real time | `live::in_real_time_nothing_is_late` |
//! | sixteenths at 200 a minute on a loaded machine, 95 % of the bars by the model | `live::on_a_busy_machine_at_200_nothing_is_late_and_the_model_plays` |
//! | the rungs of the ladder, and their counters | `engine::tests::stand_ins` |
//! | on the beat to the sample | `grid::generated_notes_lie_on_the_grid_…` |
//!
//! | never stuck, never out of order | |
//! |---|---|
//! | stop, play | `laws::a_stop_ends_every_note_and_play_goes_on` |
//! | seek, play while it plays | `laws::a_jump_ends_every_note` |
//! | the wrap of a loop inside of a block, also in VST3, which does not tell it | `laws::a_loop_wrap_ends_every_note` |
//! | a loop that is moved | `edges::a_loop_that_is_moved_while_it_plays_ends_every_note` |
//! | loops of no length and of a sixteenth | `edges::loops_of_no_length_and_of_a_sixteenth_leave_no_note_hanging` |
//! | tempo automation and jumps, a meter that changes | `laws::tempo_and_meter_may_change` |
//! | pre-roll, negative positions | `edges::a_pre_roll_before_the_origin_is_played_through` |
//! | no transport | `edges::without_a_transport_notes_pass_and_nothing_is_generated` |
//! | seconds but no beats, a position that is rounded or wavers by half a sample | `hosts::a_host_that_rounds_its_position_or_tells_seconds_only_plays_what_an_exact_one_plays` |
//! | bars never told, or told wrongly | `hosts::a_host_that_counts_every_bar_as_four_quarters_plays_what_an_exact_one_plays` |
//! | a tempo that is told wrongly, so that the position drifts | `clock::tests::no_drift_gathers_when_the_tempo_is_told_wrongly` |
//! | transport events inside of a block | `laws`, each test in `Changes::Everywhere` |
//! | blocks of 0 and of 8,192 samples | `edges::blocks_of_no_samples_and_of_8192_are_played` |
//! | activated twice | `edges::a_plugin_that_is_activated_again_and_again_plays_on` |
//! | reset while it plays | `laws::a_reset_ends_every_note` |
//! | bypass while notes sound | `laws::bypass_ends_every_note_and_lets_go_again` |
//! | a state that is loaded while it plays | `edges::a_state_that_is_loaded_while_it_plays_leaves_no_note_hanging` |
//! | parameters automated in every block | `edges::parameters_that_are_automated_in_every_block_starve_no_plan` |
//! | 16 channels, wildcards, velocity 0, a key twice, 1,000 notes in a block | `edges::sixteen_channels_wildcards_doubled_keys_velocity_0_and_a_thousand_notes_in_a_block_pass` |
//! | a host's list that is full | `laws::a_host_with_a_full_event_list_still_gets_every_note_off` |
//!
//! | never down | |
//! |---|---|
//! | 32 instances; no thread is left behind | `crowd::thirty_two_instances_play_at_once_and_unload` |
//! | a host thread that ends while the library is unloaded | `crowd::a_host_thread_may_end_while_the_library_is_unloaded_and_loaded_again` |
//! | instances come and go while others play | `live::instances_that_come_and_go_never_hold_up_the_one_that_plays` |
//! | a panic of the planner | `harm::a_panic_of_the_planner_is_counted_and_it_plans_on` |
//! | a style that is missing or damaged | `style::a_style_that_is_missing_or_damaged_…` |
//! | damaged weights | `harm::damaged_weights_are_refused_at_load_with_a_message_and_notes_pass_through` |
//! | a damaged or foreign state | `params::a_broken_state_is_refused_and_nothing_changes`, `memory::a_damaged_memory_is_refused_and_the_rest_of_the_project_loads` |
//! | threads that race | `cargo xtask race` |

mod controls;
mod crowd;
mod edges;
mod grid;
mod harm;
mod hosts;
mod laws;
mod live;
mod memory;
mod music;
mod offline;
mod params;
mod random;
mod same;
mod songs;
mod style;
mod support;
mod thru;
