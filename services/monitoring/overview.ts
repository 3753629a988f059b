/**
 * Purpose: what a check found, as the HTTP service shows it: scores of the last weeks by
 * forecaster, day, step, hour of the week and series, verdicts, freshness.
 * Invariants: a forecaster's skill is against the best naive baseline on the same target
 * intervals, so that one which forecast two days is not compared with four weeks; verdicts go on
 * from the overview before, so that a check need not read all checks.
 * Fails: never.
 */
import { groupBy } from '../../forecasting/evaluation/group-by.ts';
import {
  comparable,
  type LiveScore,
  liveScores,
  type ScoreRow,
  withoutVersions,
} from '../../forecasting/evaluation/live-scores.ts';
import { NAIVE_NAMES } from '../../forecasting/models/baselines/naive.ts';
import type { CheckEntry, StandingVerdict } from '../../storage/monitoring/check-log.ts';
import {
  FORECASTER_PLACES,
  type ForecasterPlace,
  type Overview,
  type OverviewForecaster,
  type OverviewPair,
  type OverviewScore,
  type OverviewVerdict,
} from '../../storage/monitoring/overviews.ts';
import type { ScoreDay } from '../../storage/scores/score-log.ts';
import { type KnownDay, monitoringReport, type Pair } from './report.ts';

export interface OverviewRequest {
  readonly now: number;
  /** Of targets in [from, now). */
  readonly from: number;
  readonly check: Pick<CheckEntry, 'number' | 'verdicts'>;
  readonly days: readonly ScoreDay[];
  /** The overview of the check before; null: none. */
  readonly before: Pick<Overview, 'verdicts'> | null;
  readonly freshness: Overview['freshness'];
  /** Model versions by their place now. */
  readonly models: Readonly<Record<'champion' | 'challenger' | 'previous' | 'twin', string | null>>;
  readonly knownDays: readonly KnownDay[];
  readonly timeZone: string;
}

export function overviewOf(request: OverviewRequest): Overview {
  const { now, from, check, before, freshness, models, timeZone } = request;
  const days = request.days.filter(({ day }) => day >= from);
  const report = monitoringReport({
    ...{ from, until: now, days, checks: [], decisions: [], knownDays: request.knownDays },
    timeZone,
  });
  const { bestNaive } = report;
  const pairOf = ({ served, naive }: Pair): OverviewPair => ({
    served: served && figures(served),
    naive: naive && figures(naive),
  });
  const [served] = report.forecasters.filter(({ role }) => role === 'serving');
  const forecastersOf = (rows: readonly ScoreRow[]) => byForecaster(rows, bestNaive, models);
  return {
    ...{ at: now, checkNumber: check.number, from, freshness },
    ...{ champion: models.champion, bestNaive, pending: report.pending },
    served: served === undefined ? null : figures(served),
    forecasters: forecastersOf(days.flatMap(({ rows }) => rows)),
    days: report.days.map((pair, i) => ({
      ...{ day: pair.day, ...pairOf(pair) },
      forecasters: forecastersOf(days[i]?.rows ?? []),
    })),
    steps: report.steps.map((pair, i) => ({ step: i + 1, ...pairOf(pair) })),
    hoursOfWeek: report.hoursOfWeek.map(pairOf),
    series: report.series.map(({ seriesId, share, ...pair }) => ({
      ...{ seriesId, share: known(share), ...pairOf(pair) },
    })),
    verdicts: verdictsOf(check.verdicts, before?.verdicts ?? [], { now, from }),
    knownDays: report.knownDays,
  };
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

function figures(score: LiveScore): OverviewScore {
  const { pairs, mae, wape, bias, pinball, coverage, nominal, skill } = score;
  return {
    ...{ pairs, mae: known(mae), wape: known(wape), bias: known(bias) },
    ...{ pinball: known(pinball), coverage: known(coverage), nominal: known(nominal) },
    skill: known(skill),
  };
}

/** Every version and baseline; of one that was served and in shadow the role of more pairs. */
function byForecaster(
  rows: readonly ScoreRow[],
  bestNaive: string | null,
  models: OverviewRequest['models'],
): OverviewForecaster[] {
  const reference = new Map(
    comparable(
      withoutVersions(rows).filter(
        ({ dimension, forecaster }) => dimension === 'target' && forecaster === bestNaive,
      ),
    ).map((row) => [row.key, row]),
  );
  const groups = groupBy(rows, ({ forecaster, modelVersion }) =>
    JSON.stringify([forecaster, modelVersion]),
  );
  return [...groups.values()]
    .flatMap((own): OverviewForecaster[] => {
      const score = liveScores(own).reduce<LiveScore | null>(
        (most, one) => (most === null || one.pairs > most.pairs ? one : most),
        null,
      );
      if (score === null) return [];
      const { forecaster, modelVersion, role } = score;
      const skill = skillOn(
        own.filter((row) => row.dimension === 'target' && row.role === role),
        reference,
      );
      const place = placeOf(score, models);
      return [{ place, forecaster, modelVersion, ...figures({ ...score, skill }) }];
    })
    .sort((a, b) => rankOf(a) - rankOf(b) || b.pairs - a.pairs);
}

const rankOf = ({ place }: OverviewForecaster): number => FORECASTER_PLACES.indexOf(place);

/** 1 − loss / the reference's loss on the same targets, scaled to as many pairs. */
function skillOn(own: readonly ScoreRow[], reference: ReadonlyMap<string, ScoreRow>): number {
  let loss = 0;
  let referenceLoss = 0;
  for (const { key, pinball, pairs } of own) {
    const other = reference.get(key);
    if (other === undefined) continue;
    loss += pinball;
    referenceLoss += (other.pinball / other.pairs) * pairs;
  }
  return 1 - loss / referenceLoss;
}

function placeOf(
  { forecaster, modelVersion, role }: LiveScore,
  models: OverviewRequest['models'],
): ForecasterPlace {
  if (NAIVE_NAMES.includes(forecaster)) return 'naive';
  for (const place of ['champion', 'challenger', 'previous', 'twin'] as const)
    if (modelVersion !== null && models[place] === modelVersion) return place;
  return role === 'serving' ? 'served' : 'shadow';
}

/** Those that stand, and those that ended within the span. */
function verdictsOf(
  standing: readonly StandingVerdict[],
  before: readonly OverviewVerdict[],
  { now, from }: { readonly now: number; readonly from: number },
): OverviewVerdict[] {
  const nameOf = ({ name, since }: StandingVerdict) => `${name} ${since}`;
  const current = new Map(standing.map((one) => [nameOf(one), one]));
  const earlier = new Map(before.map((one) => [nameOf(one), one]));
  const ended = before
    .filter((one) => !current.has(nameOf(one)))
    .map((one) => ({ ...one, endedAt: one.endedAt ?? now }))
    .filter(({ endedAt }) => endedAt >= from);
  const open = standing.map((one) => ({
    ...one,
    detectedAt: earlier.get(nameOf(one))?.detectedAt ?? one.detectedAt,
    endedAt: null,
  }));
  return [...ended, ...open].sort((a, b) => a.since - b.since);
}
