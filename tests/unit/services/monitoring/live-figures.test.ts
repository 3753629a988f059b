/** Purpose: live skill and coverage of the champion, and as fields of CloudWatch's format. */
import { expect, test } from '@jest/globals';
import { cloudwatchFields, liveFigures } from '../../../../services/monitoring/live-figures.ts';
import { blockLosses } from '../../../../services/monitoring/scoring/block-losses.ts';
import { openFiguresLog } from '../../../../storage/scores/figures-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { HOUR, lossesOf, NOW } from '../../../fixtures/monitoring.ts';

const request = { now: NOW, champion: 'c', scoredUntil: NOW - HOUR, openAlerts: 2 };
const losses = [
  ...lossesOf(NOW - 400 * HOUR, 20, { c: 9, 'naive-week': 1 }),
  ...lossesOf(NOW - 120 * HOUR, 20, { c: 0.9, 'naive-week': 1.2, 'naive-day': 1 }).map(
    (one, i) => ({
      ...one,
      covered80: i % 2 === 0 ? 0.9 : 0.84,
    }),
  ),
];

test('skill is against the best baseline of the last week, coverage of the champion', async () => {
  const figures = liveFigures({ ...request, losses });
  expect(figures.skill).toBeCloseTo(0.1, 10);
  expect(figures.coverage80).toBeCloseTo(0.87, 10);
  expect(figures).toMatchObject({ modelVersion: 'c', openAlerts: 2, scoredUntil: NOW - HOUR });
  const log = openFiguresLog({ store: memoryObjectStore(), domain: 'toy' });
  expect(await log.head()).toBeNull();
  await log.append(figures);
  expect(await log.head()).toMatchObject(figures);
  expect(await log.verify()).toMatchObject({ objects: 1, problems: [] });
});

test('omits figures and metrics that were not scored', () => {
  const nothing = liveFigures({ ...request, losses: [] });
  expect(nothing).toMatchObject({ skill: null, coverage80: null });
  expect(cloudwatchFields('prod', nothing)).toBeNull();
  expect(liveFigures({ ...request, champion: null, losses })).toMatchObject({ skill: null });
});

test('emits the metrics of the AWS alarms', () => {
  const line = cloudwatchFields('prod', liveFigures({ ...request, losses })) ?? {};
  expect(line).toMatchObject({
    _aws: {
      Timestamp: NOW,
      CloudWatchMetrics: [{ Namespace: 'Headway', Dimensions: [['Environment']] }],
    },
    Environment: 'prod',
  });
  expect(line.Skill).toBeCloseTo(0.1, 10);
  expect(line.CoverageError).toBeCloseTo(0.07, 10);
});

test.each([
  [0.8, 0.87, 0.07],
  [0.9, null, undefined],
])('coverage of 80 %% for intervals with nominal coverage %d is %p', (nominal, coverage, off) => {
  const row = {
    ...({ forecaster: 'network', modelVersion: 'c', role: 'serving', nominal } as const),
    ...({ dimension: 'target', key: String(NOW - 12 * HOUR), pairs: 100, inside: 87 } as const),
    ...{ absoluteError: 1, absoluteActual: 1, error: 0, pinball: 50, expectedPinball: 50 },
  };
  const figures = liveFigures({ ...request, losses: blockLosses([row], 6) });
  expect(figures.coverage80).toBe(coverage);
  const error = cloudwatchFields('prod', figures)?.CoverageError as number | undefined;
  if (off === undefined) expect(error).toBeUndefined();
  else expect(error).toBeCloseTo(off, 10);
});
