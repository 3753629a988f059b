/**
 * Purpose: the coded error for a panel that no model can be fitted on.
 * Invariants: any other error passes through unchanged.
 * Fails: HISTORY_TOO_SHORT where no training window has enough known values; PANEL_INVALID where
 * the targets have no plausible scale.
 */
import { UnlearnableError } from '../../forecasting/models/network/input-scaling.ts';
import { HeadwayError } from '../../platform/errors.ts';

/** Runs a fit, and gives what it throws of the panel a code. */
export async function withFitErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnlearnableError)) throw error;
    throw error.lacks === 'history'
      ? new HeadwayError('HISTORY_TOO_SHORT', error.message, {
          fix:
            'Provide more history (`headway features run`), or shorten the test span ' +
            '(--test-days).',
          cause: error,
        })
      : new HeadwayError('PANEL_INVALID', error.message, {
          fix:
            'Look for series whose values jump by orders of magnitude (the data-quality ' +
            'report of `headway features run` shows them), and correct or remove them at the ' +
            'source.',
          cause: error,
        });
  }
}
