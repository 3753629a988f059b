/** Purpose: accuracy by hour of the week is by the local clock, also where it is off by a part. */
import { expect, test } from '@jest/globals';
import type { ScoreRow } from '../../../../forecasting/evaluation/live-scores.ts';
import { monitoringReport } from '../../../../services/monitoring/report.ts';

const DAY = 86_400_000;

test.each([
  ['2026-01-05T18:30Z', 'Asia/Kolkata', 1, 0],
  ['2026-01-05T18:15Z', 'Asia/Kathmandu', 1, 0],
  ['2026-01-05T03:30Z', 'America/St_Johns', 0, 0],
  ['2026-01-05T05:00Z', 'America/New_York', 0, 0],
])('%s in %s is weekday %d, hour %d', (time, timeZone, weekday, hour) => {
  const at = Date.parse(time);
  const row = {
    ...{ forecaster: 'network', modelVersion: 'm', role: 'serving', nominal: 0.8 },
    ...{ dimension: 'target', key: String(at), pairs: 1, absoluteError: 1, absoluteActual: 1 },
    ...{ error: 0, pinball: 1, expectedPinball: 1, inside: 1 },
  } as ScoreRow;
  const day = Math.floor(at / DAY) * DAY;
  const { hoursOfWeek } = monitoringReport({
    ...{ from: day, until: day + DAY, timeZone, checks: [], decisions: [], knownDays: [] },
    days: [{ day, scoredAt: day + DAY, truth: '', pending: 0, rows: [row] }],
  });
  const found = hoursOfWeek.flatMap(({ served }, i) =>
    served ? [[Math.floor(i / 24), i % 24]] : [],
  );
  expect(found).toEqual([[weekday, hour]]);
});
