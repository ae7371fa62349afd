import { assert, type Prng } from "@burnline/std";
import type { PeerMessage } from "../membership.ts";
import { Ownership } from "../ownership.ts";
import { OwnershipWorldStore } from "./ownership-world-store.ts";

export const STEP_MS = 50;
const VIEW_STEPS = 2;
const BEAT_STEPS = 5;
export const LEASE_RENEW_MS = 800;

/** A process of the model: the core, and the crudest shell around it. */
interface Process {
  readonly memberId: string;
  readonly core: Ownership;
  /** Epoch under which a partition runs here, and when its lease is renewed next. */
  readonly running: Map<number, { epoch: number; renewDueMs: number }>;
  readonly work: { dueMs: number; needsStore: boolean; run: () => void }[];
  isDead: boolean;
  isDraining: boolean;
  frozenUntilMs: number;
  /** No message comes or goes, and nobody answers for it. */
  mutedUntilMs: number;
  /** It does not reach the log: it renews its leases, but has nothing to commit. */
  deafUntilMs: number;
  signs: number;
}

/**
 * Processes that share partitions through a lease table, on simulated time, with calls that take their time and messages
 * that get lost. Checks after every step that only the newest epoch commits, and that nobody who runs is a zombie for
 * longer than it takes to renew a lease.
 */
export class OwnershipWorld {
  nowMs = 1_000_000;
  /** No call to the store gets through; those that were made wait. */
  storeDownUntilMs = 0;
  readonly #prng: Prng;
  readonly #partitionCount: number;
  readonly #weights: number[];
  readonly #store: OwnershipWorldStore;
  readonly #committedEpoch: number[];
  readonly #processes: Process[] = [];
  readonly #zombieSinceMs = new Map<string, number>();
  readonly #mail: { dueMs: number; message: PeerMessage }[] = [];
  #lives = 0;
  #step = 0;
  messageLoss = 0;
  /** Per turn and partition. */
  commitChance = 0.3;
  /** Commands that move a partition, since it was last set to 0. */
  moves = 0;
  fenced = 0;
  /** When each partition last saw a commit. */
  readonly committedMs: number[];

  constructor(prng: Prng, partitionCount: number) {
    this.#prng = prng;
    this.#partitionCount = partitionCount;
    this.#weights = Array.from({ length: partitionCount }, () => Math.max(0, prng.integer(0, 4) - 2));
    this.#store = new OwnershipWorldStore(partitionCount);
    this.#committedEpoch = this.#weights.map(() => 0);
    this.committedMs = this.#weights.map(() => this.nowMs);
  }

  get living(): readonly string[] {
    return this.#processes.filter(({ isDead }) => !isDead).map(({ memberId }) => memberId);
  }

  /** Somebody lives who will stay. */
  get hasTaker(): boolean {
    return this.#processes.some(({ isDead, isDraining }) => !isDead && !isDraining);
  }

  join(): void {
    this.#lives += 1;
    const memberId = `m-${this.#prng.integer(0, 99)}-${this.#lives}`;
    this.#processes.push({
      ...{ memberId, core: new Ownership({ memberId, partitionCount: this.#partitionCount }) },
      ...{ running: new Map(), work: [], isDead: false, isDraining: false, frozenUntilMs: 0, mutedUntilMs: 0 },
      ...{ deafUntilMs: 0, signs: 0 },
    });
  }

  kill(index: number): void {
    const process = this.#pick(index);
    if (process !== undefined) process.isDead = true;
  }

  leave(index: number): void {
    const process = this.#pick(index);
    if (process === undefined) return;
    process.isDraining = true;
    process.core.drain();
  }

  freeze(index: number, ms: number): void {
    const process = this.#pick(index);
    if (process !== undefined) process.frozenUntilMs = this.nowMs + ms;
  }

  mute(index: number, ms: number): void {
    const process = this.#pick(index);
    if (process !== undefined) process.mutedUntilMs = this.nowMs + ms;
  }

  /** Between one process and the log there is nothing any more, nor between it and the others. */
  deafen(index: number, ms: number): void {
    const process = this.#pick(index);
    if (process !== undefined) process.deafUntilMs = this.nowMs + ms;
    this.mute(index, ms);
  }

  /** The log is away for all, and with it what the processes say to each other. */
  loseLog(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (const process of this.#processes) Object.assign(process, { deafUntilMs: untilMs, mutedUntilMs: untilMs });
  }

  /** A partition's number of active keys changes. */
  reweigh(partition: number, weight: number): void {
    this.#weights[partition % this.#partitionCount] = weight;
  }

  /** The store loses leases and members. */
  loseStore(): void {
    this.#store.loseEverything();
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += STEP_MS;
      this.#step += 1;
      this.#deliver();
      for (const process of this.#processes) {
        if (!process.isDead && this.nowMs >= process.frozenUntilMs) this.#turn(process);
      }
    }
  }

  /** The one owner of each partition that can commit and runs; undefined when it is nobody or not running. */
  owners(): readonly (string | undefined)[] {
    return this.#weights.map((_, partition) => {
      const owns = ({ memberId, isDead, running }: Process) =>
        !isDead && this.#store.isHeldBy(partition, memberId, running.get(partition)?.epoch);
      return this.#processes.find(owns)?.memberId;
    });
  }

  weightOf(partition: number): number {
    return this.#weights[partition] ?? 0;
  }

  #pick(index: number): Process | undefined {
    const candidates = this.#processes.filter(({ isDead, isDraining }) => !isDead && !isDraining);
    return candidates[index % Math.max(1, candidates.length)];
  }

  #turn(process: Process): void {
    const { core, running, work } = process;
    const isStoreUp = this.nowMs >= this.storeDownUntilMs;
    for (const done of work.filter(({ dueMs, needsStore }) => dueMs <= this.nowMs && (isStoreUp || !needsStore))) {
      work.splice(work.indexOf(done), 1);
      done.run();
    }
    if (this.nowMs >= process.deafUntilMs) process.signs += 1;
    core.onPulse(this.nowMs, process.signs);
    if (isStoreUp) this.#runPartitions(process);
    if (isStoreUp && this.#step % BEAT_STEPS === 0) {
      this.#beat(process);
    }
    if (isStoreUp && this.#step % VIEW_STEPS === 0) this.#store.show(this.nowMs, core);
    this.#obey(process);
    if (process.isDraining && core.isDrained) {
      assert(running.size === 0, "who has drained runs nothing");
      process.isDead = true;
      this.#store.leave(process.memberId);
    }
  }

  #beat({ core }: Process): void {
    this.#store.beat(
      this.nowMs,
      core.heartbeat(this.nowMs, (partition) => this.weightOf(partition)),
    );
  }

  #runPartitions(process: Process): void {
    for (const [partition, run] of process.running) {
      const isOurs = this.#store.isHeldBy(partition, process.memberId, run.epoch);
      if (this.nowMs >= run.renewDueMs) {
        run.renewDueMs = this.nowMs + LEASE_RENEW_MS;
        if (isOurs) this.#store.renew(this.nowMs, partition);
        else this.#lose(process, partition);
      }
      this.#watchZombie(process, partition, isOurs);
      if (this.nowMs < process.deafUntilMs) continue;
      if (!process.running.has(partition) || !this.#prng.chance(this.commitChance)) continue;
      if (isOurs) {
        assert(run.epoch >= (this.#committedEpoch[partition] ?? 0), "I11: an older epoch commits after a newer one");
        this.#committedEpoch[partition] = run.epoch;
        this.committedMs[partition] = this.nowMs;
      } else {
        this.fenced += 1;
        this.#lose(process, partition);
      }
    }
  }

  #watchZombie(process: Process, partition: number, isOurs: boolean): void {
    const key = `${process.memberId}/${partition}`;
    if (isOurs || !process.running.has(partition)) {
      this.#zombieSinceMs.delete(key);
      return;
    }
    const { frozenUntilMs } = process;
    const sinceMs = Math.max(this.#zombieSinceMs.get(key) ?? this.nowMs, frozenUntilMs, this.storeDownUntilMs);
    this.#zombieSinceMs.set(key, sinceMs);
    assert(this.nowMs - sinceMs <= LEASE_RENEW_MS + STEP_MS, `${key} is a zombie for too long`);
  }

  #lose(process: Process, partition: number): void {
    if (process.running.delete(partition)) process.core.onOutcome(this.nowMs, partition, "lost");
  }

  #obey(process: Process): void {
    const later = (run: () => void, needsStore = true) =>
      process.work.push({ dueMs: this.nowMs + this.#prng.integer(1, 3) * STEP_MS, needsStore, run });
    for (const command of process.core.decide(this.nowMs)) {
      switch (command.type) {
        case "acquire":
          this.moves += 1;
          later(() => this.#acquire(process, command.partition, command.takeOverEpoch));
          break;
        case "release":
          this.moves += 1;
          later(this.#releasing(process, command.partition));
          break;
        case "ask":
          later(
            () => process.core.onAnswer(this.nowMs, command.memberId, this.#answerOf(process, command.memberId)),
            false,
          );
          break;
        case "announce":
          if (this.nowMs >= process.mutedUntilMs && !this.#prng.chance(this.messageLoss))
            this.#mail.push({ dueMs: this.nowMs + STEP_MS, message: command.message });
          break;
        case "look":
          if (this.nowMs >= this.storeDownUntilMs) this.#store.show(this.nowMs, process.core);
          break;
        case "beat":
          if (this.nowMs >= this.storeDownUntilMs) this.#beat(process);
      }
    }
  }

  #acquire(process: Process, partition: number, takeOverEpoch: number | undefined): void {
    const epoch = this.#store.acquire(this.nowMs, partition, process.memberId, takeOverEpoch);
    if (epoch === undefined) {
      process.core.onOutcome(this.nowMs, partition, "refused");
      return;
    }
    process.running.set(partition, { epoch, renewDueMs: this.nowMs + LEASE_RENEW_MS });
    process.core.onOutcome(this.nowMs, partition, "acquired");
  }

  #releasing(process: Process, partition: number): () => void {
    const run = process.running.get(partition);
    return () => {
      // When it was lost meanwhile, that has been reported.
      if (run === undefined || process.running.get(partition) !== run) return;
      if (this.#store.isHeldBy(partition, process.memberId, run.epoch)) this.#store.release(partition);
      process.running.delete(partition);
      process.core.onOutcome(this.nowMs, partition, "released");
    };
  }

  #answerOf(asker: Process, memberId: string): "alive" | "no-responders" | "timeout" {
    const asked = this.#processes.find((process) => process.memberId === memberId);
    if (this.nowMs < asker.mutedUntilMs) return "timeout";
    if (asked === undefined || asked.isDead || this.nowMs < asked.mutedUntilMs) return "no-responders";
    return this.nowMs < asked.frozenUntilMs ? "timeout" : "alive";
  }

  #deliver(): void {
    for (const mail of this.#mail.filter(({ dueMs }) => dueMs <= this.nowMs)) {
      this.#mail.splice(this.#mail.indexOf(mail), 1);
      for (const process of this.#processes) {
        const isReached = !process.isDead && this.nowMs >= process.mutedUntilMs;
        if (!isReached || process.memberId === mail.message.memberId) continue;
        // A frozen process finds its mail when it wakes up.
        process.work.push({
          dueMs: this.nowMs,
          needsStore: false,
          run: () => process.core.onMessage(this.nowMs, mail.message),
        });
      }
    }
  }
}
