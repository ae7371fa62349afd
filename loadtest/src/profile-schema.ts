import { CARS_MAX, SAMPLE_RATE_HZ_MAX, SAMPLES_PER_FRAME_MAX } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { z } from "zod";
import { FRAME_MS, type Profile } from "./profile.ts";

/** Clients that one gateway takes (apps/gateway, limits); a larger profile needs several, and has none yet. */
const CLIENTS_MAX = 256;
const count = (max: number, min = 0) => z.int().min(min).max(max);

const schema = z
  .strictObject({
    name: z.string().min(1),
    purpose: z.string().min(1),
    seconds: count(48 * 3_600, 1),
    warmUpSeconds: count(600, 1),
    cars: count(CARS_MAX, 1),
    rateHz: count(SAMPLE_RATE_HZ_MAX, 10),
    feeds: count(CARS_MAX, 1),
    lapSeconds: count(300, 5),
    clients: z.strictObject({
      dashboards: count(CLIENTS_MAX),
      graphics: count(CLIENTS_MAX),
      storming: count(CLIENTS_MAX),
      tardy: count(CLIENTS_MAX),
      stalled: count(CLIENTS_MAX),
    }),
    stormEverySeconds: count(3_600, 2),
    stallSeconds: count(600, 1),
    script: z.array(
      z.strictObject({ atSeconds: count(86_400), what: z.enum(["green", "caution", "pitStops"]) }).readonly(),
    ),
    limits: z.strictObject({
      latencyMsP95Max: z.number().positive(),
      latencyMsP99Max: z.number().positive(),
      gapMsMax: z.number().positive(),
      gapsMax: count(1e9),
      dropsMax: count(1e9),
      samplesMissingMax: count(1e9),
      reconnectMsP95Max: z.number().positive(),
      unexpectedClosesMax: count(1e9),
    }),
  })
  .refine(({ rateHz }) => Number.isInteger((rateHz * FRAME_MS) / 1_000), {
    error: "rateHz must give a whole number of samples in 100 ms, such as 120",
  })
  .refine(({ rateHz }) => (rateHz * FRAME_MS) / 1_000 <= SAMPLES_PER_FRAME_MAX, {
    error: `rateHz gives more than ${SAMPLES_PER_FRAME_MAX} samples in a frame of 100 ms; lower it`,
  })
  .refine(({ feeds, cars }) => feeds <= cars, {
    error: "feeds must not be more than cars; a feed without a car says nothing",
  })
  .refine(({ clients }) => Object.values(clients).reduce((sum, one) => sum + one, 0) <= CLIENTS_MAX, {
    error: `clients are more than the ${CLIENTS_MAX} that one gateway takes; lower them`,
  });

/** A profile from its file. @returns it, or what is wrong in one sentence */
export function parseProfile(text: string): Result<Profile, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err("the profile is not JSON.");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return err(`${issue?.path.join(".") || "the profile"}: ${issue?.message ?? "not a profile"}.`);
}
