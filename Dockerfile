# The image of one app. `npm run image` gives all arguments: base images with their digests from images.json, labels.
ARG BUILD_IMAGE
ARG RUNTIME_IMAGE
ARG APP

# What this app needs of the repository, without tests and without the other apps.
FROM ${BUILD_IMAGE} AS source
ARG APP
WORKDIR /source
COPY . .
RUN node scripts/image/collect-main.ts "$APP"

# Its packages, as the lock file says. Only a change of a package.json or of the lock comes here again.
FROM ${BUILD_IMAGE} AS packages
WORKDIR /app
COPY --from=source /source/dist/image/packages ./
RUN --mount=type=cache,target=/cache/npm npm ci --cache /cache/npm --omit=dev --ignore-scripts --no-audit --no-fund \
  && node prune-packages.ts && rm prune-packages.ts package-lock.json

# The pages that the gateway serves; nothing for the other apps.
FROM ${BUILD_IMAGE} AS pages
ARG APP
WORKDIR /app
COPY --from=source /source/dist/image/pages ./
RUN --mount=type=cache,target=/cache/npm mkdir -p out/apps && if [ "$APP" = gateway ]; then \
  npm ci --cache /cache/npm --omit=dev --ignore-scripts --no-audit --no-fund && node scripts/build-web.ts --force \
  && cp -r --parents apps/dashboard/dist apps/graphics/dist out/; fi

FROM ${RUNTIME_IMAGE} AS app
ARG APP
WORKDIR /app
# Files stay root's: what runs cannot change them, also where the root file system is not read-only.
COPY --from=packages /app ./
COPY --from=pages /app/out ./
COPY --from=source /source/dist/image/files ./
# The model's runtime would report to its maker; whoever runs a broadcast has not agreed to that.
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1 \
  NODE_OPTIONS="--enable-source-maps --disable-warning=ExperimentalWarning"
USER 65532:65532
# Last, since they change with every commit.
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
ARG SBOM=none
LABEL org.opencontainers.image.title="burnline ${APP}" \
  org.opencontainers.image.description="Live fuel intelligence for races: ${APP}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.licenses="Apache-2.0" \
  dev.burnline.sbom="${SBOM}"

# The entry point of the base image is node. Whether an app lives and is ready is for probes to ask.
FROM app AS run-ingest
CMD ["apps/ingest/src/main.ts"]
FROM app AS run-processor
CMD ["apps/processor/src/main.ts"]
FROM app AS run-inference
CMD ["apps/inference/src/main.ts"]
FROM app AS run-gateway
CMD ["apps/gateway/src/main.ts"]
FROM app AS run-operator
CMD ["apps/operator/src/main.ts"]

FROM run-${APP}
