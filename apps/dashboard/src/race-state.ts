import { CARS_MAX, type CarView, type Fact, type Hello, type RaceView, type ServerMessage } from "@burnline/contract";
import { isOfOtherRun, newestCar } from "@burnline/contract/feed-client";

/** Everything the pages show, immutable: a new message makes a new state, untouched parts stay the same objects. */
export interface RaceState {
  readonly hello: Hello | undefined;
  readonly race: RaceView | undefined;
  readonly cars: ReadonlyMap<string, CarView>;
  /** Only of cars whose page was opened; each list in order of event time. */
  readonly histories: ReadonlyMap<string, CarHistory>;
  /** Latest word on every situation, also on those that are over. */
  readonly alerts: readonly Fact[];
  /** What the server last said about this page's requests, in its own words. */
  readonly notice: string | undefined;
}

interface CarHistory {
  readonly laps: readonly Fact[];
  readonly stints: readonly Fact[];
  readonly stages: readonly Fact[];
}

export const EMPTY_HISTORY: CarHistory = { laps: [], stints: [], stages: [] };

export const EMPTY_RACE: RaceState = {
  hello: undefined,
  race: undefined,
  cars: new Map(),
  histories: new Map(),
  alerts: [],
  notice: undefined,
};

/** Laps, stints or stages kept per car; at the cap the oldest leaves. A 24-hour race has under 900 laps. */
export const FACTS_PER_CAR_MAX = 1_500;
/** Situations kept; at the cap the oldest leaves. */
export const ALERTS_MAX = 400;
/** The state after one message. Returns the same object when the message changes nothing. */
export function reduceRace(state: RaceState, message: ServerMessage): RaceState {
  const op = message.op;
  switch (op.case) {
    case "hello":
      return reduceHello(state, op.value);
    case "snapshot":
    case "delta": {
      const { race, cars, laps, stints, stages, alerts } = op.value;
      const started =
        race === undefined || isSameRace(state.race, race) ? state : { ...EMPTY_RACE, hello: state.hello };
      return {
        ...started,
        race: race === undefined ? started.race : newestRace(started.race, race),
        cars: withCars(started.cars, cars),
        histories: withHistories(started.histories, laps, stints, stages),
        alerts: withFacts(started.alerts, alerts, isNewerAlert, ALERTS_MAX),
        notice: op.case === "snapshot" ? undefined : started.notice,
      };
    }
    case "error":
      return { ...state, notice: op.value.message };
    case "status":
      return { ...state, notice: op.value.message };
    default:
      return state;
  }
}

/** A restarted server goes on with the same race, unless its clock says that our view lies in its future. */
function reduceHello(state: RaceState, hello: Hello): RaceState {
  const isOther = state.race !== undefined && isOfOtherRun(hello, state.race.eventTimeMs);
  return isOther ? { ...EMPTY_RACE, hello } : { ...state, hello, notice: undefined };
}

function isSameRace(current: RaceView | undefined, incoming: RaceView): boolean {
  const before = current?.definition?.race;
  const after = incoming.definition?.race;
  return before === undefined || after === undefined || before === after;
}

function newestRace(current: RaceView | undefined, incoming: RaceView): RaceView {
  if (current === undefined) return incoming;
  const [newer, older] = incoming.eventTimeMs < current.eventTimeMs ? [current, incoming] : [incoming, current];
  return {
    ...newer,
    definition: newer.definition ?? older.definition,
    clock: incoming.clock ?? current.clock,
    // A gateway that has just started knows facts before it knows who leads.
    leaderLapNumber: Math.max(newer.leaderLapNumber, older.leaderLapNumber),
    stageNumber: Math.max(newer.stageNumber, older.stageNumber),
  };
}

function withCars(cars: ReadonlyMap<string, CarView>, incoming: readonly CarView[]): ReadonlyMap<string, CarView> {
  if (incoming.length === 0) return cars;
  const next = new Map(cars);
  for (const car of incoming) {
    if (next.size >= CARS_MAX && !next.has(car.car)) continue;
    next.set(car.car, newestCar(next.get(car.car), car));
  }
  return next;
}

function withHistories(
  histories: ReadonlyMap<string, CarHistory>,
  laps: readonly Fact[],
  stints: readonly Fact[],
  stages: readonly Fact[],
): ReadonlyMap<string, CarHistory> {
  if (laps.length + stints.length + stages.length === 0) return histories;
  const next = new Map(histories);
  for (const car of new Set([...laps, ...stints, ...stages].map((fact) => fact.car))) {
    const own = (fact: Fact) => fact.car === car;
    const history = next.get(car) ?? EMPTY_HISTORY;
    next.set(car, {
      laps: withFacts(history.laps, laps.filter(own), isNewerFact, FACTS_PER_CAR_MAX),
      stints: withFacts(history.stints, stints.filter(own), isNewerFact, FACTS_PER_CAR_MAX),
      stages: withFacts(history.stages, stages.filter(own), isNewerFact, FACTS_PER_CAR_MAX),
    });
  }
  return next;
}

function withFacts(
  facts: readonly Fact[],
  incoming: readonly Fact[],
  isNewer: (current: Fact, incoming: Fact) => boolean,
  cap: number,
): readonly Fact[] {
  if (incoming.length === 0) return facts;
  const byKey = new Map(facts.map((fact) => [factKey(fact), fact]));
  for (const fact of incoming) {
    const current = byKey.get(factKey(fact));
    if (current === undefined || isNewer(current, fact)) byKey.set(factKey(fact), fact);
  }
  return [...byKey.values()].sort((a, b) => startMsOf(a) - startMsOf(b)).slice(-cap);
}

function isNewerFact(current: Fact, incoming: Fact): boolean {
  return incoming.revision > current.revision;
}

/** The same situation may come back later in the race, so time goes before revision. */
function isNewerAlert(current: Fact, incoming: Fact): boolean {
  if (incoming.eventTimeMs !== current.eventTimeMs) return incoming.eventTimeMs > current.eventTimeMs;
  return incoming.revision > current.revision;
}

/** "<kind>:<car>:<key>" of "<kind>:<car>:<key>:<revision>"; an alert is known by the situation it speaks of. */
function factKey(fact: Fact): string {
  if (fact.body.case === "alert") return fact.body.value.key;
  return fact.id.slice(0, fact.id.lastIndexOf(":"));
}

function startMsOf(fact: Fact): number {
  switch (fact.body.case) {
    case "lap":
      return fact.body.value.startMs;
    case "stint":
    case "stage":
      return fact.body.value.totals?.startMs ?? fact.eventTimeMs;
    default:
      return fact.eventTimeMs;
  }
}
