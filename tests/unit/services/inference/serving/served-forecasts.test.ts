/** Purpose: what the service gave out is in the ledger, and no response waits or fails for it. */
import { expect, test } from '@jest/globals';
import { defaultInferenceSettings } from '../../../../../services/inference/settings.ts';
import type { LedgerIssue } from '../../../../../storage/ledger/ledger.ts';
import { createFixture } from '../../../../fakes/inference.ts';

/** A ledger in memory, which may refuse. */
function fakeLedger() {
  const issues: LedgerIssue[] = [];
  const ledger = {
    issues,
    refuses: false,
    async append(given: readonly LedgerIssue[]) {
      if (ledger.refuses) throw new Error('the store is away');
      issues.push(...given);
    },
    rows: () =>
      issues.flatMap(({ snapshotVersion, seriesIds, fallback }) =>
        seriesIds.map((id) => [id, snapshotVersion.split('-')[0], fallback]),
      ),
  };
  return ledger;
}

const settings = { ...defaultInferenceSettings, ledgerFlushMs: 1e9 };

test('writes each served forecast once per snapshot, as computed', async () => {
  const ledger = fakeLedger();
  const { fixture, build } = createFixture();
  const app = await build({ ledger, settings });
  for (const url of ['74', '74', '75', '74?horizon=3', 'nowhere', 'dead'])
    await app.inject(`/v1/series/${url.replace(/(\?|$)/, '/forecast$1')}`);
  await app.inject({
    method: 'POST',
    url: '/v1/forecasts',
    payload: { seriesIds: ['75', '74'] },
  });
  expect(ledger.rows()).toEqual([]);
  fixture.snapshot = 2;
  await app.serving.refresh();
  await app.inject('/v1/series/74/forecast');
  await app.close();
  expect(ledger.rows()).toEqual([
    ['74', '1', null],
    ['75', '1', null],
    ['74', '2', null],
  ]);
  const [first] = ledger.issues as [LedgerIssue];
  expect(first).toMatchObject({ role: 'serving', origin: 'served' });
  const serving = (await createFixture().build()).serving.current();
  const size = first.quantiles.length * first.horizon;
  const row = serving?.snapshot.indexOf.get('74') as number;
  expect(first.values.slice(0, size)).toEqual(
    serving?.forecasts.values.slice(row * size, (row + 1) * size),
  );
  const { horizon } = first;
  expect(first.mean?.slice(0, horizon)).toEqual(
    serving?.forecasts.mean.slice(row * horizon, (row + 1) * horizon),
  );
});

test('records everything a stream sends, and each replica takes the same sample', async () => {
  const written = async (ledgerSample: number) => {
    const ledger = fakeLedger();
    const ids = Array.from({ length: 200 }, (_, i) => `s${i}`);
    const app = await createFixture({ ids }).build({
      ledger,
      settings: { ...settings, ledgerSample },
    });
    await app.inject('/v1/forecasts?format=csv');
    await app.close();
    return ledger.rows().map(([id]) => id);
  };
  expect(await written(1)).toHaveLength(200);
  expect(await written(0)).toEqual([]);
  const half = await written(0.5);
  expect(half.length).toBeGreaterThan(60);
  expect(half.length).toBeLessThan(140);
  expect(await written(0.5)).toEqual(half);
});

test('writes a baseline as such with the reason', async () => {
  const ledger = fakeLedger();
  const { fixture, build } = createFixture();
  fixture.champion = null;
  const app = await build({ ledger, settings });
  await app.inject('/v1/series/74/forecast');
  await app.close();
  expect(ledger.issues).toMatchObject([
    { modelVersion: null, forecaster: 'mean_4_weeks', fallback: 'NO_CHAMPION' },
  ]);
});

test('a store that is away fails no response; the queue is bounded and written later', async () => {
  const ledger = fakeLedger();
  const { fixture, build } = createFixture();
  const app = await build({ ledger, settings: { ...settings, ledgerFlushMs: 1 } });
  ledger.refuses = true;
  for (let snapshot = 1; snapshot <= 7; snapshot++) {
    fixture.snapshot = snapshot;
    await app.serving.refresh();
    expect((await app.inject('/v1/series/74/forecast')).statusCode).toBe(200);
  }
  ledger.refuses = false;
  await app.close();
  expect(ledger.rows().map(([, snapshot]) => snapshot)).toEqual(['4', '5', '6', '7']);
});

test('metrics count what was written and dropped', async () => {
  const ledger = fakeLedger();
  const { fixture, build } = createFixture();
  const app = await build({ ledger, settings });
  ledger.refuses = true;
  for (let snapshot = 1; snapshot <= 6; snapshot++) {
    fixture.snapshot = snapshot;
    await app.serving.refresh();
    await app.inject('/v1/series/74/forecast');
  }
  const { body } = await app.inject('/metrics');
  expect(body).toContain('headway_ledger_forecasts_total{outcome="dropped"} 2');
  expect(body).toContain('headway_ledger_forecasts_total{outcome="written"} 0');
  await app.close();
});
