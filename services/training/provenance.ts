/**
 * Purpose: how the forecasts that the gate judges came about: what each model was trained on, and
 * whether one looks ahead of its cutoff.
 * Invariants: looks at the forecasters themselves, on the panel they are scored on, at every
 * training: the check does not rely on anyone having been careful. The future is replaced, not only
 * taken away.
 * Fails: with a forecaster's own error.
 */
import type { Domain } from '../../domains/domain.ts';
import { detectLookahead, leakageCutoffs } from '../../forecasting/evaluation/leakage-check.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { indexAt, type Panel } from '../../forecasting/panel/panel.ts';
import { seededRandom } from '../../platform/random.ts';
import type { Provenance } from './gate.ts';

/** A forecaster that learnt, and the last timestamp it learnt from (epoch ms). */
export interface TrainedForecaster {
  readonly forecaster: Forecaster;
  readonly trainingCutoff: number;
}

export function provenanceOf(
  domain: Pick<Domain, 'horizon' | 'futureExogenous'>,
  panel: Panel,
  cutoffs: readonly number[],
  trained: readonly TrainedForecaster[],
  seed: number,
): Provenance {
  // A champion may know of columns that this training leaves out (--demand-only).
  const optionsOf = ({ exogenous }: TrainedForecaster['forecaster']) => ({
    horizon: domain.horizon,
    knownInAdvance: [...domain.futureExogenous, ...(exogenous?.future ?? [])],
    random: seededRandom(seed),
  });
  const some = leakageCutoffs(cutoffs);
  return {
    trainedUpTo: Object.fromEntries(
      trained.map(({ forecaster, trainingCutoff }) => [
        forecaster.name,
        indexAt(panel, trainingCutoff),
      ]),
    ),
    lookahead: trained.flatMap(({ forecaster }) =>
      detectLookahead(forecaster, panel, some, optionsOf(forecaster)) === null
        ? []
        : [forecaster.name],
    ),
  };
}
