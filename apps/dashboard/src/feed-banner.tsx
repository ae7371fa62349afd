import type { FeedHealth } from "./race-headline.ts";
import { TokenForm } from "./token-form.tsx";

/** Says when the numbers are not live, in the same place on every page; fills the page while there are none yet. */
export function FeedBanner(props: {
  readonly health: FeedHealth;
  readonly notice: string | undefined;
  readonly hasRace: boolean;
}) {
  const { health, notice, hasRace } = props;
  if (!hasRace) {
    return (
      <main className="empty" role="status" data-testid="empty">
        <div className={`empty-mark empty-${health.type}`} aria-hidden="true" />
        <h1>{EMPTY_TITLES[health.type]}</h1>
        <p>{notice ?? EMPTY_HINTS[health.type]}</p>
        {health.type === "refused" && <TokenForm />}
      </main>
    );
  }
  if (health.type === "live" && notice === undefined) return null;
  const words = health.type === "live" ? notice : health.words;
  return (
    <div className={`banner banner-${health.type}`} role="status" data-testid="banner">
      <span className="banner-mark" aria-hidden="true">
        {health.type === "reconnecting" || health.type === "connecting" ? "↻" : "!"}
      </span>
      {words}
      {health.type === "refused" && <TokenForm />}
    </div>
  );
}

const EMPTY_TITLES: Readonly<Record<FeedHealth["type"], string>> = {
  waiting: "Waiting for the race",
  connecting: "Connecting",
  live: "Waiting for the race",
  stale: "Waiting for the race",
  reconnecting: "Reconnecting",
  refused: "This race asks for a token",
  closed: "Not connected",
};

const EMPTY_HINTS: Readonly<Record<FeedHealth["type"], string>> = {
  waiting: "Connected. The board fills by itself as soon as the first cars send telemetry.",
  connecting: "The server does not answer yet. This page keeps trying by itself.",
  live: "Connected. The board fills by itself as soon as the first cars send telemetry.",
  stale: "The server answers but has nothing to tell yet.",
  reconnecting: "The connection was lost. This page keeps trying by itself.",
  refused: "It is shown to holders of a viewer's token, and this page has none that is valid. Paste yours.",
  closed: "The server speaks another version of the protocol. Reload this page.",
};
