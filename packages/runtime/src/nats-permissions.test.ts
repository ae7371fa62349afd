import { describe, expect, test } from "vitest";
import { NATS_APPS, natsPermissions } from "./nats-permissions.ts";

const FILE = new URL("../../../charts/burnline/files/nats-permissions.json", import.meta.url).pathname;

/** What infra and the chart read; `vitest run -u` on this file writes it anew. */
function permissionsFile(): string {
  const options = { race: "{race}", upstream: "{upstream}" };
  const apps = NATS_APPS.map((app) => {
    const owned = natsPermissions(app, { ...options, streamOwner: "operator" });
    const owning = natsPermissions(app, { ...options, streamOwner: "app" }).publish.allow;
    const publishAsStreamOwner = owning.filter((subject) => !owned.publish.allow.includes(subject));
    return [app, { ...owned, publishAsStreamOwner }];
  });
  const about =
    "Made by packages/runtime/src/nats-permissions.test.ts. Put the race's id for {race}. Where {upstream} stands: put the subject of --source nats:SUBJECT, or leave the line and ingest's allowResponses out. publishAsStreamOwner is allowed too where BURNLINE_STREAM_OWNER is app.";
  return `${JSON.stringify({ about, apps: Object.fromEntries(apps) }, null, 2)}\n`;
}

test("infra and the chart read the same permissions", async () => {
  await expect(permissionsFile()).toMatchFileSnapshot(FILE);
});

describe("each app for itself", () => {
  const options = { race: "daytona", streamOwner: "operator" } as const;

  test("only one app writes each kind of record", () => {
    const kinds = [
      "race.daytona.*.tel.*",
      "race.daytona.*.ml.*",
      "fact.daytona.>",
      "live.daytona.*",
      "peer.daytona.say",
    ];
    for (const kind of kinds) {
      const writers = NATS_APPS.filter((app) => natsPermissions(app, options).publish.allow.includes(kind));
      expect(writers, kind).toHaveLength(1);
    }
  });

  test("nobody reads another's answers, and nobody may do everything", () => {
    for (const app of NATS_APPS) {
      const { publish, subscribe } = natsPermissions(app, options);
      const inboxes = subscribe.allow.filter((subject) => subject.startsWith("_INBOX"));
      expect(inboxes).toEqual([`_INBOX_${app}.>`]);
      for (const subject of [...publish.allow, ...subscribe.allow])
        expect(subject).not.toMatch(/^(>|\*)|^\$JS\.API\.>/);
    }
  });

  test("only the operator may remove a stream, whoever makes them", () => {
    const removes = (subject: string) => /STREAM\.(DELETE|\*)/.test(subject);
    for (const streamOwner of ["app", "operator"] as const) {
      const removing = NATS_APPS.filter((app) =>
        natsPermissions(app, { ...options, streamOwner }).publish.allow.some(removes),
      );
      expect(removing).toEqual(["operator"]);
    }
  });

  test("only who makes the streams may make and change them", () => {
    const makes = (subject: string) => /STREAM\.(CREATE|UPDATE)/.test(subject);
    for (const app of NATS_APPS.filter((one) => one !== "operator")) {
      expect(natsPermissions(app, options).publish.allow.filter(makes)).toEqual([]);
      expect(natsPermissions(app, { ...options, streamOwner: "app" }).publish.allow.filter(makes)).not.toEqual([]);
    }
  });

  test("ingest hears an upstream subject only as one of its group, and only when it has one", () => {
    expect(natsPermissions("ingest", options).subscribe.allow).toEqual(["_INBOX_ingest.>"]);
    expect(natsPermissions("ingest", { ...options, upstream: "series.cars" }).subscribe.allow).toEqual([
      ...["series.cars.frames ingest-daytona", "series.cars.frames.> ingest-daytona"],
      ...["series.cars.events ingest-daytona", "series.cars.events.> ingest-daytona", "_INBOX_ingest.>"],
    ]);
  });
});
