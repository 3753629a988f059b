/**
 * Purpose: a model of others through our gate: calibrated before the test span, forecast at its
 * cutoffs next to the baselines and the champion, judged by the same rules, stored with its
 * verdict.
 * Invariants: calibration sees nothing of the test span; a model that says it was trained on later
 * data is refused; what is stored is what was scored; the verdict is in the promotion log whatever
 * it says. In an ensemble with the champion the same holds for both.
 * Fails: MODEL_INCOMPATIBLE for a card that does not fit the domain; NO_CHAMPION for an ensemble
 * without a network to be with; PACKAGE_MISSING without onnxruntime-node; SNAPSHOT_EMPTY,
 * HISTORY_TOO_SHORT.
 */

import { runBacktest } from '../../../forecasting/evaluation/backtest.ts';
import { reliability, reliabilityJson } from '../../../forecasting/evaluation/reliability.ts';
import { NO_EXOGENOUS } from '../../../forecasting/features/exogenous.ts';
import { featureSizes } from '../../../forecasting/features/feature-spec.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import { calibrate } from '../../../forecasting/models/calibration/calibrate.ts';
import type { Calibration } from '../../../forecasting/models/calibration/calibration.ts';
import { calibratedOf } from '../../../forecasting/models/calibration/observations.ts';
import { anchorForecaster } from '../../../forecasting/models/external/anchor.ts';
import type { RunGraph } from '../../../forecasting/models/external/card.ts';
import { ensembleForecaster, sharesOf } from '../../../forecasting/models/external/ensemble.ts';
import {
  EXTERNAL,
  externalForecaster,
  rawForecaster,
  type SavedExternal,
  saveExternal,
} from '../../../forecasting/models/external/forecaster.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { networkForecaster, saveNetwork } from '../../../forecasting/models/network/forecaster.ts';
import { calibrationCutoffs } from '../../../forecasting/models/network/member.ts';
import type { TrainedNetwork } from '../../../forecasting/models/network/network.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { buildEnvironment } from '../../../platform/tensorflow/build-environment.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import type { ModelCard } from '../../../storage/models/model-card.ts';
import { type Champion, restoreChampion } from '../champion.ts';
import { nextLevel } from '../error-budget.ts';
import { baselinesOf, type Scores, scoreResult, testCutoffs } from '../evaluation.ts';
import { type GateVerdict, judge } from '../gate.ts';
import { provenanceOf } from '../provenance.ts';
import { evidenceOf, jsonMetrics, recordVerdict, type TrainingRequest } from '../train.ts';
import { featureSpecOf } from '../training-config.ts';
import { readTrainingPanel } from '../training-panel.ts';
import type { ExternalModel } from './read-folder.ts';

export interface ExternalRequest
  extends Pick<
    TrainingRequest,
    | 'domain'
    | 'features'
    | 'registry'
    | 'config'
    | 'seed'
    | 'clock'
    | 'logger'
    | 'progress'
    | 'drawVerdict'
    | 'promotes'
  > {
  readonly model: ExternalModel;
  readonly run: RunGraph;
  /** Whether it forecasts together with the champion. */
  readonly withChampion?: boolean;
}

export interface ExternalResult {
  readonly card: ModelCard;
  readonly verdict: GateVerdict;
  readonly metrics: Scores['metrics'];
  /** Of one million forecasts (a series at a cutoff), on this machine. */
  readonly secondsPerMillion: number;
}

export async function evaluateExternal(request: ExternalRequest): Promise<ExternalResult> {
  const { domain, features, registry, config, seed, clock, logger, progress, model } = request;
  const { manifest, panel, knownAt } = await readTrainingPanel(features, domain, {
    maxValues: config.maxValues,
    logger,
  });
  const cutoffs = testCutoffs(domain, panel, config);
  const lastTarget = cutoffs[0] as number;
  const { reigning, champion, leftOut } = await restoreChampion(registry, domain, panel, logger);
  const partner = request.withChampion ? partnerOf(champion) : null;
  const started = clock.elapsedMs();
  const { saved, weights, forecaster } = calibrated(request, panel, lastTarget, partner);
  const trainingSeconds = (clock.elapsedMs() - started) / 1000;
  const timed = measured(forecaster, () => clock.elapsedMs());
  progress.start('backtest', cutoffs.length);
  const season = saved.features.week;
  const result = await runBacktest(
    panel,
    [
      ...naiveForecasters(season, domain.frequencyMinutes),
      ...(champion ? [champion.forecaster] : []),
      timed.forecaster,
    ],
    cutoffs,
    domain.horizon,
    (done) => progress.update(done, `cutoff ${done} of ${cutoffs.length}`),
  );
  progress.stop(`${cutoffs.length} cutoffs × ${panel.seriesIds.length} series`);
  const scores = scoreResult(result, panel, season);
  const { trainedUpTo } = model.card;
  // The calibration has seen what precedes the test span, also of a model that was trained before.
  const trainingCutoff = Math.max(
    timestampAt(panel, lastTarget),
    trainedUpTo === null ? 0 : Date.parse(trainedUpTo),
    partner?.trainingCutoff ?? 0,
  );
  const trained = [{ forecaster, trainingCutoff }, ...(champion ? [champion] : [])];
  const level = nextLevel(await registry.promotions(), clock.now());
  const judged = judge(result, EXTERNAL, {
    ...provenanceOf(domain, panel, cutoffs, trained, seed),
    baselines: await baselinesOf(domain, panel, result),
    groups: scores.groups.filter(({ series }) => series.length < panel.seriesIds.length),
    ...{ level, leftOut },
  });
  const secondsPerMillion = timed.secondsPerMillion();
  const evidence = evidenceOf(judged, level);
  const own = result.forecasts.find(({ name }) => name === EXTERNAL);
  const card = await registry.register({
    model: saved,
    weights,
    card: {
      ...{ snapshotVersion: manifest.snapshotVersion, knownAt, trainingCutoff, seed },
      ...{ panelHash: hashPanel(panel), forecaster: EXTERNAL, backend: 'onnxruntime' },
      config: { ...aboutOf(saved), secondsPerMillion },
      ...{ madeWith: buildEnvironment(), trainingSeconds },
      ...{ quantiles: domain.quantiles, horizon: domain.horizon, evidence },
      metrics: {
        ...jsonMetrics(scores),
        ...(own ? { reliability: reliabilityJson(reliability(result, own, scores.groups)) } : {}),
      },
    },
  });
  const verdict = await recordVerdict(request, judged, {
    ...{ card, scored: card, evidence, why: judged.promoted ? 'it is not fitted here' : null },
    over: reigning,
  });
  logger.info({ modelVersion: card.modelVersion, outcome: verdict.outcome }, verdict.reason);
  return { card, verdict, metrics: scores.metrics, secondsPerMillion };
}

/** The champion's scored model, which an ensemble takes in. */
function partnerOf(champion: Champion | null): Partner {
  if (champion?.network) return { ...champion, network: champion.network };
  throw new HeadwayError('NO_CHAMPION', 'there is no network to make an ensemble with', {
    fix:
      'Train a model that passes, or make one champion: `headway models promote MODEL`. Or ' +
      'evaluate without --with-champion.',
  });
}

type Partner = Champion & { readonly network: TrainedNetwork };

/**
 * For the card of the registry: where it comes from, both members of an ensemble, and the exogenous
 * columns that ours reads.
 */
export function aboutOf({ card, ensemble }: Pick<SavedExternal, 'card' | 'ensemble'>) {
  const { inputs, outputs, seriesIds: _, ...external } = card;
  if (!ensemble) return { external, exogenous: [] };
  const { modelVersion, shares, model } = ensemble;
  const { past, future } = model.spec.features.exogenous ?? NO_EXOGENOUS;
  const exogenous = [...past, ...future].map(({ name }) => name);
  return { external, ensemble: { modelVersion, shares }, exogenous };
}

/** The model with its calibration of the last weeks before `lastTarget`. */
function calibrated(
  { domain, config, model, run }: ExternalRequest,
  panel: Panel,
  lastTarget: number,
  partner: Partner | null,
) {
  const features = featureSpecOf(domain);
  const { quantiles } = domain;
  const parts = { card: model.card, features, quantiles };
  try {
    const source = { panel, spec: features, sizes: featureSizes(features) };
    const heldOut = calibrationCutoffs(source, lastTarget, config.fit.calibrationIntervals);
    const theirs = rawForecaster(parts, run);
    const ours = partner && networkForecaster(partner.network);
    const shares = ours && sharesOf(panel, theirs, ours, heldOut, features);
    const raw = ours && shares ? ensembleForecaster(theirs, ours, shares) : theirs;
    const anchor = anchorForecaster(features);
    const models = calibratedOf({ forecaster: raw, anchor, linear: null });
    const calibration: Calibration | null =
      heldOut.length > 0 ? calibrate(panel, models, heldOut, features) : null;
    const own = partner && saveNetwork(partner.network);
    const ensemble = own &&
      shares && {
        ...{ modelVersion: partner.modelVersion, model: own.model, shares },
        graphBytes: model.graph.length,
      };
    const saved = saveExternal({ ...parts, calibration, ...(ensemble ? { ensemble } : {}) });
    const weights = own ? Buffer.concat([model.graph, own.weights]) : model.graph;
    return { saved, weights, forecaster: externalForecaster(saved, run, ours ?? undefined) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new HeadwayError('MODEL_INCOMPATIBLE', `The model cannot forecast: ${cause.message}`, {
      ...{
        where: model.card.name,
        cause,
        fix: `Change the card, or the graph, for ${domain.name}.`,
      },
    });
  }
}

/** The forecaster, and what a million of its forecasts would take. */
function measured(forecaster: Forecaster, elapsedMs: () => number) {
  let windows = 0;
  let spentMs = 0;
  return {
    secondsPerMillion: () => (windows === 0 ? 0 : (spentMs / windows) * 1000),
    forecaster: {
      ...forecaster,
      predict(panel: Panel, cutoff: number, horizon: number) {
        const started = elapsedMs();
        const out = forecaster.predict(panel, cutoff, horizon);
        spentMs += elapsedMs() - started;
        windows += panel.seriesIds.length;
        return out;
      },
    } satisfies Forecaster,
  };
}
