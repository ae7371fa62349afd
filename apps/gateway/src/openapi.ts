import { CarViewSchema, type create, FactSchema, RaceViewSchema } from "@burnline/contract";
import { LAPS_PER_PAGE_DEFAULT, LAPS_PER_PAGE_MAX } from "./limits.ts";
import type { RestError } from "./rest.ts";
import { VIEWER_ANSWERS } from "./viewer-check.ts";

type RestErrorCode = RestError["code"];
type Descriptor = Parameters<typeof create>[0];
type JsonSchema = Record<string, unknown>;

// https://protobuf.dev/programming-guides/json: 32-bit whole numbers and doubles are numbers, bytes base64 text.
const SCALAR_BOOL = 8;
const SCALAR_STRING = 9;
const SCALAR_BYTES = 12;
const SCALARS_WHOLE: ReadonlySet<number> = new Set([5, 7, 13, 15, 17]);

const MESSAGES = [RaceViewSchema, CarViewSchema, FactSchema] as const;

/** The REST interface in OpenAPI 3.1. The paths are written by hand; the schemas come from the wire contract itself. */
export function openApiDocument(serverVersion: string): JsonSchema {
  return {
    openapi: "3.1.0",
    info: {
      title: "Burnline",
      version: serverVersion,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "Live fuel numbers of a race, read-only. Messages are in the JSON mapping of protobuf: camelCase names, enums as " +
        "words, zeros written out. An absent number is not known; the reason field beside it says why. Live values are " +
        "better read from the WebSocket feed at /api/v1/feed (subprotocols burnline.v1.json and burnline.v1.proto).",
    },
    paths: paths(),
    components: {
      schemas: { ...messageSchemas(), Error: errorSchema },
      securitySchemes: { viewer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
    // Or nothing: whether a gateway asks is its own setting.
    security: [{}, { viewer: [] }],
  };
}

function paths(): JsonSchema {
  const car = {
    name: "car",
    in: "path",
    required: true,
    description: "The car's id, usually its number.",
    schema: { type: "string" },
  };
  const from = {
    name: "from",
    in: "query",
    description: "First lap number.",
    schema: { type: "integer", minimum: 0, default: 0 },
  };
  const limit = {
    name: "limit",
    in: "query",
    description: "Laps per answer.",
    schema: { type: "integer", minimum: 1, maximum: LAPS_PER_PAGE_MAX, default: LAPS_PER_PAGE_DEFAULT },
  };
  const cars = { type: "object", required: ["cars"], properties: { cars: listOf("CarView") } };
  const laps = {
    type: "object",
    required: ["car", "laps"],
    properties: {
      car: { type: "string" },
      laps: listOf("Fact"),
      nextFrom: { type: "integer", description: "There are more laps: ask again with this as from." },
    },
  };
  return {
    "/api/v1/race": get("The race: definition, flag, leader's lap, cars.", ref("RaceView"), {}),
    "/api/v1/cars": get("All cars, in running order.", cars, {}),
    "/api/v1/cars/{car}": get("One car.", ref("CarView"), { parameters: [car], ...notFound }),
    "/api/v1/cars/{car}/laps": get("A car's laps, oldest first, at their highest revision.", laps, {
      parameters: [car, from, limit],
      ...notFound,
      "304": { description: "Nothing changed since the ETag in If-None-Match." },
      "400": failure("A query that makes no sense."),
    }),
    "/api/v1/openapi.json": get("This document.", { type: "object" }, {}),
  };
}

type Extras = { readonly parameters?: readonly JsonSchema[]; readonly [status: string]: unknown };

function get(summary: string, schema: JsonSchema, extras: Extras): JsonSchema {
  const { parameters, ...responses } = extras;
  return {
    get: {
      summary,
      ...(parameters === undefined ? {} : { parameters }),
      responses: {
        "200": { description: summary, content: { "application/json": { schema } } },
        ...responses,
        "401": failure("This gateway asks for a viewer's token, and the request has none that is valid."),
        "429": failure("More requests from this address than are answered; Retry-After says how long to wait."),
        "503": failure("The view is being rebuilt from the fact log."),
      },
    },
  };
}

function failure(description: string): JsonSchema {
  return { description, content: { "application/json": { schema: ref("Error") } } };
}

const notFound = { "404": failure("No such car.") };

const errorSchema = {
  type: "object",
  required: ["code", "message"],
  properties: {
    code: {
      type: "string",
      enum: [
        ...(["unknown-car", "bad-query", "rebuilding", "not-found", "too-many-requests"] satisfies RestErrorCode[]),
        ...Object.keys(VIEWER_ANSWERS),
      ],
    },
    message: { type: "string", description: "One sentence that says what to do." },
  },
};

/** A schema per message that can be reached from those that the interface returns. */
function messageSchemas(): JsonSchema {
  const schemas: JsonSchema = {};
  const pending: Descriptor[] = [...MESSAGES];
  for (let message = pending.pop(); message !== undefined; message = pending.pop()) {
    if (schemas[message.name] !== undefined) continue;
    const properties: JsonSchema = {};
    for (const field of message.fields) {
      properties[field.jsonName] = fieldSchema(field);
      if (field.message !== undefined) pending.push(field.message);
    }
    schemas[message.name] = { type: "object", properties };
  }
  return schemas;
}

function fieldSchema(field: Descriptor["fields"][number]): JsonSchema {
  const one = valueSchema(field);
  return field.fieldKind === "list" ? { type: "array", items: one } : one;
}

function valueSchema(field: Descriptor["fields"][number]): JsonSchema {
  if (field.message !== undefined) return ref(field.message.name);
  if (field.enum !== undefined) return { type: "string", enum: field.enum.values.map((value) => value.name) };
  switch (field.scalar) {
    case SCALAR_BOOL:
      return { type: "boolean" };
    case SCALAR_STRING:
      return { type: "string" };
    case SCALAR_BYTES:
      return { type: "string", contentEncoding: "base64" };
    default:
      return { type: SCALARS_WHOLE.has(field.scalar) ? "integer" : "number" };
  }
}

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(name: string): JsonSchema {
  return { type: "array", items: ref(name) };
}
