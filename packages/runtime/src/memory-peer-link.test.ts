import { peerLinkSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
import { MemoryPeerHub } from "./memory-peer-link.ts";

peerLinkSuite("memory", async () => {
  const hub = new MemoryPeerHub();
  return {
    open: async (memberId) => hub.open(memberId),
    kill: async (memberId) => hub.drop(memberId),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    close: async () => {},
  };
});

test("a frozen member neither answers nor hears", async () => {
  const hub = new MemoryPeerHub();
  const a = hub.open("a");
  const b = hub.open("b");
  const got: string[] = [];
  b.subscribe(({ type }) => got.push(type));
  hub.freeze("b", true);
  a.announce({ type: "leaving", memberId: "a" });
  expect(await a.ask("b", 10)).toBe("timeout");
  hub.freeze("b", false);
  a.announce({ type: "suspected", memberId: "c" });
  expect(await a.ask("b", 10)).toBe("alive");
  expect(got).toEqual(["suspected"]);
});
