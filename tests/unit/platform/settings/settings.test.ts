/**
 * Purpose: settings come from flags, environment and defaults in that order, and nothing wrong or
 * misspelt gets through.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isHeadwayError } from '../../../../platform/errors.ts';
import {
  describeSettings,
  readSettings,
  type SettingOverrides,
  type Settings,
} from '../../../../platform/settings/settings.ts';

const defaults = { domain: 'demand' };
const read = (env: Record<string, string | undefined> = {}, flags: SettingOverrides = {}) =>
  readSettings(env, flags, defaults);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHeadwayError(error, 'SETTINGS_INVALID'))
      return `${error.where} | ${error.message} | ${error.fix}`;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('readSettings', () => {
  test('returns the documented defaults, frozen', () => {
    const settings = read();
    expect(settings).toEqual({
      port: 8080,
      host: '127.0.0.1',
      store: 'file:./.headway',
      brokers: null,
      domain: 'demand',
      source: null,
      sourceKey: null,
      exogenous: null,
      work: './.headway/work',
      logLevel: 'info',
      backend: 'auto',
      seed: 7,
      quantiles: null,
      featuresSchedule: '5 * * * *',
      trainingSchedule: '30 3 * * *',
      actuals: 'off',
      actualsMb: 1024,
      actualsDays: 730,
      ledgerSample: 1,
      ledgerFlushSeconds: 60,
      worker: 'on',
      queue: 512,
      staleAfter: null,
      refreshSeconds: 15,
      shard: null,
      rateLimit: 600,
      memoryMb: 512,
      cacheMb: 2048,
      engine: 'duckdb',
      apiKeys: null,
      proxies: 0,
      urlPrefix: null,
      corsOrigins: null,
      connections: null,
      traces: null,
      tracesPercent: 100,
      storeSeconds: 60,
      drainSeconds: 5,
      stopSeconds: 20,
      jobMinutes: 360,
      jobJitterSeconds: 0,
      leaseMinutes: 10,
      monitoringSchedule: '20 * * * *',
      openLineage: null,
      policy: null,
      cloudwatch: null,
      alertMailFrom: null,
      alertMailTo: null,
      alertQuietHours: null,
      alertSilence: null,
      alertSmtp: null,
      alertSns: null,
      alertWebhook: null,
      alertWebhookFormat: 'slack',
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test('a flag overrides the environment, then the default; an empty variable is unset', () => {
    expect(read({ PORT: '9000' }, { port: '9001' }).port).toBe(9001);
    expect(read({ PORT: '9000' }, { port: undefined }).port).toBe(9000);
    expect(read({ PORT: ' 9000 ' }).port).toBe(9000);
    expect(read({ PORT: '', HEADWAY_SOURCE: ' ' })).toMatchObject({ port: 8080, source: null });
    expect(read({}, { port: 0 }).port).toBe(0);
  });

  test('keys are a file, its content or off; an empty value is refused', () => {
    expect(read({ HEADWAY_API_KEYS: 'keys.json' }).apiKeys).toBe('keys.json');
    expect(read({ HEADWAY_API_KEYS: '{"format":1,"keys":[]}' }).apiKeys).toBe(
      '{"format":1,"keys":[]}',
    );
    expect(read({ HEADWAY_API_KEYS: 'off' }).apiKeys).toBeNull();
    for (const blank of ['', ' '])
      expect(() => read({ HEADWAY_API_KEYS: blank })).toThrow('HEADWAY_API_KEYS is "');
  });

  test('parses origins as a list', () => {
    const { corsOrigins } = read({ HEADWAY_CORS: 'https://Shop.example, http://localhost:3000' });
    expect(corsOrigins).toEqual(['https://shop.example', 'http://localhost:3000']);
  });

  test('takes a shard as it is written', () => {
    expect(read({ HEADWAY_SHARD: '3/8' }).shard).toBe('3/8');
  });

  test('accepts off as a schedule', () => {
    expect(read({ HEADWAY_TRAINING_SCHEDULE: 'off' }).trainingSchedule).toBeNull();
  });

  test.each([
    ['PORT', '80x', 'a port from 0 to 65535'],
    ['PORT', '65536', 'a port from 0 to 65535'],
    ['PORT', '1e3', 'a port from 0 to 65535'],
    ['HOST', 'a host', 'an address or host name'],
    ['HEADWAY_STORE', './folder', 'file:FOLDER or s3://BUCKET/PREFIX'],
    ['HEADWAY_STORE', 's3://key:secret@bucket/x', 'file:FOLDER or s3://BUCKET/PREFIX'],
    ['HEADWAY_DOMAIN', '../up', 'the name of a folder in domains/'],
    ['HEADWAY_LOG_LEVEL', 'loud', 'silent, fatal'],
    ['HEADWAY_BACKEND', 'gpu', 'auto, native, wasm or cpu'],
    ['HEADWAY_SEED', '-1', 'a whole number'],
    ['HEADWAY_QUANTILES', '0.1,0.9', '0.5 among them'],
    ['HEADWAY_QUANTILES', '0.5,0.1,0.9', 'ascending'],
    ['HEADWAY_QUANTILES', '0.5,0.5', 'ascending'],
    ['HEADWAY_QUANTILES', '0,0.5,1', 'between 0 and 1'],
    ['HEADWAY_QUANTILES', '10,50,90', 'between 0 and 1'],
    ['HEADWAY_QUANTILES', '0.1,,0.5', 'at most 15 numbers'],
    ['HEADWAY_QUANTILES', 'median', 'at most 15 numbers'],
    [
      'HEADWAY_QUANTILES',
      Array.from({ length: 17 }, (_, q) => (q + 1) / 18).join(','),
      'at most 15',
    ],
    ['HEADWAY_FEATURES_SCHEDULE', '61 * * * *', 'a cron expression'],
    ['HEADWAY_TRAINING_SCHEDULE', 'daily', 'a cron expression'],
    ['HEADWAY_REFRESH_SECONDS', '0', 'a whole number from 1'],
    ['HEADWAY_SHARD', '0/8', 'i/n, with i from 1 to n'],
    ['HEADWAY_SHARD', '9/8', 'i/n, with i from 1 to n'],
    ['HEADWAY_SHARD', '3', 'i/n, with i from 1 to n'],
    ['HEADWAY_RATE_LIMIT', '1.5', 'a whole number'],
    ['HEADWAY_MEMORY_MB', '12', 'a whole number from 64'],
    ['HEADWAY_CORS', '*', 'origins separated by commas'],
    ['HEADWAY_CORS', 'https://*.example', 'origins separated by commas'],
    ['HEADWAY_CORS', 'https://shop.example/path', 'no path'],
    ['HEADWAY_TRACES', 'collector:4318', 'the URL of an OpenTelemetry collector'],
    ['HEADWAY_TRACES', 'http://me:secret@collector:4318', 'the URL of an OpenTelemetry collector'],
    ['HEADWAY_TRACES_PERCENT', '101', 'a whole number from 0 to 100'],
    ['HEADWAY_PROXIES', '9', 'a whole number from 0 to 8'],
    ['HEADWAY_CACHE_MB', '-1', 'a whole number from 0'],
    ['HEADWAY_CONNECTIONS', '0', 'a whole number from 1 to 1000000'],
  ])('refuses %s=%s by name with the allowed values', (variable, value, allowed) => {
    const said = refusal(() => read({ [variable]: value }));
    expect(said).toContain(variable);
    expect(said).toContain(allowed);
    expect(said).not.toContain('secret@');
  });

  test('parses quantiles as a list from environment or flag, and shows them as written', () => {
    expect(read({ HEADWAY_QUANTILES: '0.05, .25,0.5,0.75,0.95' }).quantiles).toEqual([
      0.05, 0.25, 0.5, 0.75, 0.95,
    ]);
    const settings = read({ HEADWAY_QUANTILES: '0.1,0.5' }, { quantiles: '0.5' });
    expect(settings.quantiles).toEqual([0.5]);
    const rows = describeSettings(read({ HEADWAY_QUANTILES: '0.1,0.5,0.9' }));
    expect(rows.find(({ name }) => name === 'HEADWAY_QUANTILES')).toMatchObject({
      value: '0.1,0.5,0.9',
      default: "the domain's own",
      source: 'environment',
    });
  });

  test('an error for a flag names the command line', () => {
    expect(refusal(() => read({}, { port: 'x' }))).toContain('from the command line');
  });

  test('requires a setting without a default', () => {
    expect(refusal(() => readSettings({}))).toContain('HEADWAY_DOMAIN is not set');
  });

  test('refuses an unknown HEADWAY_ variable and suggests the nearest name', () => {
    expect(refusal(() => read({ HEADWAY_STROE: 'file:x' }))).toContain(
      'Did you mean HEADWAY_STORE?',
    );
    expect(refusal(() => read({ HEADWAY_ENTIRELY_ELSE: '1' }))).not.toContain('Did you mean');
    expect(read({ HEADWAY_TEST_DATA: '/data', HOME: '/root' }).port).toBe(8080);
  });

  test('any PORT gives a port or a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)),
        (text) => {
          let port: Settings['port'];
          try {
            port = read({ PORT: text }).port;
          } catch (error) {
            return isHeadwayError(error, 'SETTINGS_INVALID');
          }
          return (
            Number.isInteger(port) &&
            port >= 0 &&
            port <= 65_535 &&
            (text.trim() === '' || port === Number(text))
          );
        },
      ),
    );
  });
});

describe('describeSettings', () => {
  test('lists value, default and origin of each setting', () => {
    const rows = describeSettings(
      read({ HEADWAY_SEED: '8', HEADWAY_TRAINING_SCHEDULE: 'off' }, { port: 1 }),
    );
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    expect(row('PORT')).toMatchObject({ value: '1', default: '8080', source: 'flag' });
    expect(row('HEADWAY_SEED')).toMatchObject({ value: '8', default: '7', source: 'environment' });
    expect(row('HEADWAY_TRAINING_SCHEDULE')).toMatchObject({ value: 'off', default: '30 3 * * *' });
    expect(row('HEADWAY_DOMAIN')).toMatchObject({
      value: 'demand',
      default: 'demand',
      source: 'default',
    });
    expect(row('HEADWAY_SOURCE')).toMatchObject({ value: "the domain's own", source: 'default' });
    expect(row('HEADWAY_MEMORY_MB')).toMatchObject({ unit: 'MB', secret: false });
    for (const each of rows) expect(each.description).toMatch(/\.$/);
  });

  test('masks the password and the query of an address', () => {
    const rows = describeSettings(
      read({ HEADWAY_SOURCE: 'https://user:hunter2@example.org/trips?token=hunter2' }),
    );
    const source = rows.find((row) => row.name === 'HEADWAY_SOURCE');
    expect(source).toMatchObject({ value: 'https://***@example.org/trips?***', secret: true });
    expect(JSON.stringify(rows)).not.toContain('hunter2');
  });
});
