/**
 * Purpose: what the stacks know of the application, by name and not by import: its settings, and
 * where its bundle lies.
 * Invariants: settings are those of docs/reference.md; tests/unit/infra/aws/configuration.test.ts
 * starts the application's own parser on them.
 * Fails: never.
 */
import { join } from 'node:path';
import type { Configuration, ContainerSize, Stream } from './configuration.ts';
import { storeName } from './store-access.ts';

/** `npm run bundle:lambda` makes it. */
export const LAMBDA_BUNDLE = join(import.meta.dirname, '..', '..', 'build', 'lambda');
export const LAMBDA_HANDLER = 'index.handler';

/** The memory and the disk of a container. */
export const machineOf = ({ memoryMb, storageGb }: ContainerSize) => ({
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

interface Machine {
  readonly memoryMb: number;
  readonly diskMb: number;
}

const machineEnvironment = ({ memoryMb, diskMb }: Machine): Record<string, string> => ({
  HEADWAY_MEMORY_MB: String(Math.floor(memoryMb / 2)),
  HEADWAY_CACHE_MB: String(Math.floor(diskMb / 2)),
});

/**
 * @param memoryMb of the machine: DuckDB gets half of it before it spills to disk
 * @param diskMb where its work folder is: copies of the store's objects get a half; raw files and
 * what DuckDB spills need the other
 */
export function jobEnvironment(
  configuration: Configuration,
  machine: Machine,
): Record<string, string> {
  const { source, exogenous } = configuration;
  return {
    ...commonEnvironment(configuration),
    ...(source === null ? {} : { HEADWAY_SOURCE: source }),
    ...(exogenous === null ? {} : { HEADWAY_EXOGENOUS: exogenous }),
    ...machineEnvironment(machine),
  };
}

/** The password is none of it: it comes from Secrets Manager. */
export function landerEnvironment(
  configuration: Configuration,
  { brokers, signIn, compute }: Stream,
): Record<string, string> {
  return {
    ...commonEnvironment(configuration),
    ...machineEnvironment(machineOf(compute)),
    HEADWAY_BROKERS: brokers,
    ...(signIn === null ? {} : { KAFKA_SASL_MECHANISM: signIn.mechanism }),
    // What is being landed is landed before it stops, within the time that ECS gives it.
    HEADWAY_STOP_SECONDS: '110',
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
