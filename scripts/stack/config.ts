/**
 * The only reader of the environment of `npm run preview` and `npm run drift`. Pulumi takes its login, the clouds theirs,
 * from what is there; what is added makes it write an event per line, for its one document has no policies in it.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true", PULUMI_SKIP_UPDATE_CHECK: "true" };
}
