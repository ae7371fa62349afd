import { CARS_MAX, CarViewSchema, type Fact, FactSchema, isCarId, RaceViewSchema, toJson } from "@burnline/contract";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { CarRecord } from "./car-record.ts";
import { JSON_MAPPING } from "./feed-frame.ts";
import {
  LAPS_PER_PAGE_DEFAULT,
  LAPS_PER_PAGE_MAX,
  REST_ADDRESSES_MAX,
  REST_REQUESTS_MAX,
  REST_WINDOW_MS,
} from "./limits.ts";
import { openApiDocument } from "./openapi.ts";
import type { RaceView } from "./race-view.ts";
import { VIEWER_ANSWERS, type ViewerCheck, type ViewerFault } from "./viewer-check.ts";

interface RestContext {
  readonly view: RaceView;
  readonly serverInstance: string;
  readonly serverVersion: string;
  /** False while the view is still being rebuilt from the fact log. */
  readonly isWhole: () => boolean;
  readonly viewers: ViewerCheck;
  readonly viewerRefused: (fault: ViewerFault) => void;
  /** Somebody asks more often than is good for the others. */
  readonly requestLimited: () => void;
}

/** What went wrong, for people in `message` and for programs in `code`. */
export interface RestError {
  readonly code: "unknown-car" | "bad-query" | "rebuilding" | "not-found" | "too-many-requests" | ViewerFault;
  readonly message: string;
}

const lapsQuery = z.object({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(LAPS_PER_PAGE_MAX).default(LAPS_PER_PAGE_DEFAULT),
});

/** The race, the cars and their laps, read-only, in the proto JSON mapping. */
export function registerRest(app: FastifyInstance, context: RestContext): void {
  app.get("/api/v1/openapi.json", (_request, reply) =>
    reply.header("Cache-Control", "no-cache").send(openApiDocument(context.serverVersion)),
  );
  // In a scope of their own, so that what is asked of a reader is asked of nobody else.
  void app.register(async (scope) => {
    await limitRequests(scope, context);
    scope.addHook("onRequest", (request, reply) => admitReader(request, reply, context));
    addDataRoutes(scope, context);
  });
}

/** Before tokens are looked at, so that nobody tries many. */
async function limitRequests(scope: FastifyInstance, { requestLimited }: RestContext): Promise<void> {
  await scope.register(rateLimit, {
    max: REST_REQUESTS_MAX,
    timeWindow: REST_WINDOW_MS,
    cache: REST_ADDRESSES_MAX,
    onExceeded: requestLimited,
    errorResponseBuilder: () => new TooManyRequests(),
  });
  scope.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof TooManyRequests)) throw error;
    return fail(reply, error.statusCode, { code: error.code, message: error.message });
  });
}

class TooManyRequests extends Error implements RestError {
  readonly code = "too-many-requests";
  readonly statusCode = 429;

  constructor() {
    super(
      `At most ${REST_REQUESTS_MAX} requests in ${REST_WINDOW_MS / 1_000} s: live values come by the feed, /api/v1/feed.`,
    );
  }
}

async function admitReader(request: FastifyRequest, reply: FastifyReply, context: RestContext): Promise<unknown> {
  const fault = await context.viewers.faultOf(request.headers);
  if (fault !== undefined) {
    context.viewerRefused(fault);
    const challenge = fault === "missing-token" ? "Bearer" : 'Bearer error="invalid_token"';
    return fail(reply.header("WWW-Authenticate", challenge), 401, { code: fault, message: VIEWER_ANSWERS[fault] });
  }
  if (context.isWhole()) return undefined;
  const message = "The view of the race is being rebuilt from the fact log: try again in a few seconds.";
  return fail(reply.header("Retry-After", "2"), 503, { code: "rebuilding", message });
}

function addDataRoutes(app: FastifyInstance, { view, serverInstance }: RestContext): void {
  app.get("/api/v1/race", (_request, reply) => fresh(reply).send(toJson(RaceViewSchema, view.raceView, JSON_MAPPING)));

  app.get("/api/v1/cars", (_request, reply) => {
    const cars = view.cars().map((car) => toJson(CarViewSchema, car, JSON_MAPPING));
    return fresh(reply).send({ cars });
  });

  app.get<{ Params: { car: string } }>("/api/v1/cars/:car", (request, reply) => {
    const record = view.car(request.params.car);
    if (record === undefined) return unknownCar(reply, request.params.car);
    return fresh(reply).send(toJson(CarViewSchema, record.view, JSON_MAPPING));
  });

  app.get<{ Params: { car: string } }>("/api/v1/cars/:car/laps", (request, reply) => {
    const record = view.car(request.params.car);
    if (record === undefined) return unknownCar(reply, request.params.car);
    const query = lapsQuery.safeParse(request.query);
    if (!query.success) {
      const message = `"from" is a lap number (0 or more) and "limit" a number from 1 to ${LAPS_PER_PAGE_MAX}.`;
      return fail(reply, 400, { code: "bad-query", message });
    }
    // One edition of the laps of one process; the query is part of the address and so of the cache's key.
    const tag = `"${serverInstance}-${record.laps.edition}"`;
    reply.header("ETag", tag).header("Cache-Control", "no-cache");
    if (request.headers["if-none-match"] === tag) return reply.code(304).send();
    return reply.send(lapsPage(record, query.data.from, query.data.limit));
  });
}

/** `nextFrom` is there when there are more laps: ask again with it as `from`. */
function lapsPage(record: CarRecord, from: number, limit: number) {
  const laps = record.laps.all().filter((fact) => lapNumber(fact) >= from);
  const next = laps[limit];
  return {
    car: record.car,
    laps: laps.slice(0, limit).map((fact) => toJson(FactSchema, fact, JSON_MAPPING)),
    ...(next === undefined ? {} : { nextFrom: lapNumber(next) }),
  };
}

function lapNumber(fact: Fact): number {
  return fact.body.case === "lap" ? fact.body.value.lapNumber : 0;
}

function unknownCar(reply: FastifyReply, car: string): FastifyReply {
  const message = isCarId(car)
    ? `There is no car ${car} in this race: GET /api/v1/cars lists the cars (at most ${CARS_MAX}).`
    : "A car's id has letters, digits, - and _ only: GET /api/v1/cars lists the cars.";
  return fail(reply, 404, { code: "unknown-car", message });
}

/** Live values are old the moment they are read. */
function fresh(reply: FastifyReply): FastifyReply {
  return reply.header("Cache-Control", "no-store");
}

export function fail(reply: FastifyReply, status: number, error: RestError): FastifyReply {
  return reply.code(status).header("Cache-Control", "no-store").send(error);
}
