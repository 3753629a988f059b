/**
 * Purpose: live scores, computed a second time in SQL over the Parquet of the ledger: equal to the
 * last digit, with forecasts that were issued twice, actuals that come late and a correction.
 */
import { expect, test } from '@jest/globals';
import { liveScores, liveScoresBy } from '../../../forecasting/evaluation/live-scores.ts';
import { createPanel, type Panel } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import { seededRandom } from '../../../platform/random.ts';
import { scoreLedger } from '../../../services/monitoring/scoring/score-ledger.ts';
import { type Ledger, type LedgerIssue, openLedger } from '../../../storage/ledger/ledger.ts';
import { openScoreLog } from '../../../storage/scores/score-log.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2023, 10, 4);
const SERIES = ['a', 'b', "it's"];
const HORIZON = 6;
const HOURS = 72;
/** Sums of 64ths, and quarters of them, are exact, so that the order of adding changes nothing. */
const exact = (value: number) => Math.round(value * 64) / 64;

function issuesOf(random: () => number): LedgerIssue[] {
  return Array.from({ length: HOURS }, (_, hour) => hour).flatMap((hour) => {
    const issue = (more: Partial<LedgerIssue>): LedgerIssue => ({
      issuedAt: START + hour * HOUR,
      cutoff: START + (hour - 1) * HOUR,
      ...{ forecaster: 'network', modelVersion: hour < 40 ? 'one' : 'two' },
      ...{ snapshotVersion: '1-abcdefabcdef', role: 'serving', origin: 'batch', fallback: null },
      ...{ quantiles: [0.125, 0.5, 0.75, 0.875], horizon: HORIZON, frequencyMinutes: 60 },
      seriesIds: SERIES,
      values: SERIES.flatMap(() => {
        const medians = Array.from({ length: HORIZON }, () => exact(8 * random()));
        return [-1.5, 0, 2.25, 3].flatMap((shift) => medians.map((median) => median + shift));
      }),
      mean: null,
      ...more,
    });
    const naive = { forecaster: 'seasonal_naive', modelVersion: null, role: 'shadow' as const };
    const again = { issuedAt: START + hour * HOUR + 60_000, origin: 'served' as const };
    return [issue({}), issue(naive), ...(hour % 5 === 0 ? [issue(again)] : [])];
  });
}

const truthOf = (random: () => number, length: number, corrected?: number): Panel =>
  createPanel({
    ...{ seriesIds: SERIES, start: START, frequencyMinutes: 60, length },
    columns: {
      target: Float32Array.from({ length: SERIES.length * length }, (_, i) => {
        const value = exact(10 * random());
        if (i % 17 === 3) return Number.NaN;
        return i === corrected ? value + 4 : value;
      }),
    },
  });

/** Forecaster and key → pairs, errors, losses, hits. */
async function inSql(ledger: Ledger, panel: Panel, now: number, key: string) {
  const files = await ledger.files(await ledger.parts());
  const actuals = SERIES.flatMap((id, s) =>
    Array.from({ length: panel.length }, (_, t) => {
      const value = panel.columns.target[s * panel.length + t] as number;
      const at = `make_timestamp(${(START + t * HOUR) * 1000})`;
      return Number.isNaN(value)
        ? []
        : [`('${id.replaceAll("'", "''")}', ${at}, ${value}::DOUBLE)`];
    }).flat(),
  );
  const loss = (column: string, q: number) =>
    `greatest(${q} * (y - ${column}), (${q} - 1) * (y - ${column}))`;
  const sql = `
    WITH actual(series_id, target_at, y) AS (VALUES ${actuals.join(', ')}),
    first AS (
      SELECT * FROM ${parquetFiles(files)}
      QUALIFY row_number() OVER (
        PARTITION BY forecaster, model_version, role, series_id, cutoff, step ORDER BY issued_at
      ) = 1
    )
    SELECT concat(forecaster, ' ', coalesce(model_version, '-'), ' ', ${key}), count(*)::INTEGER,
      sum(abs(q50::DOUBLE - y)), sum(q50::DOUBLE - y), sum(abs(y)),
      sum((${loss('q12_5::DOUBLE', 0.125)} + ${loss('q50::DOUBLE', 0.5)} +
        ${loss('q75::DOUBLE', 0.75)} + ${loss('q87_5::DOUBLE', 0.875)}) / 4),
      sum((y BETWEEN q12_5 AND q87_5)::INTEGER)::INTEGER
    FROM first JOIN actual USING (series_id, target_at)
    WHERE target_at < make_timestamp(${now * 1000})
    GROUP BY 1`;
  const rows = await withSqlSession((session) => session.rows(sql));
  return new Map(
    rows.map(([name, pairs, absolute, error, size, pinball, inside]) => {
      const [n, a, e, y, p, i] = [pairs, absolute, error, size, pinball, inside].map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return [
        name as string,
        { pairs: n, mae: a / n, bias: e / n, wape: a / y, pinball: p / n, coverage: i / n },
      ];
    }),
  );
}

const figures = (scores: ReturnType<typeof liveScores>, key: string) =>
  scores.map(({ forecaster, modelVersion, ...score }) => {
    const { pairs, mae, bias, wape, pinball, coverage } = score;
    const name = `${forecaster} ${modelVersion ?? '-'} ${key}`;
    return [name, { pairs, mae, bias, wape, pinball, coverage }] as const;
  });

test('equals SQL over Parquet, with late actuals and a correction', async () => {
  const ledger = openLedger({
    store: memoryObjectStore(),
    domain: 'toy',
    clock: fixedClock(START),
  });
  const issues = issuesOf(seededRandom(7));
  for (let at = 0; at < issues.length; at += 40) await ledger.append(issues.slice(at, at + 40));
  const scores = openScoreLog({ store: memoryObjectStore(), domain: 'toy' });
  const request = { ledger, scores, posts: [], records: null, from: START, openDays: 1 };
  const score = (panel: Panel, now: number) => scoreLedger({ ...request, panel, now });

  for (const [length, corrected] of [[30], [60], [72], [72, 5]] as [number, number?][]) {
    const panel = truthOf(seededRandom(3), length, corrected);
    const now = START + length * HOUR + (corrected ? DAY : 0);
    expect((await score(panel, now)).length).toBeGreaterThan(0);
    const rows = (await scores.days()).flatMap((day) => day.rows);
    const own = new Map(figures(liveScores(rows), 'all'));
    const inAll = await inSql(ledger, panel, now, "'all'");
    expect(own).toEqual(inAll);
    const naive = inAll.get('seasonal_naive - all')?.pinball as number;
    for (const { forecaster, modelVersion, skill } of liveScores(rows))
      expect(skill).toBe(
        1 - (inAll.get(`${forecaster} ${modelVersion ?? '-'} all`)?.pinball as number) / naive,
      );
    const bySeries = [...liveScoresBy(rows, 'series')].flatMap(([id, of]) => figures(of, id));
    expect(new Map(bySeries)).toEqual(await inSql(ledger, panel, now, 'series_id'));
    const bySteps = [...liveScoresBy(rows, 'step')].flatMap(([step, of]) => figures(of, step));
    expect(new Map(bySteps)).toEqual(await inSql(ledger, panel, now, 'step'));
  }
});

test('scores only a correction again, and keeps what was known before', async () => {
  const ledger = openLedger({
    store: memoryObjectStore(),
    domain: 'toy',
    clock: fixedClock(START),
  });
  await ledger.append(issuesOf(seededRandom(7)));
  const scores = openScoreLog({ store: memoryObjectStore(), domain: 'toy' });
  const score = (panel: Panel, now: number) =>
    scoreLedger({ ledger, scores, posts: [], records: null, from: START, openDays: 1, panel, now });
  const [first, later] = [START + 10 * DAY, START + 11 * DAY];
  expect(await score(truthOf(seededRandom(3), HOURS), first)).toHaveLength(4);
  expect(await score(truthOf(seededRandom(3), HOURS), later)).toEqual([]);
  const before = await scores.days();
  expect(await score(truthOf(seededRandom(3), HOURS, 30), later)).toEqual([START + DAY]);
  expect(await scores.days({ asOf: first })).toEqual(before);
  expect(await scores.days()).not.toEqual(before);
});
