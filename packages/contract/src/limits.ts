/** Every limit that a message has to keep, in one place, with its unit and what happens at the limit. */

/** Cars are sharded over this many partitions; also the most processors that can share a race. */
export const PARTITION_COUNT = 64;

/** A frame holds 1 to 64 samples; more is refused ("too-many-samples"). 64 = 533 ms at 120 Hz. */
export const SAMPLES_PER_FRAME_MAX = 64;

/** Any message larger than this is refused before it is decoded ("too-large"). A full frame has about 1.5 KiB. */
export const MESSAGE_BYTES_MAX = 64 * 1024;

/** A race definition carries the entry list and may be larger. */
export const CONTROL_BYTES_MAX = 256 * 1024;

/** Cars per race; one more is refused ("too-many-cars"). */
export const CARS_MAX = 128;

export const CAR_ID_LENGTH_MAX = 24;
export const RACE_ID_LENGTH_MAX = 64;

/** Below 1 Hz a sample says too little about what happened between two of them; above 1 kHz no car sends. */
export const SAMPLE_RATE_HZ_MIN = 1;
export const SAMPLE_RATE_HZ_MAX = 1000;

/** A frame spans at most this much event time; below the allowed lateness, so that no frame can outrun itself. */
export const FRAME_SPAN_MS_MAX = 4_000;

export const RPM_MAX = 25_000;
export const SPEED_MPS_MAX = 150;
export const LAP_NUMBER_MAX = 10_000;
/** A car ahead by more than 10 km is on no track of ours. */
export const GAP_AHEAD_DM_MAX = 100_000;

/** A frame from further in the future than this is refused ("future-time"). */
export const CLOCK_SKEW_FUTURE_MS_MAX = 1_000;

/** A live frame older than this is refused ("ancient-time"): it could change nothing any more. */
export const CLOCK_SKEW_PAST_MS_MAX = 60_000;
