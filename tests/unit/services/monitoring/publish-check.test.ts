/** Purpose: what a check found becomes alerts and figures, and silence is found out. */
import { beforeEach, expect, test } from '@jest/globals';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import {
  type PublishRequest,
  publishCheck,
  usualSilence,
} from '../../../../services/monitoring/publish-check.ts';
import { openAlertLog } from '../../../../storage/alerts/alert-log.ts';
import type { LedgerPart } from '../../../../storage/ledger/ledger.ts';
import type { Promotion } from '../../../../storage/models/promotion.ts';
import type { StandingVerdict } from '../../../../storage/monitoring/check-log.ts';
import { openOverviews } from '../../../../storage/monitoring/overviews.ts';
import { openFiguresLog } from '../../../../storage/scores/figures-log.ts';
import { domain } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { HOUR, lossesOf, NOW } from '../../../fixtures/monitoring.ts';

const level: StandingVerdict = {
  ...{ name: 'level', since: NOW - 30 * HOUR, detectedAt: NOW, seriesIds: ['a'] },
  ...{ message: 'Twice the usual.', evidence: {} },
};
const promotion = { modelVersion: 'c', at: NOW - 240 * HOUR } as Promotion;

let store: ReturnType<typeof memoryObjectStore>;
beforeEach(() => {
  store = memoryObjectStore();
});

/** Data of ten days up to `dataAt`; one forecast at `issuedAt`. */
function request(
  now: number,
  { dataAt = now, issuedAt = now - HOUR, verdicts = [] as StandingVerdict[] } = {},
): PublishRequest {
  const values = Float32Array.from({ length: 240 }, () => 3);
  const options = { store, domain: 'toy' };
  const check = { number: 1, at: now, scoredDays: [], verdicts, state: 'key' };
  return {
    ...{ domain, now, channels: [], quietHours: null, silence: 48 },
    panel: createPanel({
      ...{ frequencyMinutes: 60, start: dataAt - 240 * HOUR, length: 240, seriesIds: ['a'] },
      columns: { target: values },
    }),
    result: {
      ...{ check, days: [], scoredUntil: null },
      losses: lossesOf(now - 240 * HOUR, 40, { c: 1, 'naive-week': 1.25 }),
    },
    ledger: { parts: async () => [{ issued: { first: issuedAt, last: issuedAt } } as LedgerPart] },
    registry: registryOf(promotion),
    decisions: { recent: async () => [] },
    alerts: openAlertLog(options),
    figures: openFiguresLog(options),
    overviews: openOverviews(options),
    onFailure: () => undefined,
  };
}
const registryOf = (champion: Promotion) => ({
  champion: async () => champion,
  promotions: async () => [champion],
  earlierChampions: async () => [],
  list: async () => [],
});
const openAlerts = async () =>
  (await openAlertLog({ store, domain: 'toy' }).head())?.open.map(({ name }) => name);

test('a verdict is one alert until it ends', async () => {
  const found = request(NOW, { verdicts: [level] });
  await publishCheck({ ...found, silence: 1_000_000 });
  await publishCheck({ ...found, silence: 1_000_000 });
  expect(await openAlerts()).toEqual(['level']);
  await publishCheck({ ...request(NOW + HOUR), silence: 1_000_000 });
  expect(await openAlerts()).toEqual([]);
});

test('figures are those of the champion and the best baseline', async () => {
  const figures = await publishCheck({ ...request(NOW), silence: 1_000_000 });
  expect(figures).toMatchObject({ at: NOW, modelVersion: 'c', openAlerts: 0, scoredUntil: null });
  expect(figures.skill).toBeCloseTo(0.2, 12);
  expect(await openFiguresLog({ store, domain: 'toy' }).head()).toMatchObject(figures);
});

test('silence of data, forecasts and scores is three alerts', async () => {
  await publishCheck(request(NOW));
  expect(await openAlerts()).toEqual(['no-score']);
  await publishCheck(request(NOW + 60 * HOUR, { dataAt: NOW + HOUR, issuedAt: NOW + 2 * HOUR }));
  expect((await openAlerts())?.sort()).toEqual(['no-data', 'no-forecast', 'no-score']);
});

test.each([
  [{ frequencyMinutes: 60 }, 49],
  [{ frequencyMinutes: 1440 }, 3],
  [{ frequencyMinutes: 1440, closedWeekdays: [6, 7], staleAfterIntervals: 5 }, 5],
  [{ frequencyMinutes: 1440, staleAfterIntervals: 7 }, 7],
  [{ frequencyMinutes: 10_080 }, 2],
])('of %j the usual silence is %i intervals', (rules, intervals) => {
  expect(usualSilence(rules)).toBe(intervals);
});

test('expects nothing before the first promotion', async () => {
  const registry = {
    ...registryOf(promotion),
    champion: async () => null,
    promotions: async () => [],
  };
  const late = request(NOW + 90 * HOUR, { dataAt: NOW, issuedAt: NOW });
  const figures = await publishCheck({ ...late, registry });
  expect(await openAlerts()).toEqual([]);
  expect(figures).toMatchObject({ modelVersion: null, skill: null, coverage80: null });
});
