import type { FastifyInstance } from "@burnline/runtime";
import { WARM_APPS } from "./race-resource.ts";
import type { RaceShelf } from "./race-shelf.ts";

/*
 * What KEDA's metrics-api scaler makes of the answers: it takes 200 as a value, and anything else as a failed trigger, on
 * which the autoscaler still scales out by the other triggers but never in.
 *
 * | answer | when | then |
 * |---|---|---|
 * | 200 {"replicas": N} | race day | at least N replicas, the other triggers may ask for more |
 * | 200 {"replicas": 0} | no Race has this id, or its day is over or has not begun | the other triggers decide |
 * | 404 | no app of this name is warmed up | a wrong ScaledObject shows as failing at once, instead of never warming up |
 * | 503 | we do not know yet (just started, no API server) | nothing is scaled in meanwhile |
 *
 * Every replica answers, the leader or not: the number is in the Race's status, which all of them watch. So a leader that
 * dies takes no answer with it, and an answer is never ahead of what a successor would know.
 */
export function serveWarm(app: FastifyInstance, shelf: RaceShelf): void {
  app.get<{ Params: { race: string; app: string } }>("/warm/:race/:app", async ({ params }, reply) => {
    const name = WARM_APPS.find((one) => one === params.app);
    if (name === undefined)
      return reply.code(404).send({ error: `No app ${params.app} is warmed up: ask for ${WARM_APPS.join(", ")}.` });
    if (!shelf.isSynced) return reply.code(503).send({ error: "The Races are not known yet." });
    return { replicas: shelf.warm(params.race)?.[name] ?? 0 };
  });
}
