/**
 * Purpose: a domain, its store in a folder of its own, and panels to commit to it, for tests of the
 * training service.
 * Invariants: deterministic; the clock stands still.
 * Fails: with the store's errors.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Panel } from '../../../forecasting/panel.ts';
import { fixedClock } from '../../../runtime/clock.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { silentProgress } from '../../../runtime/progress.ts';
import { seededRandom } from '../../../runtime/random.ts';
import type { TrainingRequest } from '../../../services/training/train.ts';
import {
  defaultTrainingConfig,
  type TrainingConfig,
} from '../../../services/training/training-config.ts';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { fileObjectStore } from '../../../storage/file-object-store.ts';
import { openModelRegistry } from '../../../storage/model-registry.ts';
import { panelOf } from '../../forecasting/random-panels.ts';
import { toyFit, toyNetwork } from '../../forecasting/toy-network.ts';
import { makeObjects, NOW, type Row, schemaOf } from '../../storage/feature-fixtures.ts';

export const HORIZON = 6;

export const toyDomain: Domain = {
  name: 'toy',
  title: 'Toys',
  unit: 'toys per hour',
  seriesNoun: 'toy',
  frequencyMinutes: 60,
  timeZone: 'UTC',
  seasonLengths: [24, 168],
  horizon: HORIZON,
  quantiles: [0.1, 0.5, 0.9],
  missing: 'unknown',
  nonNegative: true,
  integerValued: false,
  holidays: null,
  pastExogenous: [],
  futureExogenous: [],
  defaultSource: null,
  quickSource: null,
  seriesTitle: (id) => id,
  openSource: () => Promise.reject(new Error('a toy has no source')),
};

const { width, latentSize, headWidth, embeddingSize } = toyNetwork([]);
export const toyConfig: TrainingConfig = {
  ...defaultTrainingConfig,
  network: { width, latentSize, headWidth, embeddingSize, windowIntervals: 168 },
  fit: {
    ...toyFit,
    steps: 60,
    batchSize: 64,
    peakRate: 1e-2,
    dropout: 0,
    calibrationIntervals: 140,
  },
  testDays: 21,
};

export const WEEKS = 13;

/** Enough series that their differences at one cutoff average out. */
export const TOYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/**
 * A weekly pattern, and on it a deviation that fades slowly: who looks at yesterday's deviation
 * beats every naive forecaster.
 */
export function learnable(seed = 1): Panel {
  const random = seededRandom(seed);
  const deviation = TOYS.map(() => 0);
  const values = Array.from({ length: WEEKS * 168 }, (_, t) =>
    deviation.map((last, s) => {
      deviation[s] = 0.95 * last + 0.3 * (random() + random() + random() - 1.5);
      const pattern =
        1.2 * Math.sin((2 * Math.PI * t) / 24) + 0.5 * Math.cos((2 * Math.PI * t) / 168);
      return Math.max(0, (4 + s) * (2 + pattern + (deviation[s] as number)));
    }),
  );
  return panelOf(TOYS, WEEKS * 168, (s, t) => values[t]?.[s] as number);
}

/** The best forecast of a random walk is its last value. */
export function randomWalk(): Panel {
  const random = seededRandom(5);
  const level = TOYS.map(() => 100);
  const values = Array.from({ length: WEEKS * 168 }, () =>
    level.map((_, s) => {
      level[s] = Math.max(20, (level[s] as number) + (random() + random() - 1));
      return level[s] as number;
    }),
  );
  return panelOf(TOYS, WEEKS * 168, (s, t) => values[t]?.[s] as number);
}

/** A store in `folder` and what training needs of it. */
export function openToy(folder: string, logger: Logger = silentLogger) {
  const store = fileObjectStore(folder);
  const clock = fixedClock(NOW);
  const features = openFeatureStore({ store, domain: toyDomain.name, clock });
  const registry = openModelRegistry({ store, domain: toyDomain.name, clock });
  const request: TrainingRequest = {
    domain: toyDomain,
    features,
    registry,
    config: toyConfig,
    seed: 1,
    backend: 'wasm',
    clock,
    logger,
    progress: silentProgress,
  };
  return { store, clock, features, registry, request };
}

/** Commits a panel whose first interval is hour `first` of the fixtures. */
export async function commitPanel(
  folder: string,
  { features }: Pick<ReturnType<typeof openToy>, 'features'>,
  panel: Panel,
  part = 'one',
  first = 0,
) {
  const rows: Row[] = panel.seriesIds.flatMap((id, s) =>
    Array.from(
      { length: panel.length },
      (_, t): Row => [id, first + t, panel.columns.target[s * panel.length + t] as number],
    ),
  );
  const newObjects = await makeObjects(folder, [
    { part, fingerprint: part, span: [first, first + panel.length], rows },
  ]);
  return features.commit({ reason: 'test', schema: schemaOf('unknown'), newObjects });
}
