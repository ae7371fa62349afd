import { reportSchema, type SourceConfig } from "../config.ts";

/** The defaults of a source, with overrides. */
export function sourceConfig(overrides: Partial<SourceConfig>): SourceConfig {
  return { ...reportSchema.parse({}), ...overrides };
}
