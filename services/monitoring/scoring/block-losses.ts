/**
 * Purpose: live losses by block of time, as decisions compare them, from the sums of scored days.
 * Invariants: a model that is both served and in shadow counts once, with the role that has more
 * pairs; point forecasters, which have no pinball loss, are left out. Coverage is of intervals that
 * are to hold 80 %: of a model with other outermost quantiles there is none.
 * Fails: never.
 */
import { groupBy } from '../../../forecasting/evaluation/group-by.ts';
import type { ScoreRow } from '../../../forecasting/evaluation/live-scores.ts';
import type { BlockLoss } from '../decisions/live-losses.ts';

const HOUR_MS = 3_600_000;

export function blockLosses(rows: readonly ScoreRow[], blockHours: number): BlockLoss[] {
  const blockMs = blockHours * HOUR_MS;
  const blockOf = ({ key }: ScoreRow) => Math.floor(Number(key) / blockMs) * blockMs;
  const targets = rows.filter(
    ({ dimension, pinball }) => dimension === 'target' && !Number.isNaN(pinball),
  );
  const groups = groupBy(targets, (row) =>
    JSON.stringify([blockOf(row), row.forecaster, row.modelVersion]),
  );
  return [...groups.values()].map((group) => {
    const roles = [...groupBy(group, ({ role }) => role).values()];
    const most = roles.reduce((a, b) => (pairsOf(b) > pairsOf(a) ? b : a));
    const { forecaster, modelVersion } = most[0] as ScoreRow;
    const pairs = pairsOf(most);
    const of80 = most.filter(({ nominal }) => Math.abs(nominal - 0.8) < 1e-9);
    const inside = of80.reduce((total, row) => total + row.inside, 0);
    return {
      start: blockOf(most[0] as ScoreRow),
      ...{ forecaster, modelVersion, pairs },
      pinball: most.reduce((total, row) => total + row.pinball, 0) / pairs,
      ...(of80.length === 0 ? {} : { covered80: inside / pairsOf(of80) }),
    };
  });
}

const pairsOf = (rows: readonly ScoreRow[]): number =>
  rows.reduce((total, { pairs }) => total + pairs, 0);
