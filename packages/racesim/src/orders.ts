import type { CarState } from "./car-state.ts";
import type { Orders } from "./driver.ts";
import type { PitRoad } from "./pit-road.ts";
import type { RaceControl } from "./race-control.ts";
import { followingSpeedMps } from "./traffic.ts";

/** What a driver has to reckon with. */
export interface RaceScene {
  readonly control: RaceControl;
  readonly pitRoad: PitRoad;
  readonly paceMps: number;
  readonly lengthM: number;
}

type MutableOrders = { -readonly [K in keyof Orders]: Orders[K] };

const FLAT_OUT: Orders = {
  speedMaxMps: Number.POSITIVE_INFINITY,
  decelerationMaxMps2: 12,
  accelerationMaxMps2: Number.POSITIVE_INFINITY,
  responseS: 0.3,
  racing: true,
  liftM: 0,
  cornerShare: 1,
  pedalMax: 1,
};
/** What a driver who saves as much as he can gives away: an early lift, rolling through corners, a half-open throttle [X]. */
const SAVING_LIFT_LAP_SHARE = 0.035;
const SAVING_CORNER_LOSS = 0.009;
const SAVING_PEDAL_LOSS = 0.5;
/** Gap and reaction of a car in the tow, of one that means to pass, and behind the pace car. */
const TOW_GAP_M = 8;
const RACING_GAP_M = 4;
const RACING_GAP_S = 0.1;
const RACING_REACTION_S = 0.8;
const PACE_GAP_M = 3;
const PACE_GAP_S = 0.35;
const PACE_REACTION_S = 2.5;
/** Who has lost contact may close up this much faster than the pace car. */
const CATCH_UP_FACTOR = 1.35;
const SPIN_MPS = 2;
/** Engine off behind the pace car: who, how often (per 25 ms) and for how long. */
const SWITCH_OFF_SAVING_LEVEL = 0.6;
const SWITCH_OFF_PROBABILITY = 0.006;
const SWITCH_OFF_PAUSE_MS = 6_000;

/** What this driver is to do now, from the flags, the traffic, his fuel plan and pit road. */
export function ordersFor(car: CarState, scene: RaceScene, nowMs: number): Orders {
  const orders: MutableOrders = { ...FLAT_OUT };
  if (car.phase === "spinning") recoverFromSpin(car, orders, nowMs);
  else if (scene.control.flag === "red") stopUnderRed(car, orders, nowMs);
  else if (scene.control.underCaution || car.phase === "finished") followPaceCar(car, scene, orders, nowMs);
  else race(car, scene, orders, nowMs);
  orders.speedMaxMps = scene.pitRoad.limitOrders(car, orders);
  if (car.isOnPitRoad) {
    orders.racing = false;
    orders.accelerationMaxMps2 = 4;
  }
  return orders;
}

function race(car: CarState, scene: RaceScene, orders: MutableOrders, nowMs: number): void {
  if (car.isInTraffic && nowMs >= car.passingUntilMs) {
    const gapM = car.savesByDrafting ? TOW_GAP_M : RACING_GAP_M + RACING_GAP_S * car.speedMps;
    orders.speedMaxMps = followingSpeedMps(car, gapM, RACING_REACTION_S);
  }
  if (car.savingLevel === 0) return;
  orders.liftM = car.savingLevel * SAVING_LIFT_LAP_SHARE * scene.lengthM;
  orders.cornerShare = 1 - SAVING_CORNER_LOSS * car.savingLevel;
  orders.pedalMax = 1 - SAVING_PEDAL_LOSS * car.savingLevel;
}

/** The leader runs at pace speed; everybody else closes up to the car ahead, the lapped ones by going round. */
function followPaceCar(car: CarState, scene: RaceScene, orders: MutableOrders, nowMs: number): void {
  const isLeader = car === scene.control.paceLeader;
  orders.speedMaxMps = isLeader ? scene.paceMps : scene.paceMps * CATCH_UP_FACTOR;
  if (!isLeader && car.isInTraffic) {
    const followMps = followingSpeedMps(car, PACE_GAP_M + PACE_GAP_S * car.speedMps, PACE_REACTION_S);
    orders.speedMaxMps = Math.min(orders.speedMaxMps, followMps);
  }
  orders.decelerationMaxMps2 = 3.5;
  orders.accelerationMaxMps2 = 1.2;
  orders.responseS = 1;
  orders.racing = false;
  maybeSwitchOff(car, scene.paceMps, nowMs);
}

/** The field stands in line with engines off. */
function stopUnderRed(car: CarState, orders: MutableOrders, nowMs: number): void {
  orders.speedMaxMps = 0;
  orders.decelerationMaxMps2 = 2.5;
  orders.responseS = 1;
  orders.racing = false;
  if (car.speedMps < 0.3) car.engineOffUntilMs = nowMs + 200;
}

/** A car that has spun comes in for tyres. */
function recoverFromSpin(car: CarState, orders: MutableOrders, nowMs: number): void {
  orders.speedMaxMps = SPIN_MPS;
  if (nowMs < car.spinUntilMs) return;
  car.phase = "racing";
  car.pitIntended = true;
}

/** Some savers roll with a dead engine behind the pace car. */
function maybeSwitchOff(car: CarState, paceMps: number, nowMs: number): void {
  const isSaver = car.savingLevel >= SWITCH_OFF_SAVING_LEVEL && car.phase === "racing";
  if (!isSaver || nowMs < car.engineOffUntilMs + SWITCH_OFF_PAUSE_MS) return;
  if (car.speedMps < paceMps * 0.95 || car.speedMps > paceMps * 1.15) return;
  if (car.prng.chance(SWITCH_OFF_PROBABILITY)) car.engineOffUntilMs = nowMs + car.prng.uniform(2_000, 4_000);
}
