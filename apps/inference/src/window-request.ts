import { type BurnWindow, type Fact, FactSchema, fromBinary, isCarId, MESSAGE_BYTES_MAX } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import type { LogRecord } from "@burnline/stream";

/** One window fact that waits for the model's answer, with the record that has to be acknowledged for it. */
export interface WindowRequest {
  readonly record: LogRecord;
  readonly car: string;
  readonly revision: number;
  readonly physicsVersion: string;
  readonly window: BurnWindow;
}

/** Reads a window fact of this race; nothing that a foreign or broken record holds gets further than this. */
export function decodeWindowFact(
  record: LogRecord,
  race: string,
): Result<WindowRequest, "undecodable" | "foreign-race"> {
  if (record.payload.byteLength > MESSAGE_BYTES_MAX) return err("undecodable");
  let fact: Fact;
  try {
    fact = fromBinary(FactSchema, record.payload);
  } catch {
    return err("undecodable");
  }
  if (fact.body.case !== "burnWindow" || !isCarId(fact.car)) return err("undecodable");
  if (fact.race !== race) return err("foreign-race");
  const window = fact.body.value;
  if (!Number.isSafeInteger(window.startMs)) return err("undecodable");
  return ok({
    record,
    car: fact.car,
    revision: fact.revision,
    physicsVersion: fact.provenance?.physicsVersion ?? "",
    window,
  });
}
