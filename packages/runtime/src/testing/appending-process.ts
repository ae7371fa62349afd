import { openSqlite } from "../sqlite-database.ts";
import { SqliteEventLog } from "../sqlite-event-log.ts";
import { wallClock } from "../wall-clock.ts";

// Appends to the data folder in its first argument and prints each acknowledged position, until it is killed.
const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: appending-process.ts FOLDER");
const log = new SqliteEventLog(openSqlite(folder), "race", wallClock);
for (;;) {
  const [position] = await log.append([{ partition: 3, subject: "race.r.3.tel.24", payload: Uint8Array.of(1, 2, 3) }]);
  process.stdout.write(`${position}\n`);
}
