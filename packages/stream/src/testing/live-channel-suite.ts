import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LiveChannel } from "../ports.ts";

export interface LiveChannelFixture {
  readonly channel: LiveChannel;
  /** Resolves when everything published so far has been delivered. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** The laws of `LiveChannel`. */
export function liveChannelSuite(name: string, open: () => Promise<LiveChannelFixture>): void {
  describe(`${name} as a live channel`, () => {
    let fixture: LiveChannelFixture;
    let channel: LiveChannel;

    beforeEach(async () => {
      fixture = await open();
      channel = fixture.channel;
    });
    afterEach(() => fixture.close());

    test("a subscriber gets what matches its prefix, in order", async () => {
      const got: string[] = [];
      channel.subscribe("live.r.", (subject, payload) => got.push(`${subject}=${payload[0]}`));
      await fixture.settle();
      channel.publish("live.r.24", Uint8Array.of(1));
      channel.publish("live.other.24", Uint8Array.of(2));
      channel.publish("live.r.5", Uint8Array.of(3));
      await fixture.settle();
      expect(got).toEqual(["live.r.24=1", "live.r.5=3"]);
    });

    test("each subscriber gets its own copy of the news", async () => {
      const got: string[] = [];
      channel.subscribe("live.", () => got.push("first"));
      channel.subscribe("live.r.", () => got.push("second"));
      await fixture.settle();
      channel.publish("live.r.24", new Uint8Array());
      await fixture.settle();
      expect(got.toSorted()).toEqual(["first", "second"]);
    });

    test("nothing is stored for who comes later, nor delivered to who has left", async () => {
      const got: string[] = [];
      channel.publish("live.r.24", new Uint8Array());
      await fixture.settle();
      const stop = channel.subscribe("live.", (subject) => got.push(subject));
      await fixture.settle();
      stop();
      stop();
      channel.publish("live.r.24", new Uint8Array());
      await fixture.settle();
      expect(got).toEqual([]);
    });

    test("a subscriber that throws harms neither the publisher nor the others", async () => {
      const got: string[] = [];
      channel.subscribe("live.", () => {
        throw new Error("a broken subscriber");
      });
      channel.subscribe("live.", (subject) => got.push(subject));
      await fixture.settle();
      channel.publish("live.r.24", new Uint8Array());
      channel.publish("live.r.5", new Uint8Array());
      await fixture.settle();
      expect(got).toEqual(["live.r.24", "live.r.5"]);
    });

    test("a subscriber may leave from within its own call", async () => {
      let calls = 0;
      const stop = channel.subscribe("live.", () => {
        calls += 1;
        stop();
      });
      await fixture.settle();
      channel.publish("live.r.24", new Uint8Array());
      channel.publish("live.r.24", new Uint8Array());
      await fixture.settle();
      expect(calls).toBe(1);
    });
  });
}
