# Purpose: an image for each service, by target: `features`, `training`, `monitoring`, `inference`; and `demo`, the default, which goes the end-to-end run.
#   docker build --target inference --tag headway-inference .
# Each holds the same code and the packages that its work loads: what a service never loads is named where its packages are made, and
# tests/integration/delivery/image-packages.test.ts runs the services without it.
# Invariants: runs as user 1000 (a number, so that Kubernetes can see that it is not root), writes only below /data (and /tmp, where the loader
# keeps what it has compiled), so the root may be read-only; node is process 1 and gets the signals itself; no npm, no compiler, no development
# packages.
# Fails: at build time when package-lock.json and package.json disagree.

# By version, not by digest: no registry could be asked where this was written. docs/containers.md has the command that prints the digest.
ARG NODE_IMAGE=node:22.23.3-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
# The lock file points at infra/npm-stubs/ (docs/decisions/0002), so they must be there before npm runs.
COPY package.json package-lock.json ./
COPY infra/npm-stubs ./infra/npm-stubs
# No package needs its install script here. The native TensorFlow.js would: it is removed with everything only it needs
# (docs/decisions/0003). --omit=optional would also take the binaries of DuckDB and esbuild, which are optional by platform.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && npm pkg delete optionalDependencies \
 && npm prune --omit=dev --ignore-scripts --offline --no-audit --no-fund --loglevel=error
# What Node never reads: typings, source maps, documents, tests, and bundles for browsers.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -iname '*.md' \
      -o -name '*.flow' -o -name '*.tsbuildinfo' \) -delete \
 && find node_modules -depth -type d \( -name __tests__ -o -name '.github' \) -exec rm -rf {} + \
 && rm -rf node_modules/@types node_modules/@webgpu node_modules/date-holidays/dist node_modules/axios/dist/browser \
      node_modules/axios/dist/esm node_modules/lodash/fp node_modules/moment/src node_modules/moment/min \
      node_modules/mathjs/docs node_modules/mathjs/examples node_modules/mathjs/types node_modules/mathjs/lib/browser \
      node_modules/mathjs/lib/esm \
 && find node_modules/@tensorflow -type f \( -name '*.min.js' -o -name '*.fesm.js' -o -name '*_test.js' -o -name '*.es2017.js' \
      -o -name '*.es2017.min.js' \) -delete \
 && find node_modules/@tensorflow -maxdepth 2 -type d -name src -exec rm -rf {} + \
 && find node_modules/@aws-sdk node_modules/@smithy -maxdepth 2 -type d \( -name dist-es -o -name dist-types \) -exec rm -rf {} + \
 # The same packages are the same layer, whenever they are installed.
 && find node_modules -exec touch --no-dereference --date=@0 {} +

# Without the data frames of the quality report (and the overrides that are about them), what downloads raw data, and what sends alerts.
FROM packages AS training-packages
RUN npm pkg delete overrides dependencies.danfojs-node dependencies.xlsx dependencies.request dependencies.@tensorflow/tfjs-node \
      dependencies.axios dependencies.axios-retry dependencies.nodemailer dependencies.@platformatic/kafka dependencies.avsc dependencies.protobufjs dependencies.@aws-sdk/client-sns dependencies.yaml \
 && npm prune --omit=dev --ignore-scripts --offline --no-audit --no-fund --loglevel=error \
 && find node_modules -exec touch --no-dereference --date=@0 {} +

# Forecasts come from the online view, so no SQL engine.
FROM training-packages AS inference-packages
RUN npm pkg delete dependencies.@duckdb/node-api \
 && npm prune --omit=dev --ignore-scripts --offline --no-audit --no-fund --loglevel=error \
 && find node_modules -exec touch --no-dereference --date=@0 {} +

FROM ${NODE_IMAGE} AS headway
# What they are, for whoever finds one: docker build --build-arg VERSION=… --build-arg REVISION=$(git rev-parse HEAD) --build-arg SOURCE=…
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Headway" \
      org.opencontainers.image.description="Time-series demand forecasting, end to end" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# The address inside the container; which addresses of the host reach it is decided by the port mapping.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 HEADWAY_STORE=file:/data/store HEADWAY_WORK=/data/work
WORKDIR /app
# Nothing is installed in an image that runs.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* \
 && install -d -o 1000 -g 1000 /data
USER 1000:1000
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--import", "tsx", "cli/headway.ts"]

# In each: the packages first, so that a change of source pushes and pulls the source alone; then what .dockerignore lets in, with modes that
# are the same whatever the umask of who builds.
# None of these three listens: a run that fails is in the log and in the status with which it ends, so they have no health check.
FROM headway AS features
COPY --from=packages /app/node_modules ./node_modules
COPY --chmod=755 . .
CMD ["schedule", "--only", "features"]

FROM headway AS training
COPY --from=training-packages /app/node_modules ./node_modules
COPY --chmod=755 . .
CMD ["schedule", "--only", "training"]

# Alerts need what downloads and sends; a training that the policy asks for runs here too.
FROM headway AS monitoring
COPY --from=packages /app/node_modules ./node_modules
COPY --chmod=755 . .
CMD ["schedule", "--only", "monitoring"]

FROM headway AS inference
COPY --from=inference-packages /app/node_modules ./node_modules
COPY --chmod=755 . .
EXPOSE 8080
# Live, not ready: until the first snapshot is there it is healthy and has nothing to say.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["serve"]

# Every command; on its own the end-to-end run from an empty /data to a service that responds.
FROM headway AS demo
COPY --from=packages /app/node_modules ./node_modules
COPY --chmod=755 . .
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=300s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["start"]
