/** Every cap of the gateway, with its unit and what happens there. */

/** Laps kept per car; the oldest leaves. The longest race of the calendar has 400 laps (Charlotte, 600 miles). */
export const LAPS_PER_CAR_MAX = 400;

/** Stints kept per car; the oldest leaves. */
export const STINTS_PER_CAR_MAX = 128;

/** Stages kept per car; the oldest leaves. */
export const STAGES_PER_CAR_MAX = 64;

/** Alerts kept over the whole race; the oldest retracted one leaves first, then the oldest active one. */
export const ALERTS_MAX = 512;

/** A car without telemetry for longer than this, in the race's event time, is shown as stale. */
export const STALE_AFTER_MS = 3_000;

/** A car's position is carried forward by its speed for at most this long when the running order is made. */
export const EXTRAPOLATION_MS_MAX = 1_000;

/** The race's event time alone makes its view change only this often; the cars' own times tell the rest. */
export const RACE_TIME_STEP_MS = 1_000;

/** Shortest time between two updates of one client: ten a second. */
export const FLUSH_INTERVAL_MS = 100;
export const UPDATES_PER_SECOND_MAX = 1_000 / FLUSH_INTERVAL_MS;

/** A connection holds at most this many subscriptions; one more is refused ("too-many-subscriptions"). */
export const SUBSCRIPTIONS_PER_CLIENT_MAX = 16;

/** Snapshots per client and flush; the others wait for the next slot, so that a flush adds a bounded number of bytes. */
export const SNAPSHOTS_PER_FLUSH_MAX = 4;

/** Messages per second and client; beyond, with the burst used up, the connection is closed (1008, "flood"). */
export const MESSAGES_PER_SECOND_MAX = 50;
export const MESSAGE_BURST_MAX = 100;

/** A client message in bytes; a larger one closes the connection (1009, "too-large"). A subscribe has under 100. */
export const CLIENT_MESSAGE_BYTES_MAX = 4 * 1024;

/** Keys whose tokens are believed: the newest signs, older ones for as long as their tokens shall live on. */
export const VIEWER_KEYS_MAX = 4;
/** HS256 wants a key as long as its hash (RFC 7518, 3.2). */
export const VIEWER_KEY_LENGTH_MIN = 32;
/** A viewer's token in characters; a longer one is refused unread. One of ours has about 250. */
export const VIEWER_TOKEN_LENGTH_MAX = 2_048;
/** A token lives for at most this long. */
export const VIEWER_DAYS_MAX = 400;

/** Clients at once; one more is closed (1013, "full"). */
export const CLIENTS_MAX = 256;

/** Bytes waiting in a client's outbox: over the soft cap its deltas are merged, over the hard cap it is closed (1013). */
export const OUTBOX_SOFT_BYTES_MAX = 256 * 1024;
export const OUTBOX_HARD_BYTES_MAX = 4 * 1024 * 1024;

/** A client whose outbox stays over the soft cap for this long is closed (1013, "stalled"). */
export const STALL_MS_MAX = 10_000;

/** The server asks for a sign of life this often, and ends a connection that gave none for the idle limit ("idle"). */
export const HEARTBEAT_INTERVAL_MS = 15_000;
export const IDLE_MS_MAX = 45_000;

/** How long a closed connection may take to say goodbye before its socket is cut. */
export const CLOSE_GRACE_MS = 2_000;

/** Facts read from the log in one go; between two goes the event loop turns. */
export const FACT_BATCH_RECORDS = 500;

/** How long one read of the fact log waits for something new. */
export const FACT_WAIT_MS = 1_000;

/** Failed reads of the fact log in a row; one more is reported as a fault of the gateway. */
export const FACT_READ_FAILURES_MAX = 10;
export const FACT_RETRY_MS_MIN = 100;
export const FACT_RETRY_MS_MAX = 5_000;

/** REST requests of one address within the window; one more is answered with 429. A program that asks for 40 cars a second has 400. */
export const REST_REQUESTS_MAX = 600;
export const REST_WINDOW_MS = 10_000;
/** Addresses whose requests are counted; of more the one that was quiet longest is forgotten, and begins anew. */
export const REST_ADDRESSES_MAX = 5_000;

/** Laps in one REST answer; a larger limit is refused with a sentence. */
export const LAPS_PER_PAGE_MAX = 400;
export const LAPS_PER_PAGE_DEFAULT = 100;

/** How often gateway_view_age_seconds is brought up to date. */
export const VIEW_AGE_INTERVAL_MS = 1_000;
