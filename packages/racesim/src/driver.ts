import type { CarState } from "./car-state.ts";
import { IDLE_RPM } from "./car-state.ts";
import type { SpeedProfile } from "./speed-profile.ts";
import type { TrackCalibration } from "./track.ts";

/** What holds for all cars at the moment. */
export interface RoadConditions {
  readonly profile: SpeedProfile;
  readonly calibration: TrackCalibration;
  readonly airDensityKgPerM3: number;
  readonly draftShare: number;
  readonly windMps: number;
  readonly windCos: number;
  readonly windSin: number;
}

/** What a driver is asked to do in this instant. */
export interface Orders {
  /** Never faster than this, apart from what the road asks for. */
  readonly speedMaxMps: number;
  /** Gentle orders are followed by lifting before braking. */
  readonly decelerationMaxMps2: number;
  readonly racing: boolean;
  /** How soon a difference from the wanted speed is corrected: short when racing, long when rolling behind the pace car. */
  readonly responseS: number;
  readonly accelerationMaxMps2: number;
  /** Distance before the braking point at which a saving driver lifts. */
  readonly liftM: number;
  /** Share of the possible speed that he uses in corners. */
  readonly cornerShare: number;
  /** A saving driver does not open the throttle further. */
  readonly pedalMax: number;
}

/** Car and one driver; source: fuel.md 1.1 [M]. */
const MASS_WITHOUT_FUEL_KG = 1545;
const ROLLING_RESISTANCE = 0.016;
const DRIVELINE_EFFICIENCY = 0.92;
const GRAVITY_MPS2 = 9.81;
/** Ratios against top gear, 1st to 5th: a five-speed sequential box [I]. */
const GEAR_RATIOS = [2.9, 2.1, 1.62, 1.28, 1] as const;
const SHIFT_UP_RPM = 9000;
const RPM_LIMIT = 9500;
const RACING_RPM_MIN = 5200;
const CRUISING_RPM_MIN = 2300;
/** The clutch slips below. */
const ROLLING_RPM_MIN = 1900;
/** Where the driver looks when he corrects his speed, in seconds of way; also how fast he corrects. */
const PREVIEW_S = 0.3;
/** A foot goes down in 0.3 s and comes up in 0.12 s [I]. */
const PEDAL_DOWN_PER_S = 3.3;
const PEDAL_UP_PER_S = 8;
/** Below this speed the clutch slips: power turns into force as if at this speed. */
const LAUNCH_MPS = 4;
/** The engine control cuts fuel on a closed pedal above this speed [I]. */
const CUT_PEDAL_MAX = 0.02;
const CUT_RPM_MIN = 3000;
const CUT_RPM_MIN_UNDER_CAUTION = 4500;
const BRAKE_FULL_MPS2 = 9;

/** Moves the car by one step: foot, gear, engine, forces, way. Burn is left in `burnKgPerS`; the caller books it. */
export function driveCar(car: CarState, road: RoadConditions, orders: Orders, nowMs: number, stepS: number): void {
  const { profile } = road;
  const bin = binAt(profile, car.positionM);
  const massKg = MASS_WITHOUT_FUEL_KG + car.levelUg / 1e9;
  const speed = car.speedMps;
  const resistanceN = resistance(car, road, bin, massKg);

  const wantedMps2 = wantedAcceleration(car, road, orders, bin);
  chooseGear(car, road, orders.racing);
  const engineOff = nowMs < car.engineOffUntilMs;
  const wheelW = (massKg * wantedMps2 + resistanceN) * Math.max(speed, LAUNCH_MPS);
  const wantedPedal = engineOff
    ? 0
    : Math.min(orders.pedalMax, wantedThrottle(car, wheelW / DRIVELINE_EFFICIENCY, wantedMps2));
  const change = wantedPedal - car.throttle;
  car.throttle += Math.max(-PEDAL_UP_PER_S * stepS, Math.min(PEDAL_DOWN_PER_S * stepS, change));

  const flywheelW = engineOff ? runDead(car) : runEngine(car, orders.racing);
  const driveW = flywheelW > 0 ? flywheelW * DRIVELINE_EFFICIENCY : flywheelW / DRIVELINE_EFFICIENCY;
  const coastMps2 = (driveW / Math.max(speed, LAUNCH_MPS) - resistanceN) / massKg;
  const brakeMps2 = car.throttle < 0.05 ? Math.max(0, coastMps2 - wantedMps2 - 0.3) : 0;
  car.brake = Math.min(1, brakeMps2 / BRAKE_FULL_MPS2);
  car.accelMps2 = coastMps2 - Math.min(brakeMps2, BRAKE_FULL_MPS2);
  const next = Math.max(0, speed + car.accelMps2 * stepS);
  car.positionM += ((speed + next) / 2) * stepS;
  car.speedMps = next;
}

/** A standing car with its engine idling. */
export function idleCar(car: CarState): void {
  car.speedMps = 0;
  car.brake = 1;
  car.gear = 0;
  car.throttle = car.idlePedal;
  car.rpm = IDLE_RPM;
  car.engine.operate(car.rpm, car.throttle);
  car.burnKgPerS = car.engine.fuelKgPerS;
}

/** No drive: the car rolls out with a dead engine. */
export function rollCar(car: CarState, road: RoadConditions, stepS: number): void {
  const massKg = MASS_WITHOUT_FUEL_KG + car.levelUg / 1e9;
  const resistanceN = resistance(car, road, binAt(road.profile, car.positionM), massKg);
  car.throttle = 0;
  car.rpm = 0;
  car.gear = 0;
  car.burnKgPerS = 0;
  car.brake = car.speedMps < 25 ? 0.3 : 0;
  const next = Math.max(0, car.speedMps - (resistanceN / massKg + car.brake * BRAKE_FULL_MPS2) * stepS);
  car.positionM += ((car.speedMps + next) / 2) * stepS;
  car.speedMps = next;
}

function binAt(profile: SpeedProfile, positionM: number): number {
  const bin = Math.floor(positionM * profile.binsPerM);
  return ((bin % profile.binCount) + profile.binCount) % profile.binCount;
}

function resistance(car: CarState, road: RoadConditions, bin: number, massKg: number): number {
  const { profile, calibration } = road;
  const speed = car.speedMps;
  const heading = (profile.headingCos[bin] ?? 0) * road.windCos + (profile.headingSin[bin] ?? 0) * road.windSin;
  const airSpeed = speed + road.windMps * heading;
  const lateralMps2 = speed * speed * (profile.curvaturePerM[bin] ?? 0);
  const dragAreaM2 = calibration.dragAreaM2 * (1 - towShare(car, road));
  return (
    0.5 * road.airDensityKgPerM3 * dragAreaM2 * airSpeed * Math.abs(airSpeed) +
    massKg * (ROLLING_RESISTANCE * GRAVITY_MPS2 + calibration.scrub * lateralMps2 * lateralMps2)
  );
}

/** Share of the drag that the car ahead takes away: a wake that fades with the square of the distance [I]. */
function towShare(car: CarState, road: RoadConditions): number {
  if (car.gapM > 200) return 0;
  const lengths = 1 + Math.max(0, car.gapM) / 20;
  return road.draftShare / (lengths * lengths);
}

function wantedAcceleration(car: CarState, road: RoadConditions, orders: Orders, bin: number): number {
  const { profile, calibration } = road;
  const speed = car.speedMps;
  const pace = orders.racing
    ? orders.cornerShare * car.style.cornerPace * (1 + car.wander - 0.02 * towShare(car, road))
    : 1;
  const previewM = speed * PREVIEW_S;
  const limit = pace * (profile.limitMps[binAt(profile, car.positionM + previewM)] ?? 0);
  const wantedByRoad = (limit - speed) / PREVIEW_S;
  const wantedByOrders = (orders.speedMaxMps - speed) / orders.responseS;
  let wanted = Math.max(
    -orders.decelerationMaxMps2,
    Math.min(wantedByRoad, wantedByOrders, orders.accelerationMaxMps2),
  );
  const lateral = speed * speed * (profile.curvaturePerM[bin] ?? 0);
  const used = Math.min(1, lateral / ((profile.lateralGripMps2[bin] ?? 1) * pace * pace));
  const traction = calibration.tractionMps2 * Math.sqrt(1 - used * used);
  if (wanted > traction) wanted = traction;
  if (orders.liftM > 0 && wanted > -1) {
    const later = pace * (profile.limitMps[binAt(profile, car.positionM + previewM + orders.liftM)] ?? 0);
    if (later < speed) wanted = Math.min(wanted, -1);
  }
  return wanted;
}

/** A driver feels his engine: he finds the pedal for the power he wants, and lifts fully when he wants to slow down. */
function wantedThrottle(car: CarState, powerW: number, wantedMps2: number): number {
  if (car.rpm > RPM_LIMIT) return 0;
  if (wantedMps2 <= -1) return 0;
  const pedal = car.engine.pedalFor(car.rpm, powerW);
  return pedal < 0.95 ? Math.max(0, pedal * (1 + car.foot)) : pedal;
}

function chooseGear(car: CarState, road: RoadConditions, racing: boolean): void {
  const topRpm = (car.speedMps * 9000) / road.calibration.topGearMpsAt9000Rpm;
  const rpmMin = racing ? RACING_RPM_MIN : CRUISING_RPM_MIN;
  if (car.gear < 1) car.gear = 1;
  while (car.gear < 5 && topRpm * gearRatio(car.gear) > (racing ? SHIFT_UP_RPM : 1.5 * rpmMin)) car.gear++;
  while (
    car.gear > 1 &&
    topRpm * gearRatio(car.gear) < rpmMin &&
    topRpm * gearRatio(car.gear - 1) < 0.97 * SHIFT_UP_RPM
  ) {
    car.gear--;
  }
  car.rpm = Math.max(ROLLING_RPM_MIN, topRpm * gearRatio(car.gear));
}

function gearRatio(gear: number): number {
  return GEAR_RATIOS[gear - 1] ?? 1;
}

/** Power at the flywheel; sets the burn. */
function runEngine(car: CarState, racing: boolean): number {
  const { engine } = car;
  engine.operate(car.rpm, car.throttle);
  const isOverrun = car.throttle < CUT_PEDAL_MAX && car.rpm > (racing ? CUT_RPM_MIN : CUT_RPM_MIN_UNDER_CAUTION);
  let cut = isOverrun ? car.truth.overrunCutShare : 0;
  if (car.isStarved) cut = 1;
  car.burnKgPerS = engine.fuelKgPerS * (1 - cut);
  return engine.brakePowerW * (1 - cut) + engine.motoringPowerW * cut;
}

/** Switched off and in neutral: no burn, no drag from the engine. */
function runDead(car: CarState): number {
  car.rpm = 0;
  car.gear = 0;
  car.burnKgPerS = 0;
  return 0;
}
