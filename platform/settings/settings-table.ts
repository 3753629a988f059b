/**
 * Purpose: all settings in one table: name, schema, default, unit, description, and how its text is
 * parsed.
 * Invariants: plain JSON Schema, because a schema builder costs every command more than a second to
 * load.
 * Fails: never.
 */
import { CRON_FORMS, cronTimes } from '../jobs/cron.ts';
import type { About } from './about-setting.ts';
import { ALERT_SETTINGS } from './alert-settings.ts';

export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly store: string;
  readonly domain: string;
  /** null: the domain's own. */
  readonly source: string | null;
  /** null: none. */
  readonly sourceKey: string | null;
  /** null: none. */
  readonly exogenous: string | null;
  readonly engine: string;
  /** null: none. */
  readonly brokers: string | null;
  readonly work: string;
  readonly logLevel: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly backend: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly seed: number;
  /** null: the domain's own. */
  readonly quantiles: readonly number[] | null;
  /** null: never. */
  readonly featuresSchedule: string | null;
  readonly trainingSchedule: string | null;
  readonly monitoringSchedule: string | null;
  readonly refreshSeconds: number;
  /** As `2/8`; null: all series. */
  readonly shard: string | null;
  readonly rateLimit: number;
  /** A file of keys, or its content; null: open mode. */
  readonly apiKeys: string | null;
  /** Proxies before the service whose X-Forwarded-For is believed. */
  readonly proxies: number;
  /** null: none. */
  readonly urlPrefix: string | null;
  /** null: none. */
  readonly corsOrigins: readonly string[] | null;
  /** Where traces go; null: nowhere, unless OpenTelemetry's own variables say so. */
  readonly traces: string | null;
  readonly tracesPercent: number;
  /** null: the domain's own. */
  readonly staleAfter: number | null;
  readonly actuals: 'on' | 'off';
  readonly actualsMb: number;
  readonly actualsDays: number;
  /** 0 to 1. */
  readonly ledgerSample: number;
  readonly ledgerFlushSeconds: number;
  readonly worker: 'on' | 'off';
  readonly queue: number;
  /** null: as many as the limit of open files allows. */
  readonly connections: number | null;
  readonly memoryMb: number;
  readonly cacheMb: number;
  readonly storeSeconds: number;
  readonly drainSeconds: number;
  readonly stopSeconds: number;
  readonly jobMinutes: number;
  readonly jobJitterSeconds: number;
  readonly leaseMinutes: number;
  /** A file; null: the default policy. */
  readonly policy: string | null;
  /** null: none. */
  readonly alertWebhook: string | null;
  readonly alertWebhookFormat: 'slack' | 'cloudevents';
  /** null: none. */
  readonly alertSns: string | null;
  /** null: no mail. */
  readonly alertSmtp: string | null;
  readonly alertMailFrom: string | null;
  readonly alertMailTo: readonly string[] | null;
  /** null: none. */
  readonly alertQuietHours: string | null;
  /** null: two of the domain's days. */
  readonly alertSilence: number | null;
  /** The environment that metrics name; null: none are written. */
  readonly cloudwatch: string | null;
  /** A file or a URL; null: no events. */
  readonly openLineage: string | null;
}
export type SettingName = keyof Settings;

export const SETTINGS: Readonly<Record<SettingName, About>> = {
  port: {
    schema: { type: 'integer', minimum: 0, maximum: 65_535 },
    variable: 'PORT',
    default: 8080,
    allowed: 'a port from 0 to 65535; 0 picks a free one',
    description: 'Port of the HTTP service.',
  },
  host: {
    schema: { type: 'string', pattern: '^[A-Za-z0-9.:_-]+$' },
    variable: 'HOST',
    default: '127.0.0.1',
    allowed: 'an address or host name, e.g. 127.0.0.1, or 0.0.0.0 for every network card',
    description: 'Address the HTTP service listens on. Only this machine reaches the default.',
  },
  store: {
    schema: {
      type: 'string',
      pattern: '^(file:.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^@\\s?]*)?([?][^@\\s]*)?)$',
    },
    variable: 'HEADWAY_STORE',
    default: 'file:./.headway',
    allowed: 'file:FOLDER or s3://BUCKET/PREFIX (credentials come from the AWS environment)',
    description: 'Where features, models and forecasts are stored.',
  },
  domain: {
    schema: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,31}$' },
    variable: 'HEADWAY_DOMAIN',
    allowed: 'the name of a folder in domains/: lower case, digits and dashes',
    description: 'What to forecast.',
  },
  source: {
    schema: { type: ['string', 'null'], minLength: 1 },
    variable: 'HEADWAY_SOURCE',
    default: null,
    allowed: "a folder, or name:argument as the domain's README describes",
    description: "Source of the raw data. Unset: the domain's default.",
  },
  sourceKey: {
    schema: { type: ['string', 'null'], pattern: '^[!-~]{1,2000}$' },
    variable: 'HEADWAY_SOURCE_KEY',
    default: null,
    allowed: 'what the publisher of the data gave you, without spaces; or off',
    description: 'Key of the API that is the source, if it requires one. Unset: none.',
    none: 'none',
    off: 'off',
    isHidden: true,
  },
  exogenous: {
    schema: { type: ['string', 'null'], minLength: 1 },
    variable: 'HEADWAY_EXOGENOUS',
    default: null,
    allowed: "a file or folder as the domain's README describes",
    description: 'Source of exogenous columns, the inputs in addition to the demand. Unset: none.',
    none: 'none',
  },
  engine: {
    schema: { type: 'string', pattern: '^(duckdb|trino|trinos?://[^?#]+)$' },
    variable: 'HEADWAY_ENGINE',
    default: 'duckdb',
    allowed: 'duckdb, or trino://USER@HOST:PORT/CATALOG/SCHEMA (trinos:// for TLS)',
    description:
      'SQL engine that counts raw events: embedded, or a Trino cluster with a table per feed.',
  },
  brokers: {
    schema: { type: ['string', 'null'], pattern: '^kafkas?://\\S+$' },
    variable: 'HEADWAY_BROKERS',
    default: null,
    allowed:
      'kafka://HOST:PORT,HOST:PORT (kafkas:// for TLS, USER@ before the hosts; the password is ' +
      'in KAFKA_PASSWORD, its mechanism in KAFKA_SASL_MECHANISM)',
    description:
      'Brokers of the topics that `headway stream` reads and writes; `kafkas://` for TLS. The ' +
      'password of a user is in `KAFKA_PASSWORD`, the mechanism in `KAFKA_SASL_MECHANISM`.',
    none: 'none',
  },
  work: {
    schema: { type: 'string', minLength: 1 },
    variable: 'HEADWAY_WORK',
    default: './.headway/work',
    allowed: 'a writable folder',
    description: 'Raw downloads, locks and temporary files. Safe to delete while nothing runs.',
  },
  logLevel: {
    schema: { enum: ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] },
    variable: 'HEADWAY_LOG_LEVEL',
    default: 'info',
    allowed: 'silent, fatal, error, warn, info, debug or trace',
    description: 'Lowest level that is logged.',
  },
  backend: {
    schema: { enum: ['auto', 'native', 'wasm', 'cpu'] },
    variable: 'HEADWAY_BACKEND',
    default: 'auto',
    allowed: 'auto, native, wasm or cpu',
    description: 'TensorFlow.js backend; auto uses the fastest that passes its self-test.',
  },
  seed: {
    schema: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
    variable: 'HEADWAY_SEED',
    default: 7,
    allowed: 'a whole number from 0 to 4294967295',
    description: 'Seed of all random numbers: the same seed gives the same run.',
  },
  quantiles: {
    schema: {
      type: ['array', 'null'],
      minItems: 1,
      maxItems: 15,
      items: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    },
    variable: 'HEADWAY_QUANTILES',
    default: null,
    allowed:
      'at most 15 numbers between 0 and 1, ascending, 0.5 among them, e.g. 0.05,0.25,0.5,0.75,0.95',
    description: "Quantiles that a new model forecasts. Unset: the domain's own.",
    // A word that is not a number is left as it is, for the schema to refuse.
    read: (text) =>
      text.split(',').map((part) => (/^\s*\d*\.?\d+\s*$/.test(part) ? Number(part) : part)),
    isSound: areQuantiles,
  },
  featuresSchedule: {
    schema: { type: ['string', 'null'] },
    variable: 'HEADWAY_FEATURES_SCHEDULE',
    default: '5 * * * *',
    unit: 'cron, UTC',
    allowed: `${CRON_FORMS}, or off`,
    description: 'When features are updated.',
    none: 'off',
    off: 'off',
    isSound: (value) => cronTimes(String(value)) !== null,
  },
  trainingSchedule: {
    schema: { type: ['string', 'null'] },
    variable: 'HEADWAY_TRAINING_SCHEDULE',
    default: '30 3 * * *',
    unit: 'cron, UTC',
    allowed: `${CRON_FORMS}, or off`,
    description: 'When a new model is trained and, if better, promoted.',
    none: 'off',
    off: 'off',
    isSound: (value) => cronTimes(String(value)) !== null,
  },
  monitoringSchedule: {
    schema: { type: ['string', 'null'] },
    variable: 'HEADWAY_MONITORING_SCHEDULE',
    default: '20 * * * *',
    unit: 'cron, UTC',
    allowed: `${CRON_FORMS}, or off`,
    description: 'When forecasts are scored, drift is judged and the policy decides.',
    none: 'off',
    off: 'off',
    isSound: (value) => cronTimes(String(value)) !== null,
  },
  refreshSeconds: {
    schema: { type: 'integer', minimum: 1, maximum: 86_400 },
    variable: 'HEADWAY_REFRESH_SECONDS',
    default: 15,
    unit: 'seconds',
    allowed: 'a whole number from 1 to 86400',
    description: 'How often the HTTP service checks for a new model or snapshot.',
  },
  shard: {
    schema: { type: ['string', 'null'], pattern: '^[1-9]\\d{0,5}/[1-9]\\d{0,5}$' },
    variable: 'HEADWAY_SHARD',
    default: null,
    allowed: 'i/n, with i from 1 to n: 2/8 is the second of eight',
    description:
      'Part of the series that the HTTP service loads and serves, where several services share ' +
      'a store of very many series. Unset: all.',
    none: 'all',
    isSound: isShard,
  },
  rateLimit: {
    schema: { type: 'integer', minimum: 0, maximum: 10_000_000 },
    variable: 'HEADWAY_RATE_LIMIT',
    default: 600,
    unit: 'requests per minute and client',
    allowed: 'a whole number from 0 to 10000000; 0 means no limit',
    description:
      'Requests allowed per API key, or per address without a key; a key may have its own limit.',
  },
  apiKeys: {
    schema: { type: ['string', 'null'], minLength: 1 },
    variable: 'HEADWAY_API_KEYS',
    default: null,
    allowed: 'a file that `headway keys` wrote, the content of one, store, or off',
    description:
      'API keys of the clients; the file is reloaded when it changes. `store`: those that ' +
      '`headway keys publish` wrote to the store. Unset: no keys (open mode).',
    none: 'open mode',
    off: 'off',
    isSecret: true,
  },
  proxies: {
    schema: { type: 'integer', minimum: 0, maximum: 8 },
    variable: 'HEADWAY_PROXIES',
    default: 0,
    allowed: 'a whole number from 0 to 8',
    description:
      'Proxies in front of the HTTP service that each add the client address to X-Forwarded-For.',
  },
  urlPrefix: {
    schema: { type: ['string', 'null'], maxLength: 200, pattern: '^(/[A-Za-z0-9._~-]+)+$' },
    variable: 'HEADWAY_URL_PREFIX',
    default: null,
    allowed: 'a path that begins with a slash and ends without one, e.g. /headway',
    description: 'Path under which a reverse proxy shows the HTTP service. Unset: at the root.',
    none: 'none',
  },
  corsOrigins: {
    schema: {
      type: ['array', 'null'],
      maxItems: 50,
      items: { type: 'string', pattern: '^https?://[a-z0-9.-]+(:[0-9]{1,5})?$' },
    },
    variable: 'HEADWAY_CORS',
    default: null,
    allowed:
      'origins separated by commas, e.g. https://a.example,http://localhost:3000; no path, no "*"',
    description: 'Origins whose pages may call the API from a browser. Unset: none.',
    none: 'none',
    read: (text) => text.split(',').map((part) => part.trim().toLowerCase()),
  },
  traces: {
    schema: { type: ['string', 'null'], pattern: '^https?://[^\\s@]+$' },
    variable: 'HEADWAY_TRACES',
    default: null,
    allowed: 'the URL of an OpenTelemetry collector for OTLP over HTTP, e.g. http://127.0.0.1:4318',
    description:
      'Where the HTTP service sends traces. Unset: to OTEL_EXPORTER_OTLP_ENDPOINT, if that is set.',
    none: 'off',
  },
  tracesPercent: {
    schema: { type: 'integer', minimum: 0, maximum: 100 },
    variable: 'HEADWAY_TRACES_PERCENT',
    default: 100,
    unit: 'percent',
    allowed: 'a whole number from 0 to 100',
    description: 'Share of requests that are traced, unless the caller decides (traceparent).',
  },
  openLineage: {
    schema: { type: ['string', 'null'], minLength: 1 },
    variable: 'HEADWAY_OPENLINEAGE',
    default: null,
    allowed: 'a file, or the URL of an OpenLineage receiver',
    description: 'Where features, training and forecasts send OpenLineage events. Unset: nowhere.',
    none: 'none',
  },
  staleAfter: {
    schema: { type: ['integer', 'null'], minimum: 0, maximum: 1_000_000 },
    variable: 'HEADWAY_STALE_AFTER',
    default: null,
    unit: 'intervals',
    allowed: 'a whole number from 0 to 1000000; 0 means never',
    description:
      "Age of the last observation from which forecasts are stale. Unset: the domain's own.",
  },
  actuals: {
    schema: { enum: ['on', 'off'] },
    variable: 'HEADWAY_ACTUALS',
    default: 'off',
    allowed: 'on or off',
    description:
      'Whether the HTTP service stores actuals that clients post. It then writes to the store.',
  },
  actualsMb: {
    schema: { type: 'integer', minimum: 1, maximum: 1_048_576 },
    variable: 'HEADWAY_ACTUALS_MB',
    default: 1024,
    unit: 'MB',
    allowed: 'a whole number from 1 to 1048576',
    description: 'Posted actuals that the store may hold per domain; further posts are refused.',
  },
  actualsDays: {
    schema: { type: 'integer', minimum: 1, maximum: 36_500 },
    variable: 'HEADWAY_ACTUALS_DAYS',
    default: 730,
    unit: 'days',
    allowed: 'a whole number from 1 to 36500',
    description:
      'How long posted actuals are kept: `headway store gc --delete` removes older ones, and ' +
      'intervals older than this are refused.',
  },
  ledgerSample: {
    schema: { type: 'number', minimum: 0, maximum: 1 },
    variable: 'HEADWAY_LEDGER_SAMPLE',
    default: 1,
    allowed: 'a number from 0 to 1; 0: the HTTP service writes none',
    description:
      'Share of the series whose forecasts the HTTP service writes to the ledger when it serves ' +
      'them: each once per model and snapshot.',
    read: (text) => (/^\d*\.?\d+$/.test(text) ? Number(text) : text),
  },
  ledgerFlushSeconds: {
    schema: { type: 'integer', minimum: 1, maximum: 3600 },
    variable: 'HEADWAY_LEDGER_FLUSH_SECONDS',
    default: 60,
    unit: 'seconds',
    allowed: 'a whole number from 1 to 3600',
    description:
      'How often the HTTP service writes to the ledger what it served. A crash loses at most ' +
      'this much.',
  },
  worker: {
    schema: { enum: ['on', 'off'] },
    variable: 'HEADWAY_WORKER',
    default: 'on',
    allowed: 'on or off',
    description:
      'Whether the HTTP service computes forecasts in a child process. Off: less memory, slower.',
  },
  queue: {
    schema: { type: 'integer', minimum: 1, maximum: 100_000 },
    variable: 'HEADWAY_QUEUE',
    default: 512,
    allowed: 'a whole number from 1 to 100000',
    unit: 'forecasts',
    description:
      'Forecasts of ad-hoc histories that may wait for the worker; further ones get 503.',
  },
  connections: {
    schema: { type: ['integer', 'null'], minimum: 1, maximum: 1_000_000 },
    variable: 'HEADWAY_CONNECTIONS',
    default: null,
    unit: 'connections',
    allowed: 'a whole number from 1 to 1000000',
    description:
      'Connections of the HTTP service; further ones are closed. Unset: from `ulimit -n`.',
    none: 'by the limit of open files',
  },
  memoryMb: {
    schema: { type: 'integer', minimum: 64, maximum: 1_048_576 },
    variable: 'HEADWAY_MEMORY_MB',
    default: 512,
    unit: 'MB',
    allowed: 'a whole number from 64 to 1048576',
    description: 'Memory that DuckDB may use before it writes to disk.',
  },
  cacheMb: {
    schema: { type: 'integer', minimum: 0, maximum: 16_777_216 },
    variable: 'HEADWAY_CACHE_MB',
    default: 2048,
    unit: 'MB',
    allowed: 'a whole number from 0 to 16777216; 0 disables the cache',
    description: 'Local cache for objects of a store on S3, in cache/ of HEADWAY_WORK.',
  },
  storeSeconds: {
    schema: { type: 'integer', minimum: 1, maximum: 3600 },
    variable: 'HEADWAY_STORE_SECONDS',
    default: 60,
    unit: 'seconds',
    allowed: 'a whole number from 1 to 3600',
    description: 'Time limit of one request to a store on S3, with its retries.',
  },
  drainSeconds: {
    schema: { type: 'integer', minimum: 0, maximum: 600 },
    variable: 'HEADWAY_DRAIN_SECONDS',
    default: 5,
    unit: 'seconds',
    allowed: 'a whole number from 0 to 600',
    description:
      'When the HTTP service stops, how long it still serves open connections and closes each ' +
      'after its response. Without open connections it does not wait.',
  },
  stopSeconds: {
    schema: { type: 'integer', minimum: 1, maximum: 3600 },
    variable: 'HEADWAY_STOP_SECONDS',
    default: 20,
    unit: 'seconds',
    allowed: 'a whole number from 1 to 3600',
    description: 'Time limit of stopping, with the drain; then the process ends in any case.',
  },
  jobMinutes: {
    schema: { type: 'integer', minimum: 1, maximum: 10_080 },
    variable: 'HEADWAY_JOB_MINUTES',
    default: 360,
    unit: 'minutes',
    allowed: 'a whole number from 1 to 10080',
    description: 'Time limit of one scheduled run; a run that takes longer is stopped.',
  },
  jobJitterSeconds: {
    schema: { type: 'integer', minimum: 0, maximum: 3600 },
    variable: 'HEADWAY_JOB_JITTER_SECONDS',
    default: 0,
    unit: 'seconds',
    allowed: 'a whole number from 0 to 3600',
    description:
      'Scheduled runs start later by a random time up to this, so that many schedulers do not ' +
      'use the store at once.',
  },
  leaseMinutes: {
    schema: { type: 'integer', minimum: 1, maximum: 1440 },
    variable: 'HEADWAY_LEASE_MINUTES',
    default: 10,
    unit: 'minutes',
    allowed: 'a whole number from 1 to 1440',
    description:
      'How long a scheduled run is protected from another scheduler after its last sign of life ' +
      '(it sends three in this time).',
  },
  policy: {
    schema: { type: ['string', 'null'], minLength: 1 },
    variable: 'HEADWAY_POLICY',
    default: null,
    allowed: 'a file of YAML or JSON (docs/monitoring.md lists the fields)',
    description: 'Policy by which models are retrained, promoted and rolled back. Unset: defaults.',
    none: 'defaults',
  },
  ...ALERT_SETTINGS,
};

function isShard(value: unknown): boolean {
  const [index, count] = String(value).split('/').map(Number) as [number, number];
  return index <= count;
}

function areQuantiles(value: unknown): boolean {
  const quantiles = value as readonly number[];
  return (
    quantiles.includes(0.5) &&
    quantiles.every((quantile, i) => i === 0 || quantile > (quantiles[i - 1] as number))
  );
}
