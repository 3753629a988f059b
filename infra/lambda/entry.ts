/**
 * Purpose: what AWS Lambda starts, as cli/headway.ts is what a person starts: settings from the
 * environment, the store, the service. `npm run bundle:lambda` makes build/lambda/index.mjs of it,
 * whose `handler` serves HTTP API and Function URL events.
 * Invariants: logs go to standard output, which Lambda keeps; files are written under the temporary
 * folder alone.
 * Fails: SETTINGS_INVALID or DOMAIN_UNKNOWN stop the start, and Lambda reports them; where no
 * tensor backend works a baseline forecasts, with a label; a store that cannot be reached does not
 * stop it either: until it can, invocations get 503.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { domains, findDomain } from '../../domains/index.ts';
import { restoreNetwork } from '../../forecasting/models/network/forecaster.ts';
import { systemClock } from '../../platform/clock.ts';
import { readSettings } from '../../platform/settings/settings.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { openApiKeys } from '../../services/inference/access/open-keys.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import { parseShard } from '../../services/inference/shards/shard.ts';
import { openKeyLog } from '../../storage/access/key-log.ts';
import { openDecisionLog } from '../../storage/decisions/decision-log.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { openActualsLog } from '../../storage/forecasts/actuals-log.ts';
import { openRecentRuns } from '../../storage/jobs/recent-runs.ts';
import { openLedger } from '../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../storage/models/model-registry.ts';
import { openOverviews } from '../../storage/monitoring/overviews.ts';
import { openSeriesRecords } from '../../storage/monitoring/series-records.ts';
import { openStore } from '../../storage/open-store.ts';
import { createLambdaHandler, type InvocationStore } from './handler.ts';

// As in cli/headway.ts: the SDK is pinned.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/**
 * What is other than on a machine of one's own: only /tmp can be written, and an instance serves
 * one request at a time.
 */
const settings = readSettings(
  process.env,
  {},
  {
    domain: domains[0]?.name ?? '',
    work: join(tmpdir(), 'headway'),
    backend: 'wasm',
    cacheMb: 256,
    refreshSeconds: 60,
    rateLimit: 0,
  },
);
/** An invocation has seconds, and the next one tries again. */
const retries = { tries: 4, maxDelayMs: 400 };

const domain = findDomain(settings.domain);
const clock = systemClock;
const invocation: InvocationStore = new AsyncLocalStorage();
/** By it the alarms of a rollout count the failures of one version (infra/aws). */
const { AWS_LAMBDA_FUNCTION_VERSION: functionVersion } = process.env;
const version = functionVersion === undefined ? {} : { functionVersion };
const logger = createLogger({
  level: settings.logLevel,
  pretty: false,
  to: 'stdout',
  context: () => ({ ...invocation.getStore(), ...version }),
});
if (settings.traces !== null) logger.warn('HEADWAY_TRACES does nothing on Lambda');
const cache = { folder: join(settings.work, 'cache'), maxBytes: settings.cacheMb * 1e6 };
const store = openStore(settings.store, {
  clock,
  environment: process.env,
  cache,
  retries,
  requestTimeoutMs: 5_000,
});
const ledger = openLedger({ store, domain: domain.name, clock });
let backend: ReturnType<typeof startTensorBackend> | null = null;
/** A start that finds its forecasts issued needs none: not before something else is asked. */
const startBackend = () => {
  backend ??= startTensorBackend(logger, settings.backend, 'prediction');
  return backend;
};

export const handler = await createLambdaHandler({
  domain,
  ...(settings.shard === null ? {} : { shard: parseShard(settings.shard) }),
  features: openFeatureStore({ store, domain: domain.name, clock }),
  registry: openModelRegistry({ store, domain: domain.name, clock }),
  restoreForecaster: restoreNetwork,
  issued: {
    async latest(since, until) {
      const entries = await ledger.latest(since, until);
      // It starts while the rest of the store is read; whoever needs it gets the error.
      if (entries.length === 0) startBackend().catch(() => undefined);
      return entries;
    },
  },
  startBackend,
  actuals:
    settings.actuals === 'on'
      ? openActualsLog({ store, domain: domain.name, maxBytes: settings.actualsMb * 1e6 })
      : null,
  decisions: openDecisionLog({ store, domain: domain.name }),
  monitoring: {
    overviews: openOverviews({ store, domain: domain.name }),
    records: openSeriesRecords({ store, domain: domain.name }),
    jobs: openRecentRuns({ store, domain: domain.name, clock }),
  },
  apiKeys:
    settings.apiKeys === null
      ? null
      : await openApiKeys(settings.apiKeys, {
          clock,
          logger,
          keyLog: openKeyLog({ store, domain: domain.name }),
        }),
  clock,
  logger,
  invocation,
  settings: {
    ...defaultInferenceSettings,
    rateLimitPerMinute: settings.rateLimit,
    trustProxy: settings.proxies,
    staleAfterIntervals: settings.staleAfter,
    actualsDays: settings.actualsDays,
    urlPrefix: settings.urlPrefix ?? '',
    corsOrigins: settings.corsOrigins ?? [],
    maxEventLoopDelayMs: 0,
    // An invocation responds as a whole: a page asks again instead.
    eventStreamMs: 0,
  },
  refreshIntervalMs: settings.refreshSeconds * 1000,
  dashboard: new URL('./web/', import.meta.url),
  hasDocsPage: false,
  hasProcessMetrics: false,
});
