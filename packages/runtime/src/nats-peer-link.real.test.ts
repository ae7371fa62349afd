import { peerLinkSuite } from "@burnline/stream/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connectNats, type NatsLink } from "./nats-link.ts";
import { NatsPeerLink } from "./nats-peer-link.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";

const TIMEOUT_MS = 2_000;

let server: RealServer;
let serial = 0;

beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const connect = (name: string): Promise<NatsLink> => connectNats({ servers: [server.url], name });

peerLinkSuite("NATS", async () => {
  const race = `race-${serial++}`;
  const links = new Map<string, NatsLink>();
  return {
    open: async (memberId) => {
      const link = await connect(memberId);
      links.set(memberId, link);
      return NatsPeerLink.open(link, race, memberId);
    },
    // A connection that is closed without a word is for the server what a dead process is.
    kill: async (memberId) => links.get(memberId)?.connection.close(),
    // Twice: what a round trip brings in may itself send something.
    settle: async () => {
      for (const round of [0, 1]) {
        await Promise.all([...links.values()].map((link) => link.connection.flush()));
        await new Promise((resolve) => setImmediate(resolve, round));
      }
    },
    close: async () => {
      await Promise.all([...links.values()].map((link) => link.close()));
    },
  };
});

test("races do not hear each other, and what is not understood harms nobody", async () => {
  const link = await connect("a");
  const here = await NatsPeerLink.open(link, "here", "a");
  const there = await NatsPeerLink.open(link, "there", "b");
  const got: string[] = [];
  here.subscribe(({ type }) => got.push(type));
  there.announce({ type: "leaving", memberId: "b" });
  for (const text of ["", "no JSON", '{"from":"x"}', '{"from":"x","message":{"type":"newer"}}']) {
    link.connection.publish("peer.here.say", text);
  }
  const other = await NatsPeerLink.open(link, "here", "c");
  other.announce({ type: "suspected", memberId: "z" });
  await vi.waitFor(() => expect(got).toEqual(["suspected"]));
  expect(await here.ask("b", TIMEOUT_MS)).toBe("no-responders");
  await link.close();
});

test("a server that is restarted makes nobody suspect anybody", async () => {
  const own = await startNatsServer();
  const links = await Promise.all(["a", "b"].map((name) => connectNats({ servers: [own.url], name })));
  const [a, b] = await Promise.all(links.map((link, index) => NatsPeerLink.open(link, "r", index === 0 ? "a" : "b")));
  expect(await a!.ask("b", TIMEOUT_MS)).toBe("alive");
  await own.kill("SIGKILL");
  expect(await a!.ask("b", 50)).toBe("timeout");
  await own.restart();
  const answers = new Set<string>();
  await vi.waitFor(
    async () => {
      answers.add(await a!.ask("b", 50));
      answers.add(await b!.ask("a", 50));
      expect(answers).toContain("alive");
      expect([...answers].every((answer) => answer !== "no-responders")).toBe(true);
    },
    { timeout: 10_000, interval: 5 },
  );
  await Promise.all(links.map((link) => link.close()));
  await own.stop();
});
