/**
 * Purpose: a model of others through our gate: calibrated before the test span, forecast at its
 * cutoffs next to the baselines and the champion, judged by the same rules, stored with its
 * verdict.
 * Invariants: calibration sees nothing of the test span; a model that says it was trained on later
 * data is refused; what is stored is what was scored; the verdict is in the promotion log whatever
 * it says.
 * Fails: MODEL_INCOMPATIBLE for a card that does not fit the domain; PACKAGE_MISSING without
 * onnxruntime-node; SNAPSHOT_EMPTY, HISTORY_TOO_SHORT.
 */

import { runBacktest } from '../../../forecasting/evaluation/backtest.ts';
import { reliability, reliabilityJson } from '../../../forecasting/evaluation/reliability.ts';
import { featureSizes } from '../../../forecasting/features/feature-spec.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import { calibrate } from '../../../forecasting/models/calibration/calibrate.ts';
import type { Calibration } from '../../../forecasting/models/calibration/calibration.ts';
import { anchorForecaster } from '../../../forecasting/models/external/anchor.ts';
import type { RunGraph } from '../../../forecasting/models/external/card.ts';
import {
  EXTERNAL,
  externalForecaster,
  rawForecaster,
  saveExternal,
} from '../../../forecasting/models/external/forecaster.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { calibrationCutoffs } from '../../../forecasting/models/network/member.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { buildEnvironment } from '../../../platform/tensorflow/build-environment.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import type { ModelCard } from '../../../storage/models/model-card.ts';
import { restoreChampion } from '../champion.ts';
import { nextLevel } from '../error-budget.ts';
import { baselinesOf, type Scores, scoreResult, testCutoffs } from '../evaluation.ts';
import { type GateVerdict, judge } from '../gate.ts';
import { provenanceOf } from '../provenance.ts';
import {
  evidenceOf,
  jsonMetrics,
  readTrainingPanel,
  recordVerdict,
  type TrainingRequest,
} from '../train.ts';
import { featureSpecOf } from '../training-config.ts';
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
  const { manifest, panel, knownAt } = await readTrainingPanel(features, domain);
  const cutoffs = testCutoffs(domain, panel, config);
  const lastTarget = cutoffs[0] as number;
  const started = clock.elapsedMs();
  const { saved, forecaster } = calibrated(request, panel, lastTarget);
  const trainingSeconds = (clock.elapsedMs() - started) / 1000;
  const { reigning, champion, leftOut } = await restoreChampion(registry, domain, panel, logger);
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
  const { inputs, outputs, seriesIds: _, ...about } = model.card;
  const evidence = evidenceOf(judged, level);
  const own = result.forecasts.find(({ name }) => name === EXTERNAL);
  const card = await registry.register({
    model: saved,
    weights: model.graph,
    card: {
      ...{ snapshotVersion: manifest.snapshotVersion, knownAt, trainingCutoff, seed },
      ...{ panelHash: hashPanel(panel), forecaster: EXTERNAL, backend: 'onnxruntime' },
      config: { external: about, secondsPerMillion, exogenous: [] },
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

/** The model with its calibration of the last weeks before `lastTarget`. */
function calibrated(
  { domain, config, model, run }: ExternalRequest,
  panel: Panel,
  lastTarget: number,
) {
  const features = featureSpecOf(domain);
  const { quantiles } = domain;
  const parts = { card: model.card, features, quantiles };
  try {
    const source = { panel, spec: features, sizes: featureSizes(features) };
    const heldOut = calibrationCutoffs(source, lastTarget, config.fit.calibrationIntervals);
    const models = { forecaster: rawForecaster(parts, run), anchor: anchorForecaster(features) };
    const calibration: Calibration | null =
      heldOut.length > 0 ? calibrate(panel, { ...models, linear: null }, heldOut, features) : null;
    const saved = saveExternal({ ...parts, calibration });
    return { saved, forecaster: externalForecaster(saved, run) };
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
