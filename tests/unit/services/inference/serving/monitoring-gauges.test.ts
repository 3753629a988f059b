/**
 * Purpose: what monitoring saw last is exported, from a store that is asked seldom and may be
 * away.
 */
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { fixedClock } from '../../../../../platform/clock.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { addMonitoringGauges } from '../../../../../services/inference/serving/monitoring-gauges.ts';
import type { LiveFigures } from '../../../../../storage/scores/figures-log.ts';

const NOW = Date.UTC(2024, 0, 1);
const FIGURES: LiveFigures = {
  ...{ at: NOW - 60_000, modelVersion: 'c', skill: 0.12, coverage80: 0.7, openAlerts: 1 },
  scoredUntil: NOW - 3_600_000,
};

test('exports known figures as gauges and reads the store once a minute', async () => {
  const registry = new Registry();
  const clock = fixedClock(NOW);
  let newest: LiveFigures | null = FIGURES;
  let reads = 0;
  const head = async () => {
    reads++;
    if (newest === null) throw new Error('away');
    return newest;
  };
  addMonitoringGauges(registry, { figures: { head }, clock, logger: silentLogger });
  const shown = async () => {
    const lines = (await registry.metrics()).split('\n').filter((line) => /^headway/.test(line));
    return Object.fromEntries(lines.map((line) => line.split(' ')));
  };
  expect(await shown()).toEqual({
    headway_live_skill: '0.12',
    headway_live_coverage_error: expect.stringMatching(/^0\.(1|09999)/),
    headway_monitoring_age_seconds: '60',
    headway_scored_age_seconds: '3600',
    headway_open_alerts: '1',
  });
  await shown();
  expect(reads).toBe(1);
  newest = { ...FIGURES, skill: null, coverage80: null, scoredUntil: null };
  clock.advance(60_000);
  expect(Object.keys(await shown())).toEqual([
    'headway_monitoring_age_seconds',
    'headway_open_alerts',
  ]);
  newest = null;
  clock.advance(60_000);
  expect((await shown()).headway_monitoring_age_seconds).toBe('180');
});

test('a clock that is set back does not keep old figures', async () => {
  const registry = new Registry();
  const time = { now: NOW, elapsedMs: 0 };
  const clock = { now: () => time.now, elapsedMs: () => time.elapsedMs };
  let reads = 0;
  const head = async () => {
    reads++;
    return FIGURES;
  };
  addMonitoringGauges(registry, { figures: { head }, clock, logger: silentLogger });
  await registry.metrics();
  time.now -= 3_600_000;
  time.elapsedMs += 59_999;
  await registry.metrics();
  expect(reads).toBe(1);
  time.elapsedMs += 1;
  await registry.metrics();
  expect(reads).toBe(2);
});
