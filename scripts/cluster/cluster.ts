import { ClusterError } from "./cluster-error.ts";
import { Member } from "./member.ts";
import type { ClusterPlan } from "./plan.ts";

export interface ClusterOptions {
  readonly plan: ClusterPlan;
  /** A line that a member wrote. */
  readonly say: (name: string, line: string) => void;
  /** What happens to the cluster as a whole, for the person in front of it. */
  readonly tell: (text: string) => void;
}

/** Who else suffers, for the person who reads that a process died. */
const WITHOUT = [
  ["nats", "nothing moves without it; stop with Ctrl-C and start again, the data is kept"],
  ["redis", "nothing is counted without it; stop with Ctrl-C and start again, the data is kept"],
  ["processor", "the others take over its cars"],
  ["inference", "physics goes on without the model"],
  ["gateway", "the race goes on, but nobody sees it"],
  ["ingest", "what it had acknowledged is in the log; nothing new comes through it"],
] as const;

/** The processes of the cluster: started group by group, stopped in reverse. Nothing is started again by itself. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #groups: { readonly stopMsMax: number; readonly members: Member[] }[] = [];
  #isStopping = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get members(): readonly Member[] {
    return this.#groups.flatMap(({ members }) => members);
  }

  /** @throws ClusterError when one did not start */
  async start(): Promise<void> {
    const { plan, say } = this.#options;
    for (const { stopMsMax, members } of plan.groups) {
      if (this.#isStopping) return;
      const started = members.map((one) => new Member(one, say, (member) => this.#reportDeath(member)));
      this.#groups.push({ stopMsMax, members: started });
      try {
        await Promise.all(started.map((member) => member.ready()));
      } catch (error) {
        // Who is stopped while it starts has not failed.
        if (!this.#isStopping) throw error;
      }
    }
  }

  /** In reverse order of starting, each group within its time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { stopMsMax, members } of this.#groups.toReversed()) {
      await Promise.all(members.map((member) => this.#stopMember(member, stopMsMax)));
    }
  }

  kill(): void {
    this.#isStopping = true;
    for (const member of this.members) member.kill();
  }

  /** Killed, a process loses nothing that it acknowledged: that is what this form is for. */
  async #stopMember(member: Member, stopMsMax: number): Promise<void> {
    if (await member.stop(stopMsMax)) return;
    this.#options.tell(`${member.plan.name} did not stop in ${stopMsMax} ms and was killed; its data is kept`);
  }

  #reportDeath(member: Member): void {
    if (this.#isStopping) return;
    const { name } = member.plan;
    const consequence = WITHOUT.find(([kind]) => name.startsWith(kind))?.[1] ?? "the others go on";
    this.#options.tell(`${name} (process ${member.pid ?? "unknown"}) ended with ${member.ending}: ${consequence}`);
  }
}

/** The text of what can go wrong in daily use; anything else is a fault of ours and is thrown on. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ClusterError) return error.message;
  throw error;
}
