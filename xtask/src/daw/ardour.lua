-- What Ardour does for `cargo xtask daw`; luasession runs it, in one of two ways:
--
--   make FOLDER PARAMETER=VALUE ...       saves a session: three tracks, the plugin on the second
--   record FOLDER OUT FROM ROLL CYCLE     plays it from sample FROM for ROLL samples, in a loop of CYCLE
--                                         samples if that is not 0, and appends to the file OUT what the
--                                         third track recorded

local RATE, BLOCK = 48000, 256
-- Ardour's ticks in a quarter note.
local TICKS = 1920
local ON = 1

local function start_engine ()
	local backend = AudioEngine:set_backend ("None (Dummy)", "", "")
	backend:set_device_name ("Silence")
	assert (backend:set_driver ("Normal Speed") == 0)
	assert (backend:set_sample_rate (RATE) == 0)
	assert (backend:set_buffer_size (BLOCK) == 0)
	assert (AudioEngine:start (false) == 0, "the audio engine does not start")
end

local function sleep (seconds)
	ARDOUR.LuaAPI.usleep (math.floor (seconds * 1000000))
end

local function switch (control)
	control:set_value (ON, PBD.GroupControlDisposition.NoGroup)
end

local function new_track (session, name)
	local one = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
	local tracks = session:new_midi_track (one, one, false, ARDOUR.PluginInfo (), nil, nil, 1, name,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
	for track in tracks:iter () do return track end
end

-- Sets the parameter of that label to a plain value.
local function set (processor, label, value)
	local plugin = processor:to_insert ():plugin (0)
	for index = 0, plugin:parameter_count () - 1 do
		if plugin:parameter_label (index) == label then
			assert (ARDOUR.LuaAPI.set_processor_param (processor, index, value), label)
			return
		end
	end
	error ("no parameter " .. label)
end

local function make (folder, parameters)
	start_engine ()
	local session = create_session (folder, "take", RATE)
	assert (session, "no session")
	local heard = new_track (session, "Heard")
	local continuo = new_track (session, "Continuo")
	local instrument = new_track (session, "Instrument")
	-- A thread of Ardour's connects the new tracks, and what changes their ports meanwhile can deadlock with it.
	sleep (1)

	local processor = ARDOUR.LuaAPI.new_plugin (session, "Continuo", ARDOUR.PluginType.VST3, "")
	assert (not processor:isnil (), "Ardour does not know the plugin")
	assert (continuo:add_processor_by_index (processor, 0, nil, true) == 0, "the track refuses the plugin")
	for _, parameter in ipairs (parameters) do
		local label, value = parameter:match ("(.+)=(.+)")
		set (processor, label, tonumber (value))
	end

	assert (heard:output ():midi (0):connect (continuo:input ():midi (0):name ()) == 0)
	assert (continuo:output ():midi (0):connect (instrument:input ():midi (0):name ()) == 0)
	for _, track in ipairs { continuo, instrument } do
		switch (track:to_track ():monitoring_control ())
	end
	-- Controls are set by the engine's thread.
	sleep (0.5)
	session:save_state ("", false, false, false, false)
	session:close ()
end

-- Waits until the playhead, which begins at sample `from`, has moved on by `roll`.
local function wait_for (session, from, roll, cycle)
	local limit = ARDOUR.LuaAPI.monotonic_time () + (roll / RATE + 20) * 1000000
	local last, moved = from, 0
	while moved < roll do
		sleep (0.02)
		local now = session:transport_sample ()
		if now < last and session:transport_rolling () then moved = moved + cycle end
		moved, last = moved + now - last, now
		if ARDOUR.LuaAPI.monotonic_time () > limit then
			error ("the transport got stuck at sample " .. now)
		end
	end
end

-- The part of the record that begins it; a loop leaves one for each pass, all of one source.
local function first_region (track)
	for _ = 1, 100 do
		sleep (0.1)
		local first
		for region in track:playlist ():region_list ():iter () do
			if not first or region:start ():ticks () < first:start ():ticks () then first = region end
		end
		if first then return first end
	end
	error ("nothing was recorded")
end

-- Ticks of a time that Ardour writes as "beats:ticks".
local function ticks (time)
	local beats, rest = time:str ():match ("^(%-?%d+):(%d+)$")
	return beats * TICKS + rest
end

local function write (out, session, region)
	local origin = region:position ():ticks () - region:start ():ticks ()
	local file = assert (io.open (out, "a"))
	file:write (string.format ("xruns %d\n", session:get_xrun_count ()))
	local model = region:to_midiregion ():midi_source (0):model ()
	for note in ARDOUR.LuaAPI.note_list (model):iter () do
		file:write (string.format ("note %d %d %d %d %d\n", origin + ticks (note:time ()), ticks (note:length ()),
			note:note (), note:velocity (), note:channel ()))
	end
	file:close ()
end

local function record (folder, out, from, roll, cycle)
	start_engine ()
	local session = load_session (folder, "take")
	assert (session, "the session does not load")
	local track = session:route_by_name ("Instrument"):to_track ()
	switch (track:rec_enable_control ())
	session:maybe_enable_record ()
	session:reset_xrun_count ()
	session:request_locate (from, false, ARDOUR.LocateTransportDisposition.MustStop,
		ARDOUR.TransportRequestSource.TRS_UI)
	sleep (1)
	if cycle > 0 then
		session:request_play_loop (true, false)
		sleep (0.2)
	end
	if not session:transport_rolling () then
		session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
	end
	wait_for (session, from, roll, cycle)
	session:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
	write (out, session, first_region (track))
	session:disable_record (false, false)
	session:close ()
end

if arg[1] == "make" then
	make (arg[2], { table.unpack (arg, 3) })
else
	record (arg[2], arg[3], tonumber (arg[4]), tonumber (arg[5]), tonumber (arg[6]))
end
