/**
 * Purpose: the sample paths of what a model forecasts of a snapshot.
 * Invariants: of one model and one snapshot they are the same everywhere: in every replica, and on
 * the command line.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { USUAL_DEPENDENCE } from '../../../forecasting/paths/fit-dependence.ts';
import { type PathForecast, SamplePaths } from '../../../forecasting/paths/sample-paths.ts';
import { randomStreams, seedFrom } from '../../../platform/random.ts';

export interface PathsRequest
  extends Pick<PathForecast, 'panel' | 'cutoff' | 'horizon' | 'quantiles' | 'prediction'> {
  /** Of the forecaster; undefined if it was not measured. */
  readonly dependence: number | undefined;
  readonly modelVersion: string;
  readonly snapshotVersion: string;
  readonly count: number;
  /** Other paths of the same forecast. */
  readonly draw?: number;
}

export function servedPaths(domain: Domain, request: PathsRequest): SamplePaths {
  const { modelVersion, snapshotVersion, count, draw = 0, ...forecast } = request;
  const { day, week } = seasonsOf(domain);
  const { nonNegative, integerValued } = domain;
  return new SamplePaths(
    {
      ...forecast,
      ...{ day, week, nonNegative, integerValued },
      dependence: forecast.dependence ?? USUAL_DEPENDENCE,
    },
    count,
    randomStreams(seedFrom(modelVersion, snapshotVersion, draw)),
  );
}
