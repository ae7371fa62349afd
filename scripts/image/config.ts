/** The only reader of the environment of `npm run image`. Builders take theirs (BUILDAH_ISOLATION, DOCKER_HOST) themselves. */
export function commandPath(): string {
  return process.env.PATH ?? "";
}
