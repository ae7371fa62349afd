import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StepClock } from "@burnline/std";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DATABASE_FILE, openSqlite, type SqliteDatabase, WRITES_WAITING_MAX } from "./sqlite-database.ts";
import { SqliteEventLog } from "./sqlite-event-log.ts";
import { SqliteStateStore } from "./sqlite-state-store.ts";
import { StorageError } from "./storage-error.ts";

const clock = new StepClock(1_700_000_000_000);
let folder: string;
let opened: SqliteDatabase[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-"));
});
afterEach(() => {
  for (const db of opened) db.close();
  opened = [];
  rmSync(folder, { recursive: true });
});

function open(options?: Parameters<typeof openSqlite>[1]): SqliteDatabase {
  const db = openSqlite(folder, options);
  opened.push(db);
  return db;
}

function faultOf(work: () => unknown): StorageError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError);
    return error as StorageError;
  }
  throw new Error("it did not fail");
}

const frame = (bytes: number) => ({ partition: 0, subject: "race.r.0.tel.24", payload: new Uint8Array(bytes) });

describe("opening a data folder", () => {
  test("the folder is made when it is missing", () => {
    openSqlite(join(folder, "deep", "down")).close();
    expect(existsSync(join(folder, "deep", "down", DATABASE_FILE))).toBe(true);
  });

  test("a second instance is refused with one sentence that says what to do, and may come when the first has gone", () => {
    const first = open();
    const error = faultOf(() => open());
    expect(error.fault).toBe("locked");
    expect(error.message).toBe(
      `Another Burnline is using the data folder ${folder}: stop it, or choose another folder with --data.`,
    );
    first.close();
    open();
  });

  test("a file where a folder is expected is named, with what to do", () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    const error = faultOf(() => openSqlite(path));
    expect(error.fault).toBe("unusable");
    expect(error.message).toContain(`${path} cannot be used (EEXIST`);
    expect(error.message).toContain("choose a folder that this user may write to, for example with --data.");
    expect(faultOf(() => openSqlite(join(path, "below"))).fault).toBe("unusable");
  });

  test("garbage in place of the database is told from a database", () => {
    writeFileSync(join(folder, DATABASE_FILE), Buffer.alloc(8_192, "not a database "));
    const error = faultOf(() => open());
    expect(error.fault).toBe("corrupt");
    expect(error.message).toBe(
      `${join(folder, DATABASE_FILE)} is damaged or not a Burnline database: move it away to start empty, or restore a copy of it.`,
    );
  });

  test("another program's database is left alone", () => {
    const foreign = new DatabaseSync(join(folder, DATABASE_FILE));
    foreign.exec("CREATE TABLE precious (x)");
    foreign.close();
    const error = faultOf(() => open());
    expect(error.fault).toBe("corrupt");
    expect(error.message).toContain("belongs to another program: choose another folder with --data.");
  });

  test("a newer schema is refused with both versions", () => {
    open().close();
    const later = new DatabaseSync(join(folder, DATABASE_FILE));
    later.exec("PRAGMA user_version = 99");
    later.close();
    const error = faultOf(() => open());
    expect(error.fault).toBe("newer");
    expect(error.message).toContain("was written by a newer Burnline (schema 99, this one knows 1)");
  });

  test("a failed opening holds no lock", () => {
    writeFileSync(join(folder, DATABASE_FILE), Buffer.alloc(8_192, "not a database "));
    faultOf(() => open());
    rmSync(join(folder, DATABASE_FILE));
    open();
  });

  test("a database that was cut short is reported as damaged, not as empty", async () => {
    const db = open();
    const log = new SqliteEventLog(db, "race", clock);
    for (let index = 0; index < 50; index++) await log.append([frame(2_000)]);
    db.close();
    truncateSync(join(folder, DATABASE_FILE), 40_960);
    const error = faultOf(() => {
      const again = open();
      const damaged = new SqliteEventLog(again, "race", clock);
      damaged.scan({ partition: undefined, subjectPrefix: "" }, 0, 1_000);
    });
    expect(error.fault).toBe("corrupt");
  });

  test("full durability is a choice that SQLite is told of", () => {
    expect(Object.values(open().prepare("PRAGMA synchronous").get() ?? {})).toEqual([1]);
    opened[0]?.close();
    expect(Object.values(open({ durability: "full" }).prepare("PRAGMA synchronous").get() ?? {})).toEqual([2]);
    expect(Object.values(opened[1]?.prepare("PRAGMA journal_mode").get() ?? {})).toEqual(["wal"]);
  });
});

describe("writing", () => {
  test("a full disk fails the write with what to do, loses nothing, and writes go on once there is room", async () => {
    const db = open({ bytesMax: 400_000 });
    const log = new SqliteEventLog(db, "race", clock);
    let stored = 0;
    const failure = await (async () => {
      for (;;) {
        const error = await log.append([frame(10_000)]).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined) return error as StorageError;
        stored += 1;
      }
    })();
    expect(failure).toBeInstanceOf(StorageError);
    expect(failure.fault).toBe("full");
    expect(failure.message).toBe(
      `There is no room left for ${db.path}: free some disk space (or raise the size limit) and start again; nothing stored is lost.`,
    );
    expect(await log.bounds()).toEqual({ first: 1, last: stored });
    await log.trim(stored);
    expect(await log.append([frame(10_000)])).toEqual([stored + 1]);
  });

  test("a write that fails takes none of its group with it", async () => {
    const db = open();
    const log = new SqliteEventLog(db, "race", clock);
    const states = new SqliteStateStore(db, clock);
    const lease = await states.acquire(0, "owner", 1_000);
    const backwards = { previousPosition: 0, nextPosition: -1, schemaVersion: 1, changes: new Map(), outbox: [] };
    const outcomes = await Promise.allSettled([
      log.append([frame(1)]),
      states.commit(lease!, backwards),
      log.append([{ ...frame(2), subject: "race.r.0.tel.5" }]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const reader = await log.open({ after: 0 });
    const records = await reader.next(10, 0);
    expect(records.map(({ position, subject }) => [position, subject])).toEqual([
      [1, "race.r.0.tel.24"],
      [2, "race.r.0.tel.5"],
    ]);
  });

  test("writes beyond the cap are refused, the others go through", async () => {
    const db = open();
    let done = 0;
    const writes = Array.from({ length: WRITES_WAITING_MAX + 1 }, () => db.write(() => (done += 1)));
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { fault: "overloaded" } });
    expect(done).toBe(WRITES_WAITING_MAX);
  });

  test("closing finishes what waits and refuses what comes after", async () => {
    const db = open();
    const log = new SqliteEventLog(db, "race", clock);
    const waiting = log.append([frame(1)]);
    db.close();
    expect(await waiting).toEqual([1]);
    await expect(log.append([frame(1)])).rejects.toMatchObject({ fault: "closed" });
    expect(faultOf(() => log.scan({ partition: undefined, subjectPrefix: "" }, 0, 1)).fault).toBe("closed");
  });

  test("two logs of one folder have positions of their own, and one log has one writer", async () => {
    const db = open();
    const race = new SqliteEventLog(db, "race", clock);
    const facts = new SqliteEventLog(db, "facts", clock);
    await race.append([frame(1), frame(2)]);
    expect(await facts.append([frame(3)])).toEqual([1]);
    expect(() => new SqliteEventLog(db, "race", clock)).toThrow("log race of");
    expect(() => new SqliteEventLog(db, "race; DROP TABLE logs", clock)).toThrow("a log name is");
  });

  test("a reader whose partition is quiet asks the database nothing", async () => {
    const log = new SqliteEventLog(open(), "race", clock);
    const readers = await Promise.all(Array.from({ length: 64 }, (_, partition) => log.open({ after: 0, partition })));
    const scan = vi.spyOn(log, "scan");
    const waiting = readers.map((reader) => reader.next(10, 200));
    for (let round = 0; round < 5; round++) await log.append([{ ...frame(10), partition: 5 }]);
    expect((await waiting[5])?.length).toBeGreaterThan(0);
    expect(scan).toHaveBeenCalledTimes(1);
    await Promise.all(readers.map((reader) => reader.close()));
    expect((await Promise.all(waiting)).flat()).toHaveLength(1);
  });

  test("old window facts can be forgotten while lap facts stay", async () => {
    const db = open();
    const facts = new SqliteEventLog(db, "facts", clock);
    const at = (subject: string) => ({ partition: 0, subject, payload: new Uint8Array(1) });
    await facts.append([at("fact.r.window.24"), at("fact.r.lap.24")]);
    clock.advance(60_000);
    await facts.append([at("fact.r.window.24")]);
    expect(await facts.trimOlder("fact.r.window.", clock.nowMs() - 30_000)).toBe(1);
    const reader = await facts.open({ after: 0 });
    expect((await reader.next(10, 0)).map(({ position }) => position)).toEqual([2, 3]);
    expect(await facts.trimOlder("fact.", clock.nowMs() + 1)).toBe(2);
    db.close();
    const again = new SqliteEventLog(open(), "facts", clock);
    expect(await again.append([at("fact.r.lap.24")])).toEqual([4]);
  });
});

describe("kill -9", () => {
  test("gives the folder free and loses nothing that was acknowledged", async () => {
    const script = new URL("./testing/appending-process.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let acknowledged = 0;
    let buffered = "";
    child.stdout.on("data", (chunk: Buffer) => {
      buffered += chunk.toString();
      const lines = buffered.split("\n");
      buffered = lines.pop() ?? "";
      acknowledged = Number(lines.at(-1) ?? acknowledged);
      if (acknowledged > 300) child.kill("SIGKILL");
    });
    await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    expect(faultOf(() => open()).fault).toBe("locked");
    await once(child, "close");
    expect(acknowledged).toBeGreaterThan(300);
    const log = new SqliteEventLog(open(), "race", clock);
    const { last } = await log.bounds();
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    const reader = await log.open({ after: 0, partition: 3 });
    const [first] = await reader.next(1, 0);
    expect(first?.payload).toEqual(Uint8Array.of(1, 2, 3));
  });
});
