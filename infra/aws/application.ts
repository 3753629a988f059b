/**
 * Purpose: what the stacks know of the application, by name and not by import: its settings, and
 * where its bundle lies.
 * Invariants: settings are those of docs/reference.md; tests/unit/infra/aws/configuration.test.ts
 * starts the application's own parser on them.
 * Fails: never.
 */
import { join } from 'node:path';
import type { Configuration, FargateSize } from './configuration.ts';
import { storeName } from './store-access.ts';

/** `npm run bundle:lambda` makes it. */
export const LAMBDA_BUNDLE = join(import.meta.dirname, '..', '..', 'build', 'lambda');
export const LAMBDA_HANDLER = 'index.handler';

/** The memory and the disk of a container. */
export const machineOf = ({ memoryMb, storageGb }: FargateSize) => ({
  memoryMb,
  diskMb: storageGb * 1024,
});

/** What a command needs to know wherever it runs. */
function commonEnvironment(configuration: Configuration): Record<string, string> {
  const { domain } = configuration;
  return {
    HEADWAY_STORE: `s3://${storeName(configuration)}`,
    ...(domain === null ? {} : { HEADWAY_DOMAIN: domain }),
  };
}

/**
 * @param memoryMb of the machine: DuckDB gets half of it before it spills to disk
 * @param diskMb where its work folder is: copies of the store's objects get a half; raw files and
 * what DuckDB spills need the other
 */
export function jobEnvironment(
  configuration: Configuration,
  { memoryMb, diskMb }: { readonly memoryMb: number; readonly diskMb: number },
): Record<string, string> {
  const { source, exogenous } = configuration;
  return {
    ...commonEnvironment(configuration),
    ...(source === null ? {} : { HEADWAY_SOURCE: source }),
    ...(exogenous === null ? {} : { HEADWAY_EXOGENOUS: exogenous }),
    HEADWAY_MEMORY_MB: String(Math.floor(memoryMb / 2)),
    HEADWAY_CACHE_MB: String(Math.floor(diskMb / 2)),
  };
}

export function serviceEnvironment(configuration: Configuration): Record<string, string> {
  const { actuals, apiKeys } = configuration.inference;
  return {
    ...commonEnvironment(configuration),
    // AWS's front adds the caller to X-Forwarded-For, and CloudFront adds itself.
    HEADWAY_PROXIES: configuration.inference.firewallRequestsPerFiveMinutes === null ? '1' : '2',
    // In the store, where they change without a deployment (docs/decisions/0047).
    ...(apiKeys ? { HEADWAY_API_KEYS: 'store' } : {}),
    HEADWAY_ACTUALS: actuals ? 'on' : 'off',
    NODE_ENV: 'production',
  };
}
