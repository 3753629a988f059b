/**
 * Purpose: one training run: read a snapshot, backtest and fit, register the model with its card,
 * and if it passes the gate, fit the same recipe on all data and promote that.
 * Invariants: the model that is judged is registered as it was scored; what is promoted is that
 * model or its refit, whose card names both; the card names the snapshot, the panel's hash, the
 * seed and the evidence; the verdict is in the registry's append-only log, whatever the outcome.
 * Fails: SNAPSHOT_EMPTY, HISTORY_TOO_SHORT. A damaged champion is not a failure: the verdict says
 * that it was left out of the comparison.
 */

import type { Domain, Source } from '../../domains/domain.ts';
import {
  type GroupReliability,
  reliability,
  reliabilityJson,
} from '../../forecasting/evaluation/reliability.ts';
import { NO_EXOGENOUS } from '../../forecasting/features/exogenous.ts';
import { networkForecaster, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { declaredName } from '../../forecasting/panel/exogenous-columns.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import type { Clock } from '../../platform/clock.ts';
import { isHeadwayError } from '../../platform/errors.ts';
import type { Progress } from '../../platform/progress.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { buildEnvironment } from '../../platform/tensorflow/build-environment.ts';
import { hashPanel } from '../../storage/features/panel-hash.ts';
import type { ModelCard } from '../../storage/models/model-card.ts';
import {
  type ModelRegistry,
  type RegisterRequest,
  wasReplaced,
} from '../../storage/models/model-registry.ts';
import { restoreChampion, warmStartOf } from './champion.ts';
import { nextLevel } from './error-budget.ts';
import {
  baselinesOf,
  type Evaluation,
  type EvaluationRequest,
  evaluate,
  oracleForecaster,
} from './evaluation.ts';
import { type GateVerdict, judge } from './gate.ts';
import { provenanceOf } from './provenance.ts';
import { refit } from './refit.ts';
import { fitToHistory } from './short-history.ts';
import type { TrainingConfig } from './training-config.ts';
import { logOutliers, readTrainingPanel, type TrainingFeatures } from './training-panel.ts';
import type { Workers } from './workers/members.ts';

export interface TrainingRequest {
  readonly domain: Domain;
  readonly features: TrainingFeatures;
  readonly registry: ModelRegistry;
  readonly config: TrainingConfig;
  readonly seed: number;
  readonly backend: string;
  /**
   * Processes for the ensemble's members; without them they are fitted one after another in this
   * one.
   */
  readonly workers?: Workers | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
  /** Train on this snapshot instead of the latest. */
  readonly snapshotVersion?: string;
  /** Train on what was known then, instead of all that the snapshot holds. */
  readonly knownAt?: number;
  /**
   * The test span, its cutoffs and the calibration shrink if the history is short, unless they were
   * requested.
   */
  readonly adaptsToHistory?: boolean;
  /** Start from the champion's weights if they are compatible and have not seen the test span. */
  readonly warmStart?: boolean;
  /** false: what is promoted is the model that was scored, without the last weeks. */
  readonly refit?: boolean;
  /** false: a model that passes is registered and not promoted, because it runs in shadow first. */
  readonly promotes?: boolean;
  readonly oracle?: Source['oracle'];
  /** The chart that the store keeps with the verdict, as SVG. */
  readonly drawVerdict: (verdict: VerdictChart) => string | Promise<string>;
}

/** What the chart of a verdict shows. */
export interface VerdictChart extends Pick<GateVerdict, 'outcome' | 'reason' | 'comparisons'> {
  readonly title: string;
  readonly unit: string;
}

export interface TrainingResult {
  /** Of the refit if there is one, or else of the model that was scored. */
  readonly card: ModelCard;
  /** The model that was scored: the same, or the twin of one that was refitted. */
  readonly scored: ModelCard;
  /** Why a model that passed was not fitted again on all data; null if it was, or did not pass. */
  readonly notRefitted: string | null;
  readonly verdict: GateVerdict;
  readonly evaluation: Evaluation;
  /** What it was trained with: that of the request, or made for a short history. */
  readonly config: TrainingConfig;
  readonly panel: Panel;
  readonly reliability: readonly GroupReliability[];
  /** null: the quantiles were calibrated on held-out cutoffs; else why not. */
  readonly uncalibrated: string | null;
  /** The model that the fit started from. */
  readonly warmStart: string | null;
}

export async function train(asked: TrainingRequest): Promise<TrainingResult> {
  const { domain, features, registry, seed, backend, logger } = asked;
  const { manifest, panel, knownAt } = await readTrainingPanel(features, domain, {
    ...asked,
    maxValues: asked.config.maxValues,
  });
  const config = asked.adaptsToHistory ? fitToHistory(domain, panel, asked.config) : asked.config;
  if (config !== asked.config)
    logger.warn({ testDays: config.testDays }, 'the history is short, and so is the test span');
  const request = { ...asked, config };
  logOutliers(panel, domain, logger);
  const reign = await restoreChampion(registry, domain, panel, logger);
  const { champion, leftOut } = reign;
  const oracle = request.oracle ? oracleForecaster(domain.quantiles, request.oracle) : null;
  const others = [champion?.forecaster ?? null, oracle].filter((f) => f !== null);
  const start = request.warmStart ? warmStartOf(champion, { domain, panel, config, logger }) : null;
  const warmStart = (start && champion?.modelVersion) ?? null;
  const evaluation = await evaluate({ ...request, panel, others, warmStart: start });
  const challenger = {
    forecaster: networkForecaster(evaluation.fitted),
    trainingCutoff: evaluation.trainingCutoff,
  };
  const trained = champion ? [challenger, champion] : [challenger];
  const provenance = provenanceOf(domain, panel, evaluation.result.cutoffs, trained, seed);
  const level = nextLevel(await registry.promotions(), request.clock.now());
  const judged = judge(evaluation.result, 'network', {
    ...provenance,
    baselines: await baselinesOf(domain, panel, evaluation.result),
    groups: evaluation.groups.filter(({ series }) => series.length < panel.seriesIds.length),
    ...{ level, leftOut },
  });
  const reliable = reliabilityOf(evaluation);
  const uncalibrated = whyUncalibrated(evaluation, config);
  if (uncalibrated) logger.warn(uncalibrated);
  const exogenous = exogenousOf(evaluation, panel, logger);
  const card = {
    snapshotVersion: manifest.snapshotVersion,
    knownAt,
    trainingCutoff: evaluation.trainingCutoff,
    panelHash: hashPanel(panel),
    forecaster: 'network',
    config: { ...config, exogenous, ...(warmStart ? { warmStart } : {}) },
    seed,
    backend,
    madeWith: buildEnvironment(),
    trainingSeconds: evaluation.trainingSeconds,
    quantiles: domain.quantiles,
    horizon: domain.horizon,
    metrics: withReliability(jsonMetrics(evaluation), reliable),
    evidence: evidenceOf(judged, level),
  };
  const scored = await registry.register({ ...saveNetwork(evaluation.fitted), card });
  const refitted = judged.promoted
    ? await refitOf({ ...request, panel, warmStart: start }, evaluation, scored, card)
    : { card: scored, why: null };
  const verdict = await recordVerdict(request, judged, {
    ...{ ...refitted, scored, evidence: card.evidence, over: reign.reigning },
  });
  logger.info(
    {
      modelVersion: refitted.card.modelVersion,
      scored: scored.modelVersion,
      seconds: card.trainingSeconds,
      outcome: verdict.outcome,
    },
    verdict.reason,
  );
  return {
    ...{ card: refitted.card, scored, notRefitted: refitted.why, verdict, evaluation },
    ...{ config, panel },
    ...{ reliability: reliable, uncalibrated, warmStart },
  };
}

/** The card of the refit; that of the scored model, and why, where there is none. */
async function refitOf(
  request: Omit<TrainingRequest, 'warmStart'> & EvaluationRequest,
  { fitted: twin, result }: Evaluation,
  scored: ModelCard,
  card: RegisterRequest['card'],
): Promise<{ card: ModelCard; why: string | null }> {
  if (request.refit === false) return { card: scored, why: 'the refit on all data is off' };
  const outcome = await refit(request, twin, result.cutoffs).catch((error: unknown) => {
    // Data from which nothing can be learnt is no reason to lose the model that passed.
    if (isHeadwayError(error)) return error.message;
    throw error;
  });
  const problem = typeof outcome === 'string' ? outcome : outcome.problem;
  if (typeof outcome === 'string' || problem !== null) {
    request.logger.warn({ twin: scored.modelVersion, problem }, 'the refit is not served');
    return { card: scored, why: problem };
  }
  const { fitted, checks, trainingCutoff, seconds } = outcome;
  const own = {
    ...card,
    trainingCutoff,
    trainingSeconds: seconds,
    refit: { twin: scored.modelVersion, checks },
  };
  const saved = saveNetwork(fitted);
  return { card: await request.registry.register({ ...saved, card: own }), why: null };
}

/** What the card and the log keep of a verdict. */
export const evidenceOf = (
  { outcome, moreCutoffs, comparisons, groups }: GateVerdict,
  level: number,
): Record<string, unknown> => ({
  ...{ outcome, moreCutoffs, comparisons, groups },
  // Without a comparison nothing was tested, so none of the error budget is spent.
  level: comparisons.length > 0 ? level : null,
});

/** Why a fit left its quantiles uncalibrated; null where it did not. */
const whyUncalibrated = ({ fitted }: Evaluation, { fit }: TrainingConfig): string | null =>
  fitted.calibration !== null
    ? null
    : "the quantiles are the network's own, not calibrated: with the last " +
      `${fit.calibrationIntervals} intervals held out, less than half of the training ` +
      'cutoffs would be left; provide more history';

/** Of the network, over the backtest. */
function reliabilityOf({ result, groups }: Evaluation): GroupReliability[] {
  const network = result.forecasts.find(({ name }) => name === 'network');
  return network ? reliability(result, network, groups) : [];
}

/**
 * The card's figures, with the shares next to the network's others: group → network → reliability.
 */
function withReliability(
  metrics: ReturnType<typeof jsonMetrics>,
  groups: readonly GroupReliability[],
): typeof metrics {
  const small = reliabilityJson(groups);
  return Object.fromEntries(
    Object.entries(metrics).map(([group, { network, ...others }]) => [
      group,
      { ...others, ...(network ? { network: { ...network, reliability: small[group] } } : {}) },
    ]),
  );
}

/**
 * Writes the verdict with its numbers and its chart to the log: a refusal, or a promotion.
 * @returns the verdict as it was written: inconclusive if the champion is no longer the one that
 * the challenger was judged against
 */
export async function recordVerdict(
  request: Pick<TrainingRequest, 'domain' | 'registry' | 'drawVerdict' | 'promotes'>,
  verdict: GateVerdict,
  models: {
    readonly card: ModelCard;
    readonly scored: ModelCard;
    readonly why: string | null;
    readonly evidence: Record<string, unknown>;
    /** The champion when the training began; null for none. */
    readonly over: string | null;
  },
): Promise<GateVerdict> {
  const { outcome, moreCutoffs } = verdict;
  const { domain, registry, drawVerdict, promotes } = request;
  // Whoever runs a challenger in shadow records what becomes of it.
  if (outcome === 'promoted' && promotes === false) return verdict;
  const { scored, why, over } = models;
  const { modelVersion } = models.card;
  const isRefit = modelVersion !== scored.modelVersion;
  const reason = verdict.reason + refitInWords(isRefit, why);
  const chart = await drawVerdict({
    ...verdict,
    title: domain.title,
    unit: domain.unit,
    reason: `${modelVersion} ${reason}`,
  });
  const evidence = {
    ...{ ...models.evidence, outcome, moreCutoffs },
    twin: isRefit ? scored.modelVersion : null,
    notRefitted: why,
  };
  const entry = { modelVersion, reason, evidence, chart };
  try {
    if (outcome === 'promoted') await registry.promote({ ...entry, over });
    else await registry.recordVerdict(outcome, entry);
    return verdict;
  } catch (error) {
    if (outcome !== 'promoted' || !(await wasReplaced(registry, over, error))) throw error;
    return recordVerdict(request, supersededBy(verdict, (error as Error).message), models);
  }
}

/** The verdict on a challenger that passed against a champion that has been replaced. */
const supersededBy = (verdict: GateVerdict, why: string): GateVerdict => ({
  ...verdict,
  ...{ outcome: 'inconclusive', promoted: false, moreCutoffs: null },
  reason: `inconclusive: it passed, but ${why}, and it was not compared with that one`,
});

/** What became of the refit, as the end of a sentence; nothing for a model that did not pass. */
function refitInWords(isRefit: boolean, notRefitted: string | null): string {
  if (isRefit) return '; then fitted again on all data, the weeks of the test included';
  return notRefitted === null ? '' : `; not fitted again on all data: ${notRefitted}`;
}

/**
 * The snapshot as the network needs it: series that were never observed are left out. With
 * `knownAt`, the time as of which it was read: the same arguments always give the same panel.
 */

/** The names of the exogenous columns that the network reads, for its card. */
function exogenousOf({ fitted }: Evaluation, panel: Panel, logger: Logger): string[] {
  const { past, future } = fitted.spec.features.exogenous ?? NO_EXOGENOUS;
  const used = [...past, ...future].map(({ name }) => name);
  const columns = new Set(Object.keys(panel.exogenous ?? {}).map(declaredName));
  const unused = [...columns].filter((name) => !used.includes(name));
  if (unused.length > 0) {
    logger.warn(
      { columns: unused },
      'exogenous columns are left out: they end before the training span does, do not ' +
        'vary, or are not named',
    );
  }
  return used;
}

/** The metrics with NaN as null, and without the long per-step lists of the naive ones. */
export function jsonMetrics(
  evaluation: Pick<Evaluation, 'metrics'>,
): Record<string, Record<string, Record<string, unknown>>> {
  const round = (x: number) => (Number.isFinite(x) ? Number(x.toPrecision(6)) : null);
  return Object.fromEntries(
    Object.entries(evaluation.metrics).map(([group, forecasters]) => [
      group,
      Object.fromEntries(
        Object.entries(forecasters).map(([name, m]) => [
          name,
          {
            mae: round(m.mae),
            wape: round(m.wape),
            mase: round(m.mase),
            bias: round(m.bias),
            mae_step_1: round(m.maePerStep[0] ?? Number.NaN),
            mae_last_step: round(m.maePerStep.at(-1) ?? Number.NaN),
            pinball: round(m.pinball),
            [`coverage_${Math.round(100 * (m.nominalCoverage || 0.8))}`]: round(m.coverage),
            mae_per_step: m.maePerStep.map(round),
            coverage_per_step: m.coveragePerStep.map(round),
            count: m.count,
          },
        ]),
      ),
    ]),
  );
}
