import { type FeedState, isRefused } from "@burnline/contract/feed-client";

export interface AddressPageState {
  readonly feed: FeedState;
  /** What the gateway last refused, in its own words. */
  readonly refusal: string | undefined;
  readonly carsKnown: number;
  readonly carsShown: number;
  /** What is looked for; empty: all cars. */
  readonly wanted: string;
}

interface AddressPageWords {
  /** Above the list, while it may be old. */
  readonly banner: string | undefined;
  /** In place of the list. */
  readonly empty: { readonly title: string; readonly hint: string } | undefined;
}

/** What the page says beside the list or in its place, so that an empty list is never silent. */
export function addressPageWords({ feed, refusal, carsKnown, carsShown, wanted }: AddressPageState): AddressPageWords {
  // Every new attempt is "connecting" for a moment; what the page says must not change with each.
  const type = feed.type === "connecting" && feed.attempt > 0 ? "reconnecting" : feed.type;
  if (isRefused(feed)) {
    return carsKnown === 0 ? { banner: undefined, empty: NO_TOKEN } : { banner: NO_TOKEN.hint, empty: undefined };
  }
  if (carsKnown === 0) return { banner: undefined, empty: refusal === undefined ? EMPTY[type] : refused(refusal) };
  const banner = refusal ?? BANNERS[type];
  if (carsShown > 0) return { banner, empty: undefined };
  const hint = `None of ${carsKnown} cars has this number, driver or team. Esc shows all.`;
  return { banner, empty: { title: `Nothing found for “${wanted.trim()}”`, hint } };
}

const NO_TOKEN = {
  title: "A viewer's token is missing, or no longer valid",
  hint: "This race is shown to holders of a token. Put #token=… behind this page's address; the addresses below then have it too.",
};

function refused(hint: string): AddressPageWords["empty"] {
  return { title: "The gateway refused", hint };
}

const WAITING = {
  title: "No cars yet",
  hint: "Connected. The cars come by themselves with the race's entry list, or with their first telemetry.",
};

const EMPTY: Readonly<Record<FeedState["type"], { readonly title: string; readonly hint: string }>> = {
  connecting: { title: "Connecting", hint: "The gateway does not answer yet. This page keeps trying by itself." },
  live: WAITING,
  stale: WAITING,
  reconnecting: {
    title: "No connection to the gateway",
    hint: "This page keeps trying by itself. Does Burnline run, and is this its address?",
  },
  closed: { title: "Not connected", hint: "The gateway is of another version than this page. Reload the page." },
};

const BANNERS: Readonly<Record<FeedState["type"], string | undefined>> = {
  connecting: undefined,
  live: undefined,
  stale: undefined,
  reconnecting: "Connection lost, trying again. The list is the last that came, its addresses stay right.",
  closed: "The gateway is of another version than this page. Reload the page.",
};
