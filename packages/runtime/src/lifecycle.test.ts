import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { EXIT_FAILURE, EXIT_FORCED, EXIT_OK, Lifecycle, type LifecycleOptions, type Part } from "./lifecycle.ts";

function setup(
  make: (steps: string[]) => readonly Part[],
  { isHealthSteps = false, ...options }: Partial<LifecycleOptions> & { isHealthSteps?: boolean } = {},
) {
  const steps: string[] = [];
  const signals = new EventEmitter();
  const exits: number[] = [];
  const errors: string[] = [];
  const logger = {
    info: () => {},
    error: (fields: object, message: string) => errors.push(`${message}: ${JSON.stringify(fields)}`),
  };
  const health = { stopping: () => void (isHealthSteps && steps.push("not ready")) };
  const exit = (code: number) => void exits.push(code);
  const lifecycle = new Lifecycle({ parts: make(steps), logger, signals, health, exit, ...options });
  return { steps, signals, exits, errors, lifecycle };
}

function part(name: string, steps: string[], overrides: Partial<Part> = {}): Part {
  return {
    name,
    start: async () => void steps.push(`start ${name}`),
    stop: async () => void steps.push(`stop ${name}`),
    ...overrides,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test.each(["SIGINT", "SIGTERM"])("parts start in order and %s stops them in reverse, exit 0", async (signal) => {
  const { lifecycle, steps, signals, exits } = setup((s) => [part("store", s), part("log", s), part("web", s)]);
  const running = lifecycle.run();
  await turn();
  expect(exits).toEqual([]);
  signals.emit(signal, signal);
  expect(await running).toBe(EXIT_OK);
  expect(steps).toEqual(["start store", "start log", "start web", "stop web", "stop log", "stop store"]);
  expect(exits).toEqual([EXIT_OK]);
  expect(signals.listenerCount("SIGINT")).toBe(0);
});

test("with the first signal the process is not ready any more, before the first part stops", async () => {
  const { lifecycle, steps, signals } = setup((s) => [part("store", s), part("web", s)], { isHealthSteps: true });
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGTERM", "SIGTERM");
  expect(steps.slice(2, 4)).toEqual(["not ready", "stop web"]);
  await running;
  expect(steps.filter((step) => step === "not ready")).toHaveLength(1);
});

test("when a part does not start, the ones before it stop, exit 1", async () => {
  const broken = { start: () => Promise.reject(new Error("busy port")) };
  const { lifecycle, steps, errors, exits } = setup((s) => [part("store", s), part("web", s, broken), part("late", s)]);
  expect(await lifecycle.run()).toBe(EXIT_FAILURE);
  expect(steps).toEqual(["start store", "stop store"]);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('a part did not start: {"part":"web"');
  expect(exits).toEqual([EXIT_FAILURE]);
});

test("a part that hangs in its stop only costs its deadline, exit 1", async () => {
  const hanging = { stop: () => new Promise<void>(() => {}), stopMsMax: 20 };
  const { lifecycle, steps, signals, errors } = setup((s) => [part("store", s), part("web", s, hanging)]);
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGTERM", "SIGTERM");
  expect(await running).toBe(EXIT_FAILURE);
  expect(steps.at(-1)).toBe("stop store");
  expect(errors[0]).toContain("a part did not stop cleanly");
});

test("a part that throws in its stop does not keep the others from stopping", async () => {
  const throwing = { stop: () => Promise.reject(new Error("disk")) };
  const { lifecycle, steps, signals } = setup((s) => [part("store", s), part("web", s, throwing)]);
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGINT", "SIGINT");
  expect(await running).toBe(EXIT_FAILURE);
  expect(steps.at(-1)).toBe("stop store");
});

test("all parts together have a deadline too, a start that hangs included", async () => {
  const hanging = { start: () => new Promise<void>(() => {}) };
  const { lifecycle, signals, exits, errors } = setup((s) => [part("web", s, hanging)], { stopAllMsMax: 20 });
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGTERM", "SIGTERM");
  expect(await running).toBe(EXIT_FAILURE);
  expect(exits).toEqual([EXIT_FAILURE]);
  expect(errors[0]).toContain("not everything stopped within 20 ms");
});

test("a second signal ends at once, whatever still hangs", async () => {
  const hanging = { stop: () => new Promise<void>(() => {}), stopMsMax: 60_000 };
  const { lifecycle, signals, exits } = setup((s) => [part("web", s, hanging)]);
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGINT", "SIGINT");
  signals.emit("SIGINT", "SIGINT");
  expect(await running).toBe(EXIT_FORCED);
  expect(exits).toEqual([EXIT_FORCED]);
});

test("a signal during the start lets the starting part finish, starts no further one and stops what runs", async () => {
  const slow = Promise.withResolvers<void>();
  const { lifecycle, steps, signals } = setup((s) => [
    part("store", s),
    part("recovery", s, { start: () => slow.promise }),
    part("web", s),
  ]);
  const running = lifecycle.run();
  await turn();
  signals.emit("SIGINT", "SIGINT");
  slow.resolve();
  expect(await running).toBe(EXIT_OK);
  expect(steps).toEqual(["start store", "stop recovery", "stop store"]);
});

test("what many find at once is said once", async () => {
  const { lifecycle, errors } = setup((s) => [part("processor", s)]);
  const failed = lifecycle.run();
  await turn();
  for (let partition = 0; partition < 64; partition++)
    lifecycle.fail("processor", new Error("a newer version's state"));
  lifecycle.fail("processor", new Error("something else"));
  expect(await failed).toBe(EXIT_FAILURE);
  expect(errors).toHaveLength(2);
});

test("a part that fails while running stops everything with exit 1, finished work with exit 0", async () => {
  const failing = setup((s) => [part("processor", s)]);
  const failed = failing.lifecycle.run();
  await turn();
  failing.lifecycle.fail("processor", new Error("invariant broken"));
  failing.lifecycle.fail("processor", new Error("again"));
  expect(await failed).toBe(EXIT_FAILURE);
  expect(failing.steps).toEqual(["start processor", "stop processor"]);

  const finishing = setup((s) => [part("report", s)]);
  const finished = finishing.lifecycle.run();
  await turn();
  finishing.lifecycle.finish();
  expect(await finished).toBe(EXIT_OK);
});
