/**
 * Purpose: the rehearsal of docs/forward-record.yml on the simulated city: 90 days by a simulated
 * clock, forecasts and a published head every twelve hours, a check a day, and an outage of three
 * days. At the end stand the static page of what was forecast before it was known, with the outage
 * on it, and a chain that holds all published heads.
 * Invariants: the parts that the commands put together, on a folder; nothing waits.
 * Fails: with what is missing, or was changed unnoticed.
 */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rehearse } from '../../bench/monitoring/rehearsal.ts';
import { reportOf } from '../../cli/actions/monitoring/report-page.ts';
import type { CommandContext } from '../../cli/context.ts';
import { taxi as domain } from '../../domains/taxi/definition.ts';
import { saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { fixedClock } from '../../platform/clock.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { monitoringPage } from '../../reports/pages/monitoring-page.ts';
import { issueForecasts } from '../../services/inference/batch/issue-forecasts.ts';
import { issueShadows } from '../../services/inference/batch/issue-shadows.ts';
import { monitor } from '../../services/monitoring/monitor.ts';
import { openDecisionLog } from '../../storage/decisions/decision-log.ts';
import { heldSnapshot } from '../../storage/features/online/online-snapshot.ts';
import { openLedger } from '../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../storage/models/model-registry.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import { openCheckLog } from '../../storage/monitoring/check-log.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';
import { openScoreLog } from '../../storage/scores/score-log.ts';
import { manifestOf } from '../fakes/inference.ts';
import { headway } from '../fixtures/cli/headway-process.ts';
import { fitToy, startBackend } from '../fixtures/toy-network.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK_HOURS = 168;
const START = Date.UTC(2026, 2, 2);
const DAYS = 90;
const EVERY_HOURS = 12;
/** Days on which nothing ran, from the first until before the second. */
const OUTAGE = [40, 43] as const;
const LEARNED_WEEKS = 20;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-record-'));
  await startBackend();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const day = (index: number) => START + index * DAY;
const isDown = (at: number) => at >= day(OUTAGE[0]) && at < day(OUTAGE[1]);
const WHY =
  `From ${utcText(day(OUTAGE[0]))} to ${utcText(day(OUTAGE[1]))} the runner was down: nothing was ` +
  'forecast, and nothing was added afterwards.';

test('90 days are published before they are known, with an explained outage', async () => {
  const from = START - LEARNED_WEEKS * 7 * DAY;
  const city = rehearse({ seed: 1, places: 8, incident: null, from, until: day(DAYS + 1) });
  const clock = fixedClock(START);
  const options = { store: fileObjectStore(folder), domain: domain.name, clock };
  const registry = openModelRegistry(options);
  const ledger = openLedger(options);
  const checks = openCheckLog(options);
  const scores = openScoreLog(options);
  const decisions = openDecisionLog(options);
  const panelAt = (at: number) => city.panelAt(at, 14 * WEEK_HOURS);

  const learned = city.panelAt(START, LEARNED_WEEKS * WEEK_HOURS);
  const trained = await fitToy(learned, { horizon: domain.horizon, steps: 40 });
  const { modelVersion } = await registry.register({
    ...saveNetwork(trained),
    card: {
      ...{ snapshotVersion: '1-0f1e2d3c4b5a', knownAt: null, trainingCutoff: START - HOUR },
      ...{ panelHash: 'rehearsal', forecaster: 'network', config: {}, seed: 1, backend: 'wasm' },
      ...{ trainingSeconds: 0, quantiles: [0.1, 0.5, 0.9], horizon: domain.horizon, metrics: {} },
    },
  });
  await registry.promote({ modelVersion, reason: 'the rehearsal', evidence: null });

  const heads: string[] = [];
  const file = path.join(folder, 'heads.txt');
  let number = 0;
  for (let at = START; at <= day(DAYS); at += EVERY_HOURS * HOUR) {
    clock.advance(at - clock.now());
    if (isDown(at)) continue;
    number++;
    const online = { panel: panelAt(at), manifest: manifestOf(number) };
    const features = {
      head: async () => online.manifest,
      openOnline: async () => heldSnapshot(online.panel, online.manifest),
    };
    const issued = await issueForecasts({
      ...{ domain, features, registry, restoreForecaster, issuedAt: at },
    });
    await ledger.append([issued.entry]);
    const shadows = await issueShadows(
      {
        ...{ domain, registry, challengers: [], restoreForecaster },
        onFailure: (_, error) => {
          throw error;
        },
      },
      issued,
    );
    await ledger.append(shadows);
    const head = await ledger.head();
    heads.push(`${head?.number} ${head?.sha256}`);
    if ((at - START) % DAY === 0)
      await monitor({
        ...{ domain, now: at, panel: panelAt(at), posts: [], ledger, scores, checks, decisions },
        ...{ registry, records: null, policy: null },
        train: () => Promise.reject(new Error('nothing is decided here')),
      });
  }
  await writeFile(file, `${heads.join('\n')}\n`);

  const times = (DAYS - (OUTAGE[1] - OUTAGE[0])) * (24 / EVERY_HOURS) + 1;
  const { rows } = await ledger.query({
    sql:
      "SELECT count(DISTINCT issued_at)::INTEGER, bool_and(target_at + INTERVAL '1 hour' > " +
      "issued_at), string_agg(DISTINCT origin, ',') FROM ledger",
    maxRows: 1,
  });
  // Nothing was known when its forecast was published, and nothing was added afterwards.
  expect(rows).toEqual([[times, true, 'batch']]);
  expect(heads).toHaveLength(times);

  const report = await reportOf(
    { domain } as CommandContext,
    { scores, checks, decisions },
    { from: START, until: day(DAYS) },
  );
  const served = report.forecasters.find(({ role }) => role === 'serving');
  expect(served?.skill).toBeGreaterThan(-1);
  expect(served?.coverage).toBeGreaterThan(0.5);
  // A forecast reaches a day ahead: of an outage of three days two were never forecast.
  const scored = await scores.days({ from: START, until: day(DAYS) });
  const forecast = new Set(scored.filter(({ rows: of }) => of.length > 0).map((one) => one.day));
  const without = Array.from({ length: DAYS }, (_, i) => i).filter((i) => !forecast.has(day(i)));
  expect(without).toEqual([41, 42]);

  const page = monitoringPage({ report, domain, kind: 'Forward record', notes: [WHY] });
  expect(page).toContain(WHY);
  expect(page).toContain('skill against the best naive');
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);

  const env = { HEADWAY_STORE: `file:${folder}`, HEADWAY_DOMAIN: domain.name };
  const verify = () => headway(['ledger', 'verify', '--chain', file], env);
  const good = await verify();
  expect([good.code, good.stdout]).toEqual([
    0,
    expect.stringContaining(`${times} published heads`),
  ]);
  // Who edits an old entry is found.
  const log = path.join(folder, 'forecasts', domain.name, 'log');
  const entry = path.join(log, (await readdir(log)).sort()[50] as string);
  await writeFile(entry, `${(await readFile(entry, 'utf8')).trimEnd()} \n`);
  const bad = await verify();
  expect([bad.code === 0, bad.stderr]).toEqual([false, expect.stringContaining('STORE_CORRUPT')]);
  console.info(
    `${times} issues, ${served?.pairs} values scored, skill ${served?.skill.toFixed(3)}, ` +
      `coverage ${served?.coverage.toFixed(3)}`,
  );
});
