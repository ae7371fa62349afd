import { parse } from "yaml";

/** What is read of a workflow of GitHub Actions. */
export interface Workflow {
  readonly on?: unknown;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs?: Readonly<Record<string, Job>>;
}

interface Job {
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly "timeout-minutes"?: unknown;
  readonly steps?: readonly Step[];
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly "continue-on-error"?: unknown;
}

/** What the repository has that workflows call. */
export interface Callable {
  readonly npmScripts: readonly string[];
  readonly pulumiVersion: string;
}

type Rule = (workflow: Workflow, text: string, callable: Callable) => readonly string[];

const TIMEOUT_MINUTES_MAX = 60;
const NPM_OWN = ["ci"];
const CREDENTIALS = "aws-actions/configure-aws-credentials@";
const NOT_FROM_A_FORK = "github.event.pull_request.head.repo.full_name == github.repository";

/** @returns a sentence for each breach of a rule, with the place */
export function workflowProblems(text: string, callable: Callable): string[] {
  const workflow: Workflow = parse(text);
  return RULES.flatMap((rule) => rule(workflow, text, callable));
}

const jobsOf = (workflow: Workflow) => Object.entries(workflow.jobs ?? {});
const stepsOf = (workflow: Workflow) =>
  jobsOf(workflow).flatMap(([job, { steps }]) => (steps ?? []).map((step) => ({ job, step })));
const triggersOf = ({ on }: Workflow): string[] =>
  typeof on === "string" ? [on] : Array.isArray(on) ? on.map(String) : Object.keys(on ?? {});
const mayLogIn = ({ permissions }: Job) => permissions?.["id-token"] !== undefined;

const pinned: Rule = (workflow, text) =>
  stepsOf(workflow).flatMap(({ job, step: { uses } }) => {
    if (uses === undefined || uses.startsWith("./")) return [];
    const isPinned = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(uses);
    if (!isPinned) return [`${job}: ${uses} can be moved: pin it by the 40 digits of a commit`];
    const isNamed = text.split("\n").some((line) => line.includes(uses) && /@\w+ # v\d+\.\d+\.\d+$/.test(line));
    return isNamed ? [] : [`${job}: ${uses} does not say its version: # v1.2.3 behind it`];
  });

const fewRights: Rule = (workflow) => {
  const allowed: Readonly<Record<string, string>> = { contents: "read", "id-token": "write" };
  const all = JSON.stringify(workflow.permissions) === "{}" ? [] : ["permissions: {} is missing at the top"];
  const ofJobs = jobsOf(workflow).flatMap(([job, { permissions, steps }]) => {
    if (typeof permissions !== "object") return [`${job}: permissions are not declared`];
    const logsIn = steps?.some(({ uses }) => uses?.startsWith(CREDENTIALS)) ?? false;
    return Object.entries(permissions)
      .filter(([right, level]) => allowed[right] !== level || (right === "id-token" && !logsIn))
      .map(([right, level]) => `${job}: it does not need ${right}: ${level}`);
  });
  return [...all, ...ofJobs];
};

const ends: Rule = (workflow) =>
  jobsOf(workflow)
    .filter(([, job]) => !(Number(job["timeout-minutes"]) <= TIMEOUT_MINUTES_MAX))
    .map(([job]) => `${job}: timeout-minutes is missing or above ${TIMEOUT_MINUTES_MAX}`);

const oneAtATime: Rule = ({ concurrency }) => (concurrency === undefined ? ["concurrency is missing"] : []);

const noForeignCode: Rule = (workflow) => [
  ...triggersOf(workflow)
    .filter((trigger) => ["pull_request_target", "workflow_run"].includes(trigger))
    .map((trigger) => `on ${trigger}: it runs others' code with our rights`),
  ...jobsOf(workflow).flatMap(([name, job]) => {
    if (!mayLogIn(job)) return [];
    const isOpen = triggersOf(workflow).includes("pull_request") && !(job.if ?? "").includes(NOT_FROM_A_FORK);
    return [
      ...(isOpen ? [`${name}: it logs in for a fork's pull request too: if ${NOT_FROM_A_FORK}`] : []),
      ...(job.environment === undefined
        ? [`${name}: it logs in without an environment, which the role could trust`]
        : []),
    ];
  }),
];

const noSecrets: Rule = (workflow, text) => [
  ...(/\bsecrets\s*[.[]/.test(text) ? ["secrets are used: log in by a role, keep none"] : []),
  ...(/aws-access-key-id|aws-secret-access-key|AWS_SECRET/i.test(text) ? ["a long-lived key is used"] : []),
  ...stepsOf(workflow)
    .filter(({ step }) => step.run?.includes("${{") ?? false)
    .map(({ job, step }) => `${job}: ${step.run} is put together from values: hand them over by env`),
  ...stepsOf(workflow)
    .filter(({ step }) => step.uses?.startsWith("actions/checkout@") && step.with?.["persist-credentials"] !== false)
    .map(({ job }) => `${job}: checkout leaves its token behind: persist-credentials: false`),
];

const nothingForeignWithCredentials: Rule = (workflow) =>
  jobsOf(workflow).flatMap(([job, { steps = [] }]) => {
    const login = steps.findIndex(({ uses }) => uses?.startsWith(CREDENTIALS));
    const late = steps.findLastIndex(
      ({ uses, run }) => uses?.startsWith(CREDENTIALS) === false || /\bnpm ci\b/.test(run ?? ""),
    );
    return login >= 0 && late > login ? [`${job}: credentials are there before packages and actions are done`] : [];
  });

const failsLoudly: Rule = (workflow) =>
  stepsOf(workflow)
    .filter(({ step }) => step["continue-on-error"] !== undefined || /\|\| *(true|:)|set \+e/.test(step.run ?? ""))
    .map(({ job }) => `${job}: a failure is passed over`);

const callsWhatIsThere: Rule = (workflow, _text, { npmScripts }) =>
  stepsOf(workflow).flatMap(({ job, step: { run = "" } }) =>
    [...run.matchAll(/\bnpm (?:run (?:--silent )?)?([\w:-]+)/g)]
      .flatMap(([, name = ""]) => (npmScripts.includes(name) || NPM_OWN.includes(name) ? [] : [name]))
      .map((name) => `${job}: there is no npm script ${name}`),
  );

/** `npm run preview` always runs the pack; Pulumi itself would have to be told. */
const policyPack: Rule = (workflow, _text, { pulumiVersion }) =>
  stepsOf(workflow).flatMap(({ job, step }) => {
    if (/(^|[\s;&|])(npx )?pulumi\s/m.test(step.run ?? ""))
      return [`${job}: pulumi is called past npm run preview and npm run drift, and so past the policy pack`];
    if (!step.uses?.startsWith("pulumi/actions@")) return [];
    const { command, "pulumi-version": version } = step.with ?? {};
    return [
      ...(command === undefined ? [] : [`${job}: pulumi/actions runs ${command}, past the policy pack`]),
      ...(version === pulumiVersion ? [] : [`${job}: pulumi-version is ${version}, the program's is ${pulumiVersion}`]),
    ];
  });

const RULES: readonly Rule[] = [
  ...[pinned, fewRights, ends, oneAtATime, noForeignCode, noSecrets, nothingForeignWithCredentials, failsLoudly],
  ...[callsWhatIsThere, policyPack],
];
