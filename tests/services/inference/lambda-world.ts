/**
 * Purpose: what a Lambda function of the tests serves: a small store on the double of S3, models of
 * it, and what they forecast.
 * Invariants: deterministic but for the times in the log of forecasts; the backend of this process
 * runs.
 * Fails: with the store's errors.
 */
import { findDomain } from '../../../domains/index.ts';
import {
  networkForecaster,
  restoreNetwork,
  saveNetwork,
} from '../../../forecasting/models/network-forecaster.ts';
import { fixedClock } from '../../../runtime/clock.ts';
import { issueForecasts } from '../../../services/inference/issue-forecasts.ts';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { openForecastLog } from '../../../storage/forecast-log.ts';
import { openModelRegistry } from '../../../storage/model-registry.ts';
import type { S3Double } from '../../contracts/s3-double.ts';
import { panelOf } from '../../forecasting/random-panels.ts';
import { fitToy, startBackend } from '../../forecasting/toy-network.ts';
import { NOW } from '../../storage/feature-fixtures.ts';
import { openOnDouble } from '../../storage/s3-stores.ts';
import { commitPanel } from '../training/toy-store.ts';

export const IDS = ['AEP', 'a/b', 'ü ☃'];
export const HORIZON = 24;
const WEEKS = 11;
const DOMAIN = 'electricity';

export async function createLambdaWorld(folder: string, double: S3Double) {
  const about = { store: openOnDouble(double, folder), domain: DOMAIN, clock: fixedClock(NOW) };
  const features = openFeatureStore(about);
  const registry = openModelRegistry(about);
  const wave = (s: number, t: number) =>
    (50 + 10 * s) * (2 + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919 + s) % 13) / 26);
  await commitPanel(folder, { features }, panelOf(IDS, WEEKS * 168, wave));
  const history = await features.readAsOf();
  const { panel } = await features.readOnline();
  await startBackend();
  /** Version → [series][quantile][step]. */
  const forecasts = new Map<string, Float32Array>();

  return {
    registry,
    /** What serving sees of the history. */
    panel,
    async addModel(seed: number, promotes = true): Promise<string> {
      const fitted = await fitToy(history, { seed, horizon: HORIZON, steps: 10 });
      const training = {
        snapshotVersion: '1-abcdefabcdef',
        knownAt: null,
        trainingCutoff: NOW,
        panelHash: 'f'.repeat(64),
      };
      const card = {
        ...training,
        forecaster: 'network',
        config: {},
        seed,
        backend: 'wasm',
        trainingSeconds: 1,
        metrics: {},
      };
      const { modelVersion } = await registry.register({
        ...saveNetwork(fitted),
        card: { ...card, quantiles: [0.1, 0.5, 0.9], horizon: HORIZON },
      });
      forecasts.set(
        modelVersion,
        networkForecaster(fitted).predict(panel, panel.length - 1, HORIZON),
      );
      if (promotes) await registry.promote({ modelVersion, reason: 'test', evidence: null });
      return modelVersion;
    },
    /** What a model says of one quantile of one series. */
    expected(modelVersion: string, series: string, quantile: number): number[] {
      const at = (IDS.indexOf(series) * 3 + quantile) * HORIZON;
      return Array.from((forecasts.get(modelVersion) as Float32Array).subarray(at, at + HORIZON));
    },
    /** What a batch would issue, in the log. Takes it out again. */
    async issue(issuedAt: number): Promise<() => void> {
      const domain = { ...findDomain(DOMAIN), horizon: HORIZON };
      const { entry } = await issueForecasts({
        domain,
        features,
        registry,
        issuedAt,
        restoreForecaster: restoreNetwork,
      });
      const key = await openForecastLog(about).append(entry);
      return () => void double.objects.delete(`some/prefix/${key}`);
    },
  };
}
