/**
 * Purpose: `headway replay`: every hour is issued and scored once, what a live system publishes is
 * there, and killed and resumed it ends in the same report.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLedger } from '../../../storage/ledger/ledger.ts';
import { openOverviews } from '../../../storage/monitoring/overviews.ts';
import { openSeriesRecords } from '../../../storage/monitoring/series-records.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { openScoreLog } from '../../../storage/scores/score-log.ts';
import { temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { QUICK_CONFIG } from '../../fixtures/cli/quick-training.ts';

const HOUR = 3_600_000;
const PLACES = 4;
const HORIZON = 24;
const ISSUES = 8;

interface Report {
  readonly from: number;
  readonly until: number;
  readonly checks: number;
}

let place: Awaited<ReturnType<typeof temporaryPlace>>;
/** Of the last two whole days of the city. */
let span: readonly string[];
let report: Report;

const replayInto = (name: string): string[] => [
  ...['replay', '--json', '--every', '6', '--test-days', '7', ...span],
  ...['--config', QUICK_CONFIG, '--steps', '5'],
  ...['--into', join(place.folder, name), '--page', join(place.folder, `${name}.html`)],
];
const reportIn = (stdout: string) => (JSON.parse(stdout) as { report: Report }).report;

beforeAll(async () => {
  place = await temporaryPlace();
  const { code } = await headway(['features', 'run'], place.env);
  expect(code).toBe(0);
  const until = Math.floor(Date.now() / HOUR / 24 - 1) * 24 * HOUR;
  const text = (time: number) => new Date(time).toISOString();
  span = ['--from', text(until - 48 * HOUR), '--to', text(until)];
  const whole = await headway(replayInto('whole'), place.env);
  expect(whole.code).toBe(0);
  report = reportIn(whole.stdout);
});

afterAll(async () => {
  await endAll();
  await place.remove();
});

test('replay issues and scores every forecast once', async () => {
  const store = fileObjectStore(join(place.folder, 'whole'));
  const clock = { now: () => report.until };
  const ledger = openLedger({ store, domain: 'taxi', clock });
  const { rows } = await ledger.query({
    sql:
      'SELECT count(*) AS n, count(DISTINCT (issued_at, series_id, step)) AS pairs, ' +
      'count(DISTINCT issued_at) AS issues, ' +
      `count(*) FILTER (epoch_ms(target_at) < ${report.until}) AS past ` +
      "FROM ledger WHERE role = 'serving'",
    maxRows: 1,
  });
  const [n, pairs, issues, past] = (rows[0] as readonly unknown[]).map(Number);
  expect([n, pairs, issues]).toEqual([
    ISSUES * PLACES * HORIZON,
    ISSUES * PLACES * HORIZON,
    ISSUES,
  ]);
  const days = await openScoreLog({ store, domain: 'taxi' }).days();
  const scored = days
    .flatMap(({ rows: all }) => all)
    .filter(({ role, dimension }) => role === 'serving' && dimension === 'target')
    .reduce((sum, row) => sum + row.pairs, 0);
  expect(scored).toBe(past);
});

test('replay publishes what the jobs of a live system publish', async () => {
  const store = fileObjectStore(join(place.folder, 'whole'));
  const overview = await openOverviews({ store, domain: 'taxi' }).newest();
  expect(overview).toMatchObject({ at: report.until, checkNumber: report.checks });
  expect(overview?.served?.pairs).toBeGreaterThan(0);
  const seriesId = overview?.series[0]?.seriesId as string;
  const record = await openSeriesRecords({ store, domain: 'taxi' }).read(seriesId, {
    from: report.from,
    until: report.until,
  });
  expect(record.map(({ forecasts }) => forecasts.length > 0)).toEqual([true, true]);
});

test('replay killed and resumed gives the same report', async () => {
  const killed = startHeadway(replayInto('killed'), place.env);
  // The first model is trained, and the first forecasts are being made.
  await killed.until(/replay …/i);
  killed.kill('SIGKILL');
  expect((await killed.ended).signal).toBe('SIGKILL');
  const resumed = await headway(replayInto('killed'), place.env);
  expect(resumed.code).toBe(0);
  expect(reportIn(resumed.stdout)).toEqual(report);
  const page = (name: string) => readFile(join(place.folder, `${name}.html`), 'utf8');
  expect(await page('killed')).toBe(await page('whole'));
});
