/** Purpose: the report of a week says what the stores say, in sentences, and makes nothing up. */
import { expect, test } from '@jest/globals';
import { type WeekFacts, weekReport } from '../../../../reports/text/week-report.ts';

const at = (day: number) => Date.UTC(2026, 2, day, 6);
const facts: WeekFacts = {
  title: 'Orders of a town',
  from: at(1),
  until: at(8),
  snapshots: [{ snapshotVersion: '1-aaa' }, { snapshotVersion: '2-bbb' }],
  promotions: [
    { at: at(2), kind: 'rolled-back', modelVersion: 'model-1', reason: 'by hand' },
    ...[
      {
        ...{ at: at(3), kind: 'promoted', modelVersion: 'model-2' },
        reason: 'promoted: 4.1 % less than champion',
      },
    ],
  ],
  served: { modelVersion: 'model-2', since: at(3) },
  ledger: { issueTimes: 168, rows: 12_096, head: { number: 170, sha256: 'ab'.repeat(32) } },
  figures: { at: at(8), skill: 0.2345, coverage80: 0.791 },
  drift: [{ name: 'level', detectedAt: at(5), message: 'demand is 30 % above what is usual' }],
  decisions: [
    { number: 4, at: at(6), kind: 'retrain', actor: 'policy', reason: 'drift of the level' },
  ],
};

test('reports a week with an entry in each part', () => {
  expect(weekReport(facts).split('\n')).toEqual([
    'Orders of a town, 2026-03-01 06:00 UTC to 2026-03-08 06:00 UTC',
    '',
    'What changed',
    '- The data was committed 2 times, last as snapshot 2-bbb.',
    '- model-2 serves, since 2026-03-03 06:00 UTC.',
    '- 2026-03-05 06:00 UTC: level: demand is 30 % above what is usual',
    '',
    'Were we right',
    '- Forecasts were issued at 168 times, 12,096 rows; the ledger ends with entry 170, ' +
      'abababababab.',
    '- As scored at 2026-03-08 06:00 UTC, model-2 had 23.4 % less pinball loss than the best ' +
      'naive baseline.',
    '- Its 80 % interval held 79.1 % of the actuals.',
    '',
    'What was decided',
    '- 2026-03-02 06:00 UTC: model-1 rolled-back: by hand',
    '- 2026-03-03 06:00 UTC: model-2 promoted: 4.1 % less than champion',
    '- 2026-03-06 06:00 UTC: decision 4, retrain by policy: drift of the level',
  ]);
});

test('reports a week without entries, and a model worse than the baseline', () => {
  const nothing = weekReport({
    ...facts,
    ...{ snapshots: [], promotions: [], drift: [], decisions: [], served: null, figures: null },
    ledger: { issueTimes: 0, rows: 0, head: null },
  });
  for (const sentence of [
    'No data was committed.',
    'No model is served.',
    'No drift was detected.',
    'No forecast was issued.',
    'Nothing was scored yet: `headway monitor` scores what was issued.',
    'Nothing was decided.',
  ])
    expect(nothing).toContain(`- ${sentence}`);
  const worse = { at: at(8), skill: -0.05, coverage80: null };
  expect(weekReport({ ...facts, figures: worse })).toContain('5.0 % more pinball loss');
});
