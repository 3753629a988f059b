/**
 * Purpose: the features of a past time: one view serves the times of a day, and the forecasts from
 * it are those from exactly what was known, bit for bit.
 */

import { beforeAll, expect, test } from '@jest/globals';
import { issuerAsOf } from '../../../../../cli/actions/monitoring/issue-as-of.ts';
import { saveNetwork } from '../../../../../forecasting/models/network/forecaster.ts';
import { type Panel, panelTail, panelUpTo } from '../../../../../forecasting/panel/panel.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../../../platform/tensorflow/tensor-backend.ts';
import { issueForecasts } from '../../../../../services/inference/batch/issue-forecasts.ts';
import { issueShadows } from '../../../../../services/inference/batch/issue-shadows.ts';
import type { ServedModels } from '../../../../../services/inference/ports.ts';
import { pastFeatures } from '../../../../../services/monitoring/replay/past-features.ts';
import type { Manifest } from '../../../../../storage/features/manifest.ts';
import { heldSnapshot } from '../../../../../storage/features/online/online-snapshot.ts';
import { restoreForecaster } from '../../../../../storage/models/restore-forecaster.ts';
import { domain as toyDomain } from '../../../../fakes/inference.ts';
import { HOUR, ONLINE_INTERVALS, START } from '../../../../fixtures/random-panels.ts';
import { levelledPanel, randomTrained } from '../../../../fixtures/random-trained.ts';

const SERIES = 10;
const DAY = 24 * HOUR;
const domain = { ...toyDomain, horizon: 6 };
/** Four days are there after the first view. */
const panel = levelledPanel(SERIES, 96);
const FROM = START + ONLINE_INTERVALS * HOUR;
const MIDNIGHT = Math.ceil(FROM / DAY) * DAY;
const manifest = { snapshotVersion: '1-0', committedAt: FROM + 100 * DAY } as Manifest;

const pastOf = (of: Panel) =>
  pastFeatures({ log: async () => [manifest], readAsOf: async () => of }, FROM);

test('the times of a UTC day share one view that states the end of known values', async () => {
  const past = await pastOf(panel);
  const views = [];
  for (const hour of [0, 1, 23, 24])
    views.push(await past.view(MIDNIGHT + hour * HOUR, ONLINE_INTERVALS));
  const panels = views.map((view) => view.panel);
  expect(panels[1]).toBe(panels[0]);
  expect(panels[2]).toBe(panels[0]);
  expect(panels[3]).not.toBe(panels[0]);
  expect(views.map(({ end }) => end - ONLINE_INTERVALS)).toEqual([0, 1, 23, 0]);
  const ends = views.map((view) => view.panel.start + view.end * HOUR);
  expect(ends).toEqual([0, 1, 23, 24].map((hour) => MIDNIGHT + hour * HOUR));
});

test('inputs read beyond the cutoff end where known values end', async () => {
  const wind = new Float32Array(panel.length).fill(2);
  const past = await pastOf({ ...panel, exogenous: { wind } });
  const { panel: view, end } = await past.view(MIDNIGHT + 5 * HOUR, ONLINE_INTERVALS);
  expect([view.length, end, view.exogenous?.wind?.length]).toEqual([
    ONLINE_INTERVALS,
    ONLINE_INTERVALS,
    ONLINE_INTERVALS,
  ]);
});

test('refuses a time before the data', async () => {
  const past = await pastOf(panel);
  await expect(past.view(START, 24)).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
  await expect(past.at(START)).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
});

beforeAll(() => startTensorBackend(silentLogger, 'wasm', 'prediction'));

test('forecasts from the view of a day equal those from exactly what was known', async () => {
  const context = {
    seriesIds: panel.seriesIds.slice(0, 4),
    weights: [
      [0.5, 0.05, 0.005, 0.0005],
      [0.1, -0.1, 0.01, -0.001],
    ],
  };
  const promotion = { modelVersion: 'm', at: 0, number: 1, kind: 'promoted', reason: '' } as const;
  const registry: ServedModels = {
    champion: async () => promotion,
    load: async () => ({
      card: { horizon: domain.horizon } as never,
      ...saveNetwork(randomTrained(panel, { context })),
    }),
    earlierChampions: async () => [],
    list: async () => [],
    promotions: async () => [promotion],
  };
  const past = await pastOf(panel);
  const issue = issuerAsOf(
    { domain, logger: silentLogger },
    { past, registry, tail: ONLINE_INTERVALS, challengers: async () => [] },
  );
  for (const hour of [0, 1, 23]) {
    const issuedAt = MIDNIGHT + hour * HOUR;
    const length = (issuedAt - START) / HOUR;
    const known = panelTail(panelUpTo(panel, length - 1), ONLINE_INTERVALS);
    const models = { domain, registry, restoreForecaster };
    const issued = await issueForecasts({
      ...{ ...models, issuedAt },
      features: {
        head: async () => manifest,
        openOnline: async () => heldSnapshot(known, manifest),
      },
    });
    const onFailure = (_: string, error: unknown) => {
      throw error;
    };
    const [served, ...shadows] = await issue(issuedAt);
    expect(served?.cutoff).toBe(issuedAt - HOUR);
    expect(served).toEqual(issued.entry);
    expect(shadows).toHaveLength(3);
    expect(shadows).toEqual(await issueShadows({ ...models, onFailure }, issued));
  }
});
