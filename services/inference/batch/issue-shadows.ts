/**
 * Purpose: what others forecast at the moment of a batch, with the same knowledge: the naive
 * baselines, the previous champion, the scored model of which the champion is a refit, and
 * challengers by name. Rows of the ledger like the champion's, so that skill is live and a rollback
 * has evidence.
 * Invariants: the same snapshot, cutoff, horizon and series as the batch; baselines have the
 * intervals that the gate compares with. None of them can fail the batch: one that cannot be read
 * or cannot forecast is reported to `onFailure` and left out.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { baselineDistribution } from '../../../forecasting/models/baselines/baseline-intervals.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import { type Forecaster, predictWhole } from '../../../forecasting/models/forecaster.ts';
import { indexAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { RestoreForecaster, ServedModels } from '../ports.ts';
import { precompute, unknownInputs } from '../serving/precompute.ts';
import { contextOf } from '../serving/shared-context.ts';
import type { IssuedForecasts } from './issue-forecasts.ts';

export interface ShadowRequest {
  readonly domain: Domain;
  readonly registry: Pick<ServedModels, 'load' | 'earlierChampions'>;
  readonly restoreForecaster: RestoreForecaster;
  /** Model versions. */
  readonly challengers?: readonly string[];
  /**
   * Those of `shadowBaselines`, by default made for this batch: who forecasts from one panel at
   * many cutoffs keeps them, and with them what they keep of the panel.
   */
  readonly baselines?: readonly Forecaster[];
  /** @param shadow the name of a baseline, or a model version */
  readonly onFailure: (shadow: string, error: unknown) => void;
}

export async function issueShadows(
  request: ShadowRequest,
  issued: IssuedForecasts,
): Promise<LedgerIssue[]> {
  const { domain, onFailure } = request;
  const issues: LedgerIssue[] = [];
  const attempt = async (shadow: string, make: () => Promise<LedgerIssue>) => {
    try {
      issues.push(await make());
    } catch (error) {
      onFailure(shadow, error);
    }
  };
  if (issued.entry.seriesIds.length === 0) return [];
  for (const baseline of request.baselines ?? shadowBaselines(domain))
    await attempt(baseline.name, async () => ({
      ...sameAs(issued, baseline, null),
      ...predictWhole(baseline, issued.panel, issued.cutoff, issued.entry.horizon),
    }));
  for (const modelVersion of await shadowModels(request, issued))
    await attempt(modelVersion, () => modelIssue(request, issued, modelVersion));
  return issues;
}

/** The naive baselines, with the intervals that the gate compares with. */
export function shadowBaselines(domain: Domain): Forecaster[] {
  const { day, baseline: week } = seasonsOf(domain);
  const { quantiles, nonNegative, integerValued } = domain;
  const options = { quantiles, day, week, nonNegative, integerValued };
  return naiveForecasters(week, domain.frequencyMinutes).map((point) =>
    baselineDistribution(point, options),
  );
}

/** Each once, and never the one that serves. */
async function shadowModels(
  { registry, challengers = [], onFailure }: ShadowRequest,
  { entry, refitOf }: IssuedForecasts,
): Promise<string[]> {
  const earlier = await registry.earlierChampions().catch((error: unknown) => {
    onFailure('previous champion', error);
    return [];
  });
  const named = [earlier[0]?.modelVersion ?? null, refitOf, ...challengers];
  return [...new Set(named)].filter(
    (version): version is string => version !== null && version !== entry.modelVersion,
  );
}

async function modelIssue(
  { domain, registry, restoreForecaster }: ShadowRequest,
  issued: IssuedForecasts,
  modelVersion: string,
): Promise<LedgerIssue> {
  const { model, weights } = await registry.load(modelVersion);
  const forecaster = restoreForecaster(model, weights);
  const panel = (await contextOf(forecaster, issued.snapshot))(issued.stored);
  const cutoff = indexAt(panel, issued.entry.cutoff);
  const { horizon } = issued.entry;
  // Refuses a snapshot without a column that the model reads.
  unknownInputs(forecaster, panel, cutoff, seasonsOf(domain).day, horizon);
  const { values, mean } = await precompute(
    forecaster,
    panel,
    cutoff,
    horizon,
    domain,
    undefined,
    issued.atOnce,
  );
  return { ...sameAs(issued, forecaster, modelVersion), values, mean };
}

/** A shadow of what was issued, but for its values. */
const sameAs = (
  { entry }: IssuedForecasts,
  { name, quantiles }: Forecaster,
  modelVersion: string | null,
) =>
  ({
    ...entry,
    forecaster: name,
    modelVersion,
    quantiles,
    role: 'shadow',
    fallback: null,
  }) as const;
