/**
 * Purpose: very many series and a network that knows them all, for benches of speed: what was learnt makes no difference to it.
 * Invariants: deterministic in the random streams given; forecasts stay finite, in order and not negative.
 * Fails: never.
 */
import { type FeatureSpec, featureSizes } from '../forecasting/features.ts';
import { type NetworkSpec, parameterCount } from '../forecasting/models/network.ts';
import type { TrainedNetwork } from '../forecasting/models/network-forecaster.ts';
import { linearColumns } from '../forecasting/models/ridge.ts';
import { createPanel, type Panel } from '../forecasting/panel.ts';
import type { Random } from '../runtime/random.ts';
import { defaultTrainingConfig } from '../services/training/training-config.ts';

export const QUANTILES = [0.1, 0.5, 0.9];
const WEEK = 168;
/** What serving keeps of every series. */
export const LOOK_BACK = 28 * WEEK;
const START = Date.UTC(2025, 0, 6);

/** The architecture that training uses, for counts by the hour, calibrated; its weights are small, so that forecasts stay sane. */
export function randomNetwork(seriesIds: readonly string[], horizon: number, random: Random): TrainedNetwork {
  const features: FeatureSpec = {
    place: { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } },
    frequencyMinutes: 60,
    day: 24,
    week: WEEK,
    horizon,
    nonNegative: true,
    integerValued: true,
  };
  const spec: NetworkSpec = { ...defaultTrainingConfig.network, features, quantiles: QUANTILES, seriesIds };
  const { windowSize, stepSize } = featureSizes(features);
  const drawn = (size: number): Float32Array => Float32Array.from({ length: size }, () => 0.1 * (random() - 0.5));
  const perStep = <T>(value: T): T[] => Array.from({ length: horizon }, () => value);
  const groups = <T>(value: T): T[] => [value, value];
  return {
    spec,
    scaling: {
      windowMean: drawn(windowSize),
      windowScale: new Float32Array(windowSize).fill(1),
      stepMean: drawn(stepSize),
      stepScale: new Float32Array(stepSize).fill(1),
      outputScale: 0.3,
    },
    members: Array.from({ length: defaultTrainingConfig.fit.members }, () => drawn(parameterCount(spec))),
    linear: drawn(horizon * linearColumns(features)),
    calibration: {
      levelBounds: [1],
      trust: groups(perStep({ network: 0.6, linear: 0.3 })),
      factors: groups(QUANTILES.map((quantile) => perStep(quantile === 0.5 ? 1 : 1.2))),
      edges: groups(0.2),
    },
  };
}

/** Counts with a daily and weekly wave, noise and a few gaps, from 0.05 to 200 an hour. */
export function chunkMaker(ids: readonly string[], streams: (name: string) => Random): (first: number, end: number) => Panel {
  const random = streams('series');
  const wave = Float32Array.from({ length: WEEK }, (_, t) => (1 + 0.8 * Math.sin((2 * Math.PI * t) / 24)) * (t < 120 ? 1 : 0.7));
  // Drawn once and begun elsewhere by every series: the generator is not what is measured.
  const noise = Float32Array.from({ length: 1 << 16 }, () => random() + random());
  return (first, end) => {
    const target = new Float32Array((end - first) * LOOK_BACK);
    for (let s = 0; s < end - first; s++) {
      const level = 0.05 * 4000 ** random();
      let at = Math.floor(random() * noise.length);
      for (let t = 0; t < LOOK_BACK; t++) {
        at = (at + 1) & (noise.length - 1);
        const draw = noise[at] as number;
        target[s * LOOK_BACK + t] = draw < 0.05 ? Number.NaN : Math.floor(level * (wave[t % WEEK] as number) * draw + 0.5);
      }
    }
    const seriesIds = ids.slice(first, end);
    return createPanel({ seriesIds, start: START, frequencyMinutes: 60, length: LOOK_BACK, columns: { target } });
  };
}
