/**
 * Purpose: what a command works with: settings, domain, store, clock, log and progress, opened
 * lazily.
 * Invariants: flags override the environment, which overrides the defaults; opening a context
 * reads no disk.
 * Fails: SETTINGS_INVALID, DOMAIN_UNKNOWN.
 */
import { join } from 'node:path';
import type { Domain, ExogenousSource, Source } from '../domains/domain.ts';
import { domains, findDomain } from '../domains/index.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { HeadwayError } from '../platform/errors.ts';
import type { Progress } from '../platform/progress.ts';
import {
  readSettings,
  type SettingName,
  type SettingOverrides,
  type Settings,
} from '../platform/settings/settings.ts';
import { createLogger, type Logger } from '../platform/telemetry/logger.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { printable } from '../platform/text/printable.ts';
import type { ObjectStore } from '../storage/objects/object-store.ts';
import { type Stores, storesOf } from './stores.ts';

/** Flags that set the setting of the same name. */
const SETTING_FLAGS = [
  'store',
  'domain',
  'work',
  'source',
  'exogenous',
  'engine',
  'brokers',
  'logLevel',
  'port',
  'host',
  'seed',
  'backend',
  'quantiles',
  'cacheMb',
  'apiKeys',
] as const satisfies readonly SettingName[];

export type CommonFlags = { readonly [Flag in (typeof SETTING_FLAGS)[number]]?: string } & {
  readonly json?: boolean;
};

export interface CommandContext extends Stores {
  readonly settings: Settings;
  /** For libraries with their own variables: AWS, OpenTelemetry. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** With the quantiles of the settings, if set. */
  readonly domain: Domain;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly wantsJson: boolean;
  /** Variables that give a child process the same settings. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  store(): Promise<ObjectStore>;
  /** Opens the source of the settings, or the domain's default. */
  source(): Promise<Source>;
  /** Opens the source of exogenous columns; null where the settings name none. */
  exogenous(): Promise<ExogenousSource | null>;
  /** Text for people, on standard output; nothing with --json. */
  print(text: string): void;
  /** The result for programs; only with --json. */
  printJson(value: unknown): void;
}

async function openStoreOf(
  settings: Settings,
  environment: Record<string, string | undefined>,
  clock: Clock,
  logger: Logger,
): Promise<ObjectStore> {
  const cache = { folder: join(settings.work, 'cache'), maxBytes: settings.cacheMb * 1e6 };
  const totalMs = settings.storeSeconds * 1000;
  const onSlow = (reason: { readonly name: string }) =>
    logger.warn(
      { store: settings.store, reason: reason.name },
      'the store does not reply; trying again',
    );
  const { openStore } = await import('../storage/open-store.ts');
  return openStore(settings.store, {
    ...{ clock, environment, cache, requestTimeoutMs: totalMs },
    // A third, so that a connection that hangs leaves time for two more tries.
    idleTimeoutMs: Math.min(20_000, Math.ceil(totalMs / 3)),
    retries: { totalMs, onSlow },
    onWarning: (message) => logger.warn(message),
  });
}

/** @param defaults that differ from the settings table */
export function openContext(
  flags: CommonFlags,
  env: Record<string, string | undefined>,
  defaults: Partial<Settings> = {},
): CommandContext {
  const given = Object.fromEntries(SETTING_FLAGS.map((flag) => [flag, flags[flag]]));
  const overrides: SettingOverrides = { ...given, store: flags.store && asStoreUrl(flags.store) };
  const settings = readSettings(env, overrides, {
    domain: (domains[0] as Domain).name,
    ...defaults,
  });
  const found = findDomain(settings.domain);
  const domain = settings.quantiles === null ? found : { ...found, quantiles: settings.quantiles };
  const clock = systemClock;
  const wantsJson = flags.json === true;
  const logger = createLogger({ level: settings.logLevel, pretty: process.stderr.isTTY === true });
  const progress = terminalProgress({ clock });
  let opened: Promise<ObjectStore> | null = null;
  const openOnce = () => {
    opened ??= openStoreOf(settings, env, clock, logger);
    return opened;
  };
  const sourceContext = {
    rawFolder: join(settings.work, 'raw', domain.name),
    key: settings.sourceKey,
    clock,
    logger,
    progress,
  };
  const stores = storesOf({ open: openOnce, domain: domain.name, clock, settings });
  return {
    settings,
    environment: env,
    domain,
    clock,
    logger,
    progress,
    wantsJson,
    childEnvironment: childEnvironmentOf(settings),
    store: openOnce,
    ...stores,
    async source() {
      const spec = settings.source ?? domain.defaultSource;
      if (spec === null) {
        throw new HeadwayError(
          'SOURCE_NOT_FOUND',
          `the domain ${domain.name} has no default source`,
          {
            where: domain.name,
            fix: 'Set --source; the README of the domain lists the kinds of source.',
          },
        );
      }
      if (!spec.startsWith('stream:')) return domain.openSource(spec, sourceContext);
      const { openStreamSource, parseStreamSpec } = await import(
        '../services/feature/sources/stream-source.ts'
      );
      const stream = parseStreamSpec(spec);
      return openStreamSource({ spec: stream, domain, log: await stores.stream(stream.topic) });
    },
    async exogenous() {
      const spec = settings.exogenous ?? exogenousOf(domain, settings);
      if (spec === null) return null;
      if (domain.openExogenous) return domain.openExogenous(spec, sourceContext);
      throw new HeadwayError(
        'SETTINGS_INVALID',
        `the domain ${domain.name} has no exogenous columns`,
        {
          where: 'HEADWAY_EXOGENOUS',
          fix: 'Omit --exogenous, or define columns and openExogenous in the domain.',
        },
      );
    },
    print(text) {
      if (!wantsJson) process.stdout.write(`${printable(text)}\n`);
    },
    printJson(value) {
      if (wantsJson) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
  };
}

/** The exogenous source that goes with a source of the domain's own. */
function exogenousOf(domain: Domain, { source }: Settings): string | null {
  const { defaultSource, quickSource, defaultExogenous = null } = domain;
  return source === null || source === defaultSource || source === quickSource
    ? defaultExogenous
    : null;
}

const childEnvironmentOf = (settings: Settings): Record<string, string> => ({
  HEADWAY_STORE: settings.store,
  HEADWAY_DOMAIN: settings.domain,
  HEADWAY_WORK: settings.work,
  HEADWAY_LOG_LEVEL: settings.logLevel,
  HEADWAY_SEED: String(settings.seed),
  HEADWAY_BACKEND: settings.backend,
  HEADWAY_ENGINE: settings.engine,
  HEADWAY_MEMORY_MB: String(settings.memoryMb),
  HEADWAY_CACHE_MB: String(settings.cacheMb),
  HEADWAY_STORE_SECONDS: String(settings.storeSeconds),
  ...(settings.source === null ? {} : { HEADWAY_SOURCE: settings.source }),
  ...(settings.openLineage === null ? {} : { HEADWAY_OPENLINEAGE: settings.openLineage }),
  ...(settings.brokers === null ? {} : { HEADWAY_BROKERS: settings.brokers }),
  ...(settings.quantiles === null ? {} : { HEADWAY_QUANTILES: settings.quantiles.join(',') }),
  ...(settings.exogenous === null ? {} : { HEADWAY_EXOGENOUS: settings.exogenous }),
});

/** A bare path is a folder. */
const asStoreUrl = (text: string): string => (/^[a-z0-9]+:/.test(text) ? text : `file:${text}`);
