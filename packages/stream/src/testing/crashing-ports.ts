import { instead } from "@burnline/std";
import type { RunnerPorts } from "../runner-options.ts";

export class Crash extends Error {}

/** Every call of a runner may be its last, before it or behind it, renewals excepted. The points are counted from 0. */
export function dieAt(ports: RunnerPorts, deadly: number): RunnerPorts {
  let points = 0;
  const point = () => {
    if (points++ === deadly) throw new Crash();
  };
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    point();
    const result = await call();
    point();
    return result;
  };
  const { log, state, sink } = ports;
  return {
    ...ports,
    sink: instead(sink, { send: (records) => around(() => sink.send(records)) }),
    log: instead(log, { open: (options) => around(() => log.open(options)) }),
    state: instead(state, {
      acquire: (...args) => around(() => state.acquire(...args)),
      release: (lease) => around(() => state.release(lease)),
      load: (lease) => around(() => state.load(lease)),
      commit: (lease, commit) => around(() => state.commit(lease, commit)),
      reset: (lease, snapshot) => around(() => state.reset(lease, snapshot)),
      outbox: (lease, max) => around(() => state.outbox(lease, max)),
      trimOutbox: (lease, through) => around(() => state.trimOutbox(lease, through)),
    }),
  };
}

/** What the laws of the runner are given; they watch the rest themselves. */
export type StoredPorts = Omit<RunnerPorts, "sink" | "live" | "clock">;
