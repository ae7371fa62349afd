import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PeerLink, PeerMessage } from "../membership.ts";

export interface PeerLinkFixture {
  /** A process's link; different processes, as far as the implementation can tell. */
  open(memberId: string): Promise<PeerLink>;
  /** The process dies: its connection breaks without a word. */
  kill(memberId: string): Promise<void>;
  /** Resolves when everything announced and subscribed so far has arrived. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any real server here takes to answer. */
const TIMEOUT_MS = 2_000;
const SHORT_TIMEOUT_MS = 50;

/** The laws of `PeerLink`. */
export function peerLinkSuite(name: string, openFixture: () => Promise<PeerLinkFixture>): void {
  describe(`${name} as a peer link`, () => {
    let fixture: PeerLinkFixture;
    let a: PeerLink;
    let b: PeerLink;

    beforeEach(async () => {
      fixture = await openFixture();
      a = await fixture.open("a");
      b = await fixture.open("b-2.x y");
      await fixture.settle();
    });
    afterEach(() => fixture.close());

    test("a member that is there answers, whatever its id", async () => {
      expect(await a.ask("b-2.x y", TIMEOUT_MS)).toBe("alive");
      expect(await b.ask("a", TIMEOUT_MS)).toBe("alive");
    });

    test("for one that never was nobody answers", async () => {
      expect(await a.ask("c", TIMEOUT_MS)).toBe("no-responders");
    });

    test("for one that closed its link nobody answers", async () => {
      await b.close();
      await fixture.settle();
      expect(await a.ask("b-2.x y", TIMEOUT_MS)).toBe("no-responders");
    });

    test("for one that died nobody answers, as soon as its connection is known to be broken", async () => {
      await fixture.kill("b-2.x y");
      await vi.waitFor(async () => expect(await a.ask("b-2.x y", SHORT_TIMEOUT_MS)).toBe("no-responders"), TIMEOUT_MS);
    });

    test("one whose own link is closed learns nothing of others", async () => {
      await a.close();
      expect(await a.ask("b-2.x y", TIMEOUT_MS)).toBe("timeout");
      expect(await a.ask("c", TIMEOUT_MS)).toBe("timeout");
    });

    test("messages reach the others, not the sender, in order", async () => {
      const messages: PeerMessage[] = [
        { type: "leaving", memberId: "a" },
        { type: "freed", partition: 63, memberId: "a", toMemberId: "b-2.x y" },
        { type: "suspected", memberId: "c" },
      ];
      const gotA: PeerMessage[] = [];
      const gotB: PeerMessage[] = [];
      a.subscribe((message) => gotA.push(message));
      b.subscribe((message) => gotB.push(message));
      await fixture.settle();
      for (const message of messages) a.announce(message);
      await fixture.settle();
      expect(gotB).toEqual(messages);
      expect(gotA).toEqual([]);
    });

    test("who has stopped listening hears nothing more, and announcing on a closed link harms nobody", async () => {
      const got: PeerMessage[] = [];
      const stop = b.subscribe((message) => got.push(message));
      await fixture.settle();
      stop();
      a.announce({ type: "leaving", memberId: "a" });
      await fixture.settle();
      await a.close();
      a.announce({ type: "leaving", memberId: "a" });
      await a.close();
      expect(got).toEqual([]);
    });
  });
}
