import { type NatsConnectionConfig, natsOptions } from "./cluster-config.ts";
import type { Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { connectNats, type NatsLink } from "./nats-link.ts";

/** What a service of the cluster form has before anything else. */
export interface OnNats {
  readonly metrics: Metrics;
  readonly link: NatsLink;
}

/**
 * Connects a service to NATS and has it put together there. What cannot be put together leaves no connection behind.
 * @param service as in the names of its metrics: "ingest"
 * @throws OperatingError that names the setting to look at, and what `assemble` throws
 */
export async function openOnNats<Opened>(
  service: string,
  config: NatsConnectionConfig & { readonly name: string },
  logger: Logger,
  assemble: (onNats: OnNats) => Promise<Opened>,
): Promise<Opened> {
  const metrics = new Metrics([service], { withProcess: true });
  const connecting = { name: `burnline-${service}-${config.name}`, logger };
  const link = await connectNats(natsOptions(config, connecting, { registry: metrics, service }));
  try {
    return await assemble({ metrics, link });
  } catch (error) {
    await link.close();
    throw error;
  }
}
