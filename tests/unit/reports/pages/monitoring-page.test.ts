/** Purpose: the monitoring report says in its heading what was found, and marks what explains it. */
import { expect, test } from '@jest/globals';
import type { LiveScore } from '../../../../forecasting/evaluation/live-scores.ts';
import { monitoringPage } from '../../../../reports/pages/monitoring-page.ts';
import type { MonitoringReport } from '../../../../services/monitoring/report.ts';
import { domain } from '../../../fakes/inference.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2023, 10, 1);

const score = (skill: number): LiveScore => ({
  ...{ forecaster: 'network', modelVersion: null, role: 'serving', pairs: 4032, skill },
  ...{ mae: 2, wape: 0.2, bias: 0.1, pinball: 1 - skill, expectedPinball: 1 },
  ...{ coverage: 0.79, nominal: 0.8 },
});
const pair = (skill: number) => ({ served: score(skill), naive: score(0) });

const reportOf = (skill: number): MonitoringReport => ({
  ...{ from: FROM, until: FROM + 30 * DAY, pending: 0, checks: 30, bestNaive: 'seasonal_naive' },
  forecasters: [score(skill)],
  days: Array.from({ length: 30 }, (_, i) => ({ day: FROM + i * DAY, ...pair(skill) })),
  steps: Array.from({ length: 24 }, () => pair(skill)),
  hoursOfWeek: Array.from({ length: 168 }, () => pair(skill)),
  series: [{ seriesId: '74', share: 1, ...pair(skill) }],
  verdicts: [],
  decisions: [
    {
      ...{ at: FROM + 3 * DAY, kind: 'promote', actor: 'policy', modelVersion: 'm1' },
      ...{ before: null, after: 'm1', reason: 'beats the baseline', evidence: null },
    },
  ],
  knownDays: [
    { at: FROM + 4 * DAY, name: 'Clocks go back' },
    { at: FROM + 22 * DAY, name: 'Thanksgiving Day' },
  ],
});
const pageOf = (skill: number) =>
  monitoringPage({ report: reportOf(skill), domain, kind: 'Replay', notes: [] });

test.each([
  [0.2, '20.0 % less loss than the best naive baseline, no drift'],
  [-0.05, '5.0 % more loss than the best naive baseline, no drift'],
  [0.0001, 'As much loss as the best naive baseline, no drift'],
])('a skill of %d has the title: %s', (skill, heading) => {
  expect(pageOf(skill)).toContain(`<h1>${heading}</h1>`);
});

test('the chart of days names promotions, and holidays if there is room', () => {
  const [chart] = /<svg[\s\S]*?<\/svg>/.exec(pageOf(0.2)) as RegExpExecArray;
  expect(chart).toContain('promoted');
  expect(chart).toContain('Thanksgiving Day');
  expect(chart).not.toContain('Clocks go back');
});

test('names the baseline that served before a model', () => {
  expect(pageOf(0.2)).toContain('a baseline → m1');
});
