import { describe, expect, test, vi } from "vitest";
import { type MockAccount, NEW_ACCOUNT } from "./mock-cloud.ts";
import { type CaptureOptions, captureProgram } from "./testing.ts";

const EKS = {
  ...{ cloud: "eks", region: "us-east-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops" },
  apiCidrs: "198.51.100.0/24",
};
const MANAGED = { ...EKS, nodes: "managed" };
const SHA = `sha256:${"1".repeat(64)}`;
const PROD = {
  ...{ ...EKS, environment: "prod", natsImage: `nats@${SHA}`, redisImage: `redis@${SHA}` },
  imageDigests: JSON.stringify(
    Object.fromEntries(["ingest", "processor", "inference", "gateway", "operator"].map((app) => [app, SHA])),
  ),
};
const OURS = "organization.burnline.test";
const OTHERS = "organization.burnline.other";

const account = (parts: Partial<MockAccount>): MockAccount => ({ ...NEW_ACCOUNT, ...parts });
const quotas = (parts: Readonly<Record<string, number>>) => account({ quotas: { ...NEW_ACCOUNT.quotas, ...parts } });

/** What is refused, and all that was registered by then. */
async function refusal(keys: Readonly<Record<string, string>>, options: CaptureOptions) {
  const registered: string[] = [];
  const run = captureProgram(keys, { ...options, onRegistered: (type) => void registered.push(type) });
  const error = await run.then(() => undefined).catch((reason: Error) => reason);
  return { message: error?.message ?? "accepted", registered: registered.toSorted() };
}

describe.each([true, false])("first preview: %s", (isFirstPreview) => {
  test.each([
    ["VPCs", EKS, account({ vpcs: Array(5).fill(OTHERS) }), /VPCs per Region \(L-F678F1CE\).* needs 1: /],
    ["addresses of a trial", EKS, account({ addresses: Array(5).fill("") }), /Elastic IPs .* have 5, .* needs 1: /],
    ["addresses of production", PROD, account({ addresses: ["", "", OTHERS] }), /have 3, and this stack needs 3: /],
    ["cores of machines", MANAGED, quotas({ "L-1216C47A": 17 }), /17 of Running .* needs 18: .* burnline:nodesMax 8;/],
    ["cores of pods", { ...EKS, size: "race" }, quotas({ "L-1216C47A": 16 }), /16 of Running .* needs \d\d: /],
  ])("too few %s are refused, and nothing is registered but who was asked", async (_, keys, given, message) => {
    const { message: said, registered } = await refusal(keys, { account: given, isFirstPreview });
    expect(said.split("\n")).toEqual([expect.stringMatching(message)]);
    expect(registered).toEqual(["pulumi:providers:aws", "pulumi:pulumi:Stack"]);
  });
});

test("all that is too little is said at once", async () => {
  const given = account({ quotas: { "L-F678F1CE": 0, "L-0263D0A3": 0, "L-1216C47A": 0 } });
  const { message } = await refusal(MANAGED, { account: given });
  expect(message.split("\n")).toHaveLength(3);
});

test("what a stack has of an earlier run does not count against it, however full the account is", async () => {
  const given = account({
    vpcs: [OURS, OTHERS, OTHERS, OTHERS, OTHERS],
    addresses: [OURS, OURS, OURS, OTHERS, OTHERS],
  });
  const again = await captureProgram(PROD, { account: given });
  expect(again.warnings).toEqual([]);
  expect(again).toEqual(await captureProgram(PROD));
});

test("a trial that becomes production needs addresses for two zones more", async () => {
  const given = (others: number) => account({ addresses: [OURS, ...Array(others).fill(OTHERS)] });
  expect((await refusal(PROD, { account: given(2) })).message).toBe("accepted");
  expect((await refusal(PROD, { account: given(3) })).message).toMatch(/others have 3, and this stack needs 3/);
});

test.each([
  ["a trial", EKS],
  ["production", PROD],
])("%s needs what it registers, no more and no less", async (_, keys) => {
  const { resources } = await captureProgram(keys);
  const made = (type: string) => resources.filter((resource) => resource.type === type).length;
  const exact = { "L-F678F1CE": made("aws:ec2/vpc:Vpc"), "L-0263D0A3": made("aws:ec2/eip:Eip"), "L-1216C47A": 64 };
  const bare = account({ quotas: exact, vpcs: [] });
  expect((await refusal(keys, { account: bare })).message).toBe("accepted");
  for (const code of ["L-F678F1CE", "L-0263D0A3"] as const) {
    const less = { ...bare, quotas: { ...exact, [code]: exact[code] - 1 } };
    expect((await refusal(keys, { account: less })).message).toContain(code);
  }
});

test("who may not ask is warned and gets the same cluster", async () => {
  const { warnings, ...program } = await captureProgram(MANAGED, { account: account({ quotas: {} }) });
  expect(warnings).toHaveLength(3);
  for (const warning of warnings) expect(warning).toMatch(/ is not known \(.*AccessDeniedException.*GetServiceQuota/);
  expect({ ...program, warnings: [] }).toEqual(await captureProgram(MANAGED));
});

test("who waits for an answer longer than a minute goes on with a warning", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let isOver = false;
    const none = { "L-F678F1CE": 0, "L-0263D0A3": 0, "L-1216C47A": 0 };
    const run = captureProgram(EKS, { account: account({ quotas: none, answerMs: 90_000 }) }).finally(() => {
      isOver = true;
    });
    while (!isOver) await vi.advanceTimersByTimeAsync(1_000);
    const { warnings } = await run;
    expect(warnings).toHaveLength(3);
    for (const warning of warnings) expect(warning).toContain(" is not known (no answer within 60 s)");
  } finally {
    vi.useRealTimers();
  }
});

test("a machine that nobody knows is a warning, and one of another family has a quota of its own", async () => {
  const few = quotas({ "L-1216C47A": 1 });
  const unknown = await captureProgram({ ...MANAGED, nodeType: "m99.large" }, { account: few });
  expect(unknown.warnings).toEqual([expect.stringContaining("m99.large")]);
  const other = await captureProgram({ ...MANAGED, nodeType: "g5.xlarge" }, { account: few });
  expect(other.warnings).toEqual([]);
});

test("by a setting nobody is asked", async () => {
  const given = account({ quotas: {}, vpcs: Array(9).fill(OTHERS) });
  const program = await captureProgram({ ...EKS, quotaCheck: "false" }, { account: given });
  expect(program).toEqual(await captureProgram(EKS));
  expect(program.warnings).toEqual([]);
});
