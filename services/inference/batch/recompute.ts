/**
 * Purpose: compute a forecast of the ledger again, from the stored model and snapshot, and compare:
 * the proof that a row is what it says.
 * Invariants: the same functions as the batch and the service; a value counts as the same only if
 * it is so bit for bit, and unknown where it was unknown or may not be served. The snapshot is read
 * as its online view, or from its objects where that was collected; of a collected snapshot, as
 * what was known at the time of issue.
 * Fails: never for a reason of the issue: what was collected, or cannot be read, is an outcome.
 * STORE_UNAVAILABLE is passed on.
 */
import type { Domain } from '../../../domains/domain.ts';
import { recentCache } from '../../../forecasting/features/recent-cache.ts';
import {
  baselineDistribution,
  baselineWithIntervals,
} from '../../../forecasting/models/baselines/baseline-intervals.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import { type Forecaster, predictWhole } from '../../../forecasting/models/forecaster.ts';
import { indexAt, onlyRows, type Panel, targetOf } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { describeError, HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import type { CanonicalIssue } from '../../../storage/ledger/ledger.ts';
import type { RestoreForecaster, ServedModels } from '../ports.ts';
import { judgeForecast } from '../serving/precompute.ts';

export interface RecomputeRequest {
  readonly domain: Domain;
  readonly features: Pick<FeatureStore, 'manifest' | 'readOnline' | 'readAsOf'>;
  readonly registry: Pick<ServedModels, 'load'>;
  readonly restoreForecaster: RestoreForecaster;
}

export interface Recomputation {
  /** `gone`: the model or the snapshot is not there any more. */
  readonly outcome: 'same' | 'differs' | 'gone';
  /** Why, for people; null where it is the same. */
  readonly reason: string | null;
}

type Candidate = () => Promise<Panel>;

/** Issues of one snapshot in a row are cheap: the last panels and models are kept. */
export function recomputer(
  request: RecomputeRequest,
): (issue: CanonicalIssue) => Promise<Recomputation> {
  const panels = recentCache<Promise<Panel>>(3);
  const models = recentCache<Promise<Forecaster>>(4);
  return async (issue) => {
    let forecaster: Forecaster;
    try {
      const { modelVersion } = issue;
      forecaster =
        modelVersion === null
          ? baselineLike(request.domain, issue)
          : await models(modelVersion, () => restored(request, modelVersion));
    } catch (error) {
      return missing(error);
    }
    let last: Recomputation | null = null;
    for (const [name, read] of candidatesOf(request, issue)) {
      try {
        const found = compare(request.domain, forecaster, await panels(name, read), issue);
        if (found.outcome === 'same') return found;
        // The likeliest panel has the difference to show.
        if (last?.outcome !== 'differs') last = found;
      } catch (error) {
        last ??= missing(error);
      }
    }
    return last as Recomputation;
  };
}

async function restored(
  { registry, restoreForecaster }: RecomputeRequest,
  modelVersion: string,
): Promise<Forecaster> {
  const { model, weights } = await registry.load(modelVersion);
  return restoreForecaster(model, weights);
}

/** The panels that the issue may have been made from, the likeliest first. */
function candidatesOf(
  { features }: RecomputeRequest,
  { snapshotVersion, issuedAt }: CanonicalIssue,
): [name: string, read: Candidate][] {
  return [
    [
      `view ${snapshotVersion}`,
      async () => (await features.readOnline(await features.manifest(snapshotVersion))).panel,
    ],
    [
      `span ${snapshotVersion}`,
      async () => {
        const { online } = await features.manifest(snapshotVersion);
        return features.readAsOf({
          snapshotVersion,
          ...(online === null ? {} : { from: online.span.start }),
        });
      },
    ],
    [`known ${issuedAt}`, () => features.readAsOf({ knownAt: issuedAt })],
  ];
}

/** The baseline of that name: with intervals as the service has them, or as a shadow does. */
function baselineLike(
  domain: Domain,
  { forecaster: name, role, quantiles }: CanonicalIssue,
): Forecaster {
  const { day, baseline: week } = seasonsOf(domain);
  const { nonNegative, integerValued } = domain;
  const options = { quantiles, day, week, nonNegative, integerValued };
  const point = naiveForecasters(week, domain.frequencyMinutes).find((one) => one.name === name);
  if (point === undefined)
    throw new HeadwayError('MODEL_NOT_FOUND', `there is no baseline ${name}`, { where: name });
  return role === 'shadow'
    ? baselineDistribution(point, options)
    : baselineWithIntervals(point, options);
}

function compare(
  domain: Domain,
  forecaster: Forecaster,
  stored: Panel,
  issue: CanonicalIssue,
): Recomputation {
  const whole = forecaster.withContext?.(stored) ?? stored;
  const rows = issue.seriesIds.map((id) => whole.seriesIds.indexOf(id));
  const cutoff = indexAt(whole, issue.cutoff);
  if (rows.includes(-1) || !Number.isInteger(cutoff) || cutoff < 0 || cutoff >= whole.length)
    return { outcome: 'differs', reason: 'the snapshot lacks one of its series, or its cutoff' };
  const { quantiles, horizon } = issue;
  const panel = onlyRows(whole, rows);
  const made = predictWhole(forecaster, panel, cutoff, horizon);
  const size = quantiles.length * horizon;
  for (const row of rows.keys()) {
    const [from, to] = [row * size, (row + 1) * size];
    if (!issue.values.subarray(from, to).every(Number.isNaN)) continue;
    // Numbers that may not be served are written as none.
    const [own, shape] = [made.values.subarray(from, to), { quantiles: quantiles.length, horizon }];
    if (judgeForecast(own, targetOf(panel, row), cutoff, shape, domain) === 'sound') continue;
    own.fill(Number.NaN);
    made.mean.fill(Number.NaN, row * horizon, (row + 1) * horizon);
  }
  let count = 0;
  let greatest = 0;
  const compareAll = (again: Float32Array, values: Float32Array) => {
    for (let i = 0; i < Math.max(again.length, values.length); i++) {
      if (Object.is(again[i], values[i])) continue;
      count++;
      greatest = Math.max(greatest, Math.abs((again[i] as number) - (values[i] as number)) || 0);
    }
  };
  compareAll(made.values, issue.values);
  // Issues of earlier versions have no means.
  if (issue.mean !== null) compareAll(made.mean, issue.mean);
  if (count === 0) return { outcome: 'same', reason: null };
  const compared = issue.values.length + (issue.mean?.length ?? 0);
  const reason =
    `${count} of ${compared} numbers differ, by at most ${greatest.toPrecision(3)} ` +
    '(another tensor backend or version differs in the last bits)';
  return { outcome: 'differs', reason };
}

function missing(error: unknown): Recomputation {
  if (isHeadwayError(error, 'STORE_UNAVAILABLE')) throw error;
  return { outcome: 'gone', reason: describeError(error) };
}
