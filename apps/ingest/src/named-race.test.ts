import { create, RaceDefinitionSchema } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { expect, test } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { withRaceId } from "./named-race.ts";
import type { SourceItem } from "./source.ts";
import { collect, controlEvent, listSource, race } from "./testing.ts";

const definition = (id: string) =>
  controlEvent({
    id: `def-${id}`,
    event: { case: "raceDefinition", value: create(RaceDefinitionSchema, { race: id, entries: [{ car: "24" }] }) },
  });
const items: readonly SourceItem[] = [
  { type: "control", arrivalMs: 1_000_000, event: definition("test") },
  { type: "control", arrivalMs: 1_000_001, event: definition("foreign") },
  { type: "control", arrivalMs: 1_000_002, event: controlEvent() },
  { type: "frame", arrivalMs: 1_000_100, frame: frame({ eventTimeMs: 1_000_000 }) },
];

test("a source under another race id is admitted as under its own: its definitions too, those of other races not", async () => {
  const own = new HeadlessIngest(listSource(items));
  const named = new HeadlessIngest(withRaceId(listSource(items), "cluster-race"));
  const [before, after] = [(await collect(own.appends())).flat(), (await collect(named.appends())).flat()];
  expect(after.map(({ subject }) => subject)).toEqual(
    before.map(({ subject }) => subject.replace(/^race\.test\./, "race.cluster-race.")),
  );
  expect(named.counts.toJson()).toEqual(own.counts.toJson());
  expect(named.counts.controlsRejected.get("foreign-race")).toBe(1);
});

test("a source of that id already is left alone, and the rest of a source stays", async () => {
  const source = listSource(items, { race: race({ race: "same" }) });
  expect(withRaceId(source, "same")).toBe(source);
  let isClosed = false;
  const close = async () => {
    isClosed = true;
  };
  const renamed = withRaceId({ ...source, filePath: "/f", close }, "other");
  expect(renamed).toMatchObject({ filePath: "/f", live: false, startMs: source.startMs, race: { race: "other" } });
  await renamed.close?.();
  expect(isClosed).toBe(true);
});
