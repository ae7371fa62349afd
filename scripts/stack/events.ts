import { shownText } from "./shown-text.ts";

/** What happens to one resource, with the properties that are the reason; never their values. */
export interface Change {
  readonly op: ChangeOp;
  readonly type: string;
  readonly name: string;
  readonly properties: readonly string[];
}

export const CHANGE_OPS = ["create", "update", "replace", "delete"] as const;
export type ChangeOp = (typeof CHANGE_OPS)[number];

export interface Violation {
  readonly policy: string;
  readonly isMandatory: boolean;
  readonly resource: string;
  readonly message: string;
}

/** What a run of Pulumi says, event by event. */
export interface RunFacts {
  readonly changes: Map<string, Change>;
  readonly violations: Violation[];
  readonly errors: Set<string>;
  /** Violations and errors beyond the caps: counted, not kept. */
  unkept: number;
  /** Whether a mandatory policy is broken, also by a violation that was not kept. */
  breaksPolicy: boolean;
  /** Of the engine's own summary, its last event but one: a run without it was broken off. */
  engine?: { readonly counts: Readonly<Record<string, number>>; readonly packs: readonly string[] };
}

/** A stack of more is not one of ours; further changes are counted by the engine and not named. */
const CHANGES_KEPT_MAX = 5_000;
const VIOLATIONS_KEPT_MAX = 200;
const ERRORS_KEPT_MAX = 20;

interface EngineStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly diffs?: readonly string[];
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** The parts of Pulumi's events that are read (apitype.EngineEvent); all else, values above all, is left where it is. */
interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: EngineStep };
  readonly resOutputsEvent?: { readonly metadata: EngineStep };
  readonly diagnosticEvent?: { readonly message: string; readonly severity: string };
  readonly policyEvent?: {
    readonly policyName: string;
    readonly enforcementLevel: string;
    readonly resourceUrn?: string;
    readonly message: string;
  };
  readonly summaryEvent?: {
    readonly resourceChanges?: Readonly<Record<string, number>> | null;
    readonly PolicyPacks?: Readonly<Record<string, string>> | null;
  };
}

export function noFacts(): RunFacts {
  return { changes: new Map(), violations: [], errors: new Set(), unkept: 0, breaksPolicy: false };
}

/** Takes in one line of Pulumi's output; a line that is no event is not of interest. */
export function noteLine(facts: RunFacts, line: string): void {
  if (!line.startsWith("{")) return;
  let event: EngineEvent;
  try {
    event = JSON.parse(line);
  } catch {
    return;
  }
  const { policyEvent, diagnosticEvent, summaryEvent } = event;
  const step = event.resourcePreEvent?.metadata ?? event.resOutputsEvent?.metadata;
  if (step !== undefined) noteStep(facts, step);
  if (policyEvent !== undefined) noteViolation(facts, policyEvent);
  if (diagnosticEvent?.severity === "error") noteError(facts, diagnosticEvent.message);
  if (summaryEvent !== undefined) {
    const { resourceChanges, PolicyPacks } = summaryEvent;
    facts.engine = { counts: resourceChanges ?? {}, packs: Object.keys(PolicyPacks ?? {}) };
  }
}

function noteStep({ changes }: RunFacts, { op, urn, type, diffs, detailedDiff }: EngineStep): void {
  // The steps of a replacement (create-replacement, delete-replaced) come besides the `replace` itself, and a refresh is
  // told as `refresh` before and as what it found after.
  const meant = CHANGE_OPS.find((known) => known === op);
  if (meant === undefined || (changes.size >= CHANGES_KEPT_MAX && !changes.has(urn))) return;
  const found = Object.keys(detailedDiff ?? {});
  const properties = found.length > 0 ? found : (diffs ?? []);
  const known = changes.get(urn)?.properties ?? [];
  changes.set(urn, {
    ...{ op: meant, type: shownText(type), name: nameOf(urn) },
    properties: properties.length > 0 ? properties.map(shownText).sort() : known,
  });
}

function noteViolation(facts: RunFacts, event: NonNullable<EngineEvent["policyEvent"]>): void {
  const isMandatory = event.enforcementLevel !== "advisory";
  if (isMandatory) facts.breaksPolicy = true;
  if (facts.violations.length >= VIOLATIONS_KEPT_MAX) {
    facts.unkept++;
    return;
  }
  facts.violations.push({
    ...{ policy: shownText(event.policyName), isMandatory, message: shownText(event.message) },
    resource: event.resourceUrn === undefined ? "the stack" : nameOf(event.resourceUrn),
  });
}

export function noteError(facts: RunFacts, message: string): void {
  const text = shownText(message.replace(/^error: /, ""));
  if (text === "" || text === "preview failed" || facts.errors.has(text)) return;
  if (facts.errors.size >= ERRORS_KEPT_MAX) facts.unkept++;
  else facts.errors.add(text);
}

/** Of urn:pulumi:<stack>::<project>::<types>::<name>; a name may hold :: itself. */
function nameOf(urn: string): string {
  return shownText(urn.split("::").slice(3).join("::") || urn);
}
