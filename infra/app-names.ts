/** The apps of a race, as their images, users and workloads are called. */
export const APPS = ["ingest", "processor", "inference", "gateway", "operator"] as const;
export type App = (typeof APPS)[number];

/** Those that are scaled; the operator has a second that waits. */
export const SCALED_APPS = ["ingest", "processor", "inference", "gateway"] as const;
export type ScaledApp = (typeof SCALED_APPS)[number];

/** One value for each app. */
export type PerApp<T> = Readonly<Record<App, T>>;

export function perApp<T>(of: (app: App) => T): PerApp<T> {
  return {
    ingest: of("ingest"),
    processor: of("processor"),
    inference: of("inference"),
    gateway: of("gateway"),
    operator: of("operator"),
  };
}
