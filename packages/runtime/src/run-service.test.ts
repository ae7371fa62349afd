import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import { Health } from "./health.ts";
import { OperatingError } from "./operating-error.ts";
import { configOrExit, runService } from "./run-service.ts";

/** A process that ends by an error, so that nothing goes on behind its end. */
class TestProcess extends EventEmitter {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly exits: number[] = [];

  exit(code: number): never {
    this.exits.push(code);
    throw new Error(`ended with ${code}`);
  }
}

const CONFIG = { logLevel: "silent", logFormat: "json" } as const;
const text = (stream: PassThrough) => String(stream.read() ?? "");

let own: TestProcess;
/** As the functions under test see it. */
let ownProcess: Parameters<typeof configOrExit>[1] & Pick<NodeJS.Process, "on" | "off">;

beforeEach(() => {
  own = new TestProcess();
  ownProcess = own as unknown as typeof ownProcess;
});

test("a question is answered on stdout with 0, a mistake on stderr with 2", () => {
  expect(() => configOrExit({ type: "answer", text: "usage" }, ownProcess)).toThrow("ended with 0");
  expect(text(own.stdout)).toBe("usage\n");
  expect(() => configOrExit({ type: "refused", text: "no such flag" }, ownProcess)).toThrow("ended with 2");
  expect(text(own.stderr)).toBe("no such flag\n");
  expect(configOrExit({ type: "config", config: CONFIG }, ownProcess)).toBe(CONFIG);
});

test("surroundings that will not do are one sentence and 1; a mistake of ours is thrown as it is", async () => {
  const opening = (error: Error) =>
    runService({
      ...({ name: "test", outcome: { type: "config", config: CONFIG }, process: ownProcess } as const),
      open: () => Promise.reject(error),
      greeting: () => [{}, "never"],
    });
  await expect(opening(new OperatingError("Start NATS first."))).rejects.toThrow("ended with 1");
  expect(text(own.stderr)).toBe("Start NATS first.\n");
  await expect(opening(new TypeError("ours"))).rejects.toThrow("ours");
  expect(text(own.stderr)).toBe("");
});

test("parts start, the greeting follows them, and a fault stops all with 1", async () => {
  const said: string[] = [];
  const ended = Promise.withResolvers<void>();
  let fail = (_part: string, _error: unknown) => {};
  own.exit = (code: number) => {
    said.push(`exit ${code}`);
    ended.resolve();
    return undefined as never;
  };
  const part = (name: string) => ({
    ...{ name, start: async () => void said.push(`start ${name}`), stop: async () => void said.push(`stop ${name}`) },
  });
  const running = runService({
    ...({ name: "test", outcome: { type: "config", config: CONFIG }, process: ownProcess } as const),
    open: async (_config, _logger, onFault) => {
      fail = onFault;
      return { parts: [part("a"), part("b")], server: { health: new Health() } };
    },
    greeting: () => {
      said.push("greeting");
      return [{}, "runs"];
    },
  });
  await expect.poll(() => said).toEqual(["start a", "start b", "greeting"]);
  fail("a", new Error("broken"));
  await ended.promise;
  await running;
  expect(said).toEqual(["start a", "start b", "greeting", "stop b", "stop a", "exit 1"]);
});
