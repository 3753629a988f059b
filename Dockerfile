# Purpose: one image for every service: features, training, inference and the command line.
# Invariants: runs as the user node, writes only below /data (and /tmp, where the loader keeps what it has compiled), so the
# root may be read-only; node is process 1 and gets the signals itself; no compiler, no development packages.
# Fails: at build time when package-lock.json and package.json disagree.

FROM node:22-bookworm-slim AS packages
WORKDIR /app
# The lock file points at stubs/ (docs/decisions/0002), so they must be there before npm runs.
COPY package.json package-lock.json ./
COPY stubs ./stubs
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
 && find node_modules/@aws-sdk node_modules/@smithy -maxdepth 2 -type d \( -name dist-es -o -name dist-types \) -exec rm -rf {} +

FROM node:22-bookworm-slim
# The address inside the container; which addresses of the host reach it is decided by the port mapping.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 HEADWAY_STORE=file:/data/store HEADWAY_WORK=/data/work
WORKDIR /app
RUN install -d -o node -g node /data
COPY --from=packages /app/node_modules ./node_modules
# .dockerignore names what may come in.
COPY . .
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--import", "tsx", "headway.ts"]
CMD ["serve"]
