import { getEips } from "@pulumi/aws/ec2/getEips.js";
import { getInstanceType } from "@pulumi/aws/ec2/getInstanceType.js";
import { getVpcs } from "@pulumi/aws/ec2/getVpcs.js";
import { getServiceQuota } from "@pulumi/aws/servicequotas/getServiceQuota.js";
import { STACK_LABEL } from "../../labels.ts";
import type { AccountAnswer } from "../types.ts";
import type { EksBase } from "./base.ts";
import { type AccountFacts, beyondQuotas, isStandardType, QUOTAS, type QuotaKind, unknownQuota } from "./quotas.ts";

/** The provider tries for many minutes where nothing answers, as in a network without a way to this one service. */
const ANSWER_MS_MAX = 60_000;
const REASON_LENGTH_MAX = 200;

/** Asks AWS for what an account may have, and makes nothing. @param stack the tag of what is ours already */
export async function askAccount(base: EksBase, stack: string, coresMax: number): Promise<AccountAnswer> {
  const { config, isProd } = base;
  if (!config.hasQuotaCheck) return { problems: [], warnings: [] };
  const on = { provider: base.provider };
  const ours = { tags: { [STACK_LABEL]: stack } };
  const warnings: string[] = [];
  const known = async <T>(kind: QuotaKind, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await inTime(ask());
    } catch (error) {
      warnings.push(unknownQuota(config, kind, reasonOf(error)));
      return undefined;
    }
  };
  const [vpcs, addresses, cores] = await Promise.all([
    known("vpcs", async () => {
      const [granted, all, own] = await Promise.all([grantOf(base, "vpcs"), getVpcs({}, on), getVpcs(ours, on)]);
      return { granted, taken: othersIn(all.ids, own.ids) };
    }),
    known("addresses", async () => {
      const [granted, all, own] = await Promise.all([grantOf(base, "addresses"), getEips({}, on), getEips(ours, on)]);
      return { granted, taken: othersIn(all.allocationIds, own.allocationIds) };
    }),
    known("cores", () => askCores(base)),
  ]);
  const facts = {
    ...(vpcs === undefined ? {} : { vpcs }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(cores === undefined ? {} : { cores }),
  };
  return { problems: beyondQuotas({ config, isProd, coresMax }, facts), warnings: warnings.toSorted() };
}

async function askCores(base: EksBase): Promise<AccountFacts["cores"]> {
  const { nodes, nodeType: instanceType } = base.config;
  if (nodes === "auto") return { granted: await grantOf(base, "cores") };
  if (!isStandardType(instanceType)) return undefined;
  const [granted, { defaultVcpus }] = await Promise.all([
    grantOf(base, "cores"),
    getInstanceType({ instanceType }, { provider: base.provider }),
  ]);
  return { granted, perNode: number(defaultVcpus) };
}

async function grantOf({ provider }: EksBase, kind: QuotaKind): Promise<number> {
  const { service: serviceCode, code: quotaCode } = QUOTAS[kind];
  return number((await getServiceQuota({ serviceCode, quotaCode }, { provider })).value);
}

// A preview with a provider that is not whole yet answers with nothing, against its types.

function number(answer: number | undefined): number {
  if (typeof answer !== "number") throw new Error("no answer");
  return answer;
}

function othersIn(all: readonly string[] | undefined, own: readonly string[] | undefined): number {
  if (all === undefined || own === undefined) throw new Error("no answer");
  return all.filter((id) => !own.includes(id)).length;
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS_MAX / 1_000} s`)), ANSWER_MS_MAX);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** AWS' own reasons carry ids of requests, over several lines. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").slice(0, REASON_LENGTH_MAX) || "no reason given";
}
