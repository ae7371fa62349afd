import { DiscardPolicy, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import { differences } from "./nats-stream.ts";

const ASKED = {
  name: "RACE_daytona",
  subjects: ["race.daytona.>"],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  num_replicas: 3,
  max_age: 3_600_000_000_000,
  max_bytes: 1_000_000,
  max_msg_size: -1,
  discard: DiscardPolicy.New,
  duplicate_window: 120_000_000_000,
  allow_direct: true,
};

test("an echo with what was asked, in any order and with more beside it, is accepted", () => {
  const two = { ...ASKED, subjects: ["fact.r.>", "late.r.>"] };
  expect(differences(two, { ...two, subjects: ["late.r.>", "fact.r.>"], max_msgs: -1, sealed: false })).toEqual([]);
});

test("each setting that a server ignored or changed is named with what was asked and what it is", () => {
  const { allow_direct: _, ...without } = ASKED;
  expect(differences(ASKED, { ...without, num_replicas: 1 })).toEqual([
    { setting: "num_replicas", wanted: "3", got: "1" },
    { setting: "allow_direct", wanted: "true", got: "missing" },
  ]);
});
