/**
 * Loaded into a processor before its own code (node --import): on SIGUSR2 its time of day jumps an hour ahead, back, an
 * hour behind, and back again. Everything in that process that asks for the date is told so, the clients of NATS and
 * Redis too. The processor itself knows nothing of it.
 */
const HOUR_MS = 3_600_000;
const OFFSETS_MS = [HOUR_MS, 0, -HOUR_MS, 0] as const;

const trueNow = Date.now;
let jumps = 0;
let offsetMs = 0;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    args.length === 0
      ? Reflect.construct(target, [trueNow() + offsetMs], newTarget)
      : Reflect.construct(target, args, newTarget),
});
Date.now = () => trueNow() + offsetMs;

process.on("SIGUSR2", () => {
  offsetMs = OFFSETS_MS[jumps++ % OFFSETS_MS.length] ?? 0;
});
