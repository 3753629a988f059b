/**
 * Purpose: a small fixture for the inference service: a domain, a snapshot, a registry and a
 * forecaster whose numbers say which model and snapshot they came from.
 * Invariants: deterministic; no file, no network.
 * Fails: as `fixture.broken` says.
 */

import type { Domain } from '../../domains/domain.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import type { NetworkForecaster } from '../../forecasting/models/network/forecaster.ts';
import { createPanel, type Panel } from '../../forecasting/panel/panel.ts';
import { fixedClock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { type AppOptions, buildApp } from '../../services/inference/app.ts';
import type { Promotion, ServedCard } from '../../services/inference/ports.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';
import type { Manifest } from '../../storage/features/manifest.ts';
import { MANIFEST_FORMAT } from '../../storage/features/manifest-format.ts';
import { heldSnapshot } from '../../storage/features/online/online-snapshot.ts';
import { compileOnce } from '../fixtures/inference/compile-once.ts';

export const HOUR = 3_600_000;
export const LENGTH = 8 * 168;
export const START = Date.UTC(2026, 0, 5);
export const CUTOFF = START + (LENGTH - 1) * HOUR;
export const NOW = CUTOFF + HOUR + 5 * 60_000;
/** A short, a dead and an awkward one among them. */
export const IDS = ['74', '75', 'dead', 'a/b', '../x', 'ü ☃', '<b>bold</b>'];

export const domain: Domain = {
  name: 'demo',
  title: 'Orders of a simulated town',
  unit: 'orders per hour',
  seriesNoun: 'district',
  frequencyMinutes: 60,
  timeZone: 'America/New_York',
  seasonLengths: [24, 168],
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
  missing: 'zero',
  nonNegative: true,
  integerValued: false,
  holidays: null,
  pastExogenous: [],
  futureExogenous: [],
  defaultSource: null,
  quickSource: null,
  seriesTitle: (id) => ({ '74': 'North Harbour', '75': 'Old Town' })[id] ?? id,
  openSource: () => Promise.reject(new Error('not here')),
};

/** `level` + a day's wave; the level distinguishes snapshots. */
export function panelOf(ids: readonly string[], level: number, length = LENGTH): Panel {
  const target = new Float32Array(ids.length * length);
  for (const [series, id] of ids.entries()) {
    for (let t = 0; t < length; t++) {
      const hour = t % 24;
      const week = t % 168 >= 120 ? 0.7 : 1;
      const wave = 1 + 0.8 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
      const ripple = 1 + 0.12 * Math.sin(t * 12.9898 + series);
      target[series * length + t] = id === 'dead' ? Number.NaN : level * wave * week * ripple;
    }
  }
  return createPanel({
    seriesIds: ids,
    start: START,
    frequencyMinutes: 60,
    length,
    columns: { target },
  });
}

export function manifestOf(number: number): Manifest {
  return {
    format: MANIFEST_FORMAT,
    domain: 'demo',
    number,
    snapshotVersion: `${number}-0f1e2d3c4b5a`,
    parent: null,
    commitId: `commit-${number}`,
    committedAt: NOW - 60_000,
    reason: 'test',
    schema: {
      frequencyMinutes: 60,
      missing: 'zero',
      unit: 'orders per hour',
      timeZone: 'America/New_York',
    },
    packs: [],
    objects: [],
    online: null,
    report: null,
  };
}

/**
 * Same hour last week where there is one, else the last value; times `scale`, with a band of a
 * fifth. Explained as if half of it were the baseline, and the groups recent and series moved it by
 * 3/8 and 1/8.
 */
export function weeklyNaive(scale = 1, minimumHistory = 3): NetworkForecaster {
  const quantiles = [0.1, 0.5, 0.9];
  return {
    name: 'weekly naive',
    quantiles,
    minimumHistory,
    predict(panel, cutoff, horizon) {
      if (cutoff + 1 < minimumHistory) throw new RangeError('too short');
      const out = new Float32Array(panel.seriesIds.length * 3 * horizon);
      for (let series = 0; series < panel.seriesIds.length; series++) {
        for (let step = 0; step < horizon; step++) {
          const lag = cutoff + step + 1 - 168;
          const value =
            panel.columns.target[series * panel.length + (lag >= 0 ? lag : cutoff)] * scale;
          for (const [q, factor] of [0.8, 1, 1.2].entries())
            out[(series * 3 + q) * horizon + step] = value * factor;
        }
      }
      return out;
    },
    inputGroups: ['recent', 'series'],
    lookBack: 8 * 168 - 48,
    predictStored(panel, series, cutoff, horizon, kept) {
      const first = (series * 3 + 1) * horizon;
      const medians = this.predict(panel, cutoff, horizon).subarray(first, first + horizon);
      const share = (groups: ReadonlySet<string>) =>
        0.5 + (groups.has('recent') ? 0.375 : 0) + (groups.has('series') ? 0.125 : 0);
      return {
        baseline: medians.map((value) => value * 0.5),
        medians: Float32Array.from(
          kept.flatMap((groups) => Array.from(medians, (value) => value * share(groups))),
        ),
      };
    },
  };
}

export interface Fixture {
  /** The number of the newest snapshot; its level is 10 × its number. 0: none committed. */
  snapshot: number;
  ids: readonly string[];
  /** The champion's version; null: none promoted. */
  champion: string | null;
  promotion: number;
  /** Throw this from … */
  broken: {
    head?: unknown;
    online?: unknown;
    champion?: unknown;
    list?: unknown;
    load?: unknown;
    /** Only these models cannot be loaded. */
    models?: readonly string[];
    restore?: unknown;
  };
  /** Awaited before every response of a store: where a test lets other things happen. */
  pause: () => Promise<void>;
  horizon: number;
  makeForecaster: (modelVersion: string) => Forecaster;
  metrics: unknown;
  loads: number;
  /** What the promotion log holds, oldest first, of every model there is. */
  promotions: Promotion[];
}

export function createFixture(changes: Partial<Fixture> = {}) {
  const fixture: Fixture = {
    snapshot: 1,
    ids: IDS,
    champion: 'model-1',
    promotion: 1,
    broken: {},
    pause: async () => {},
    horizon: 24,
    // The scale distinguishes models: model-3 forecasts three times last week.
    makeForecaster: (version) => weeklyNaive(Number(version.split('-')[1])),
    metrics: {
      all: {
        'weekly naive': { mae: 0.898, wape: 0.41, pinballLoss: 0.33 },
        network: { mae: 0.667, wape: 0.31, pinballLoss: 0.24 },
      },
    },
    loads: 0,
    promotions: [1, 2, 3, 4, 5].map((number) => ({
      ...{ modelVersion: `model-${((number - 1) % 4) + 1}`, at: NOW - (6 - number) * HOUR, number },
      ...{ kind: number === 3 ? 'rejected' : 'promoted', reason: `reason ${number}` },
    })),
    ...changes,
  };
  const fail = (error: unknown) => {
    if (error) throw error;
  };
  const clock = fixedClock(NOW);
  const options: AppOptions = {
    domain,
    clock,
    logger: silentLogger,
    schemaController: compileOnce,
    settings: { ...defaultInferenceSettings, maxEventLoopDelayMs: 0, rateLimitPerMinute: 0 },
    features: {
      async head() {
        await fixture.pause();
        fail(fixture.broken.head);
        return fixture.snapshot === 0 ? null : manifestOf(fixture.snapshot);
      },
      async openOnline() {
        await fixture.pause();
        fail(fixture.broken.online);
        const number = fixture.snapshot;
        return heldSnapshot(panelOf(fixture.ids, 10 * number), manifestOf(number));
      },
    },
    registry: {
      async champion(): Promise<Promotion | null> {
        await fixture.pause();
        fail(fixture.broken.champion);
        const { champion: modelVersion, promotion: number } = fixture;
        return modelVersion === null
          ? null
          : {
              modelVersion,
              at: NOW - HOUR,
              number,
              kind: 'promoted',
              reason: 'beats the best naive by 20 %',
            };
      },
      async list() {
        fail(fixture.broken.list);
        const versions = [...new Set(fixture.promotions.map((one) => one.modelVersion))];
        return versions
          .reverse()
          .map((version) => ({ ...cardOf(version, fixture), forecaster: 'network' }));
      },
      async promotions() {
        return fixture.promotions;
      },
      async earlierChampions() {
        const { promotions, champion } = fixture;
        return promotions
          .filter((one) => one.kind === 'promoted' && one.modelVersion !== champion)
          .reverse();
      },
      async load(modelVersion) {
        await fixture.pause();
        fail(fixture.broken.load);
        if (fixture.broken.models?.includes(modelVersion))
          fail(new HeadwayError('MODEL_CORRUPT', `${modelVersion} does not match its card`));
        fixture.loads++;
        return {
          card: cardOf(modelVersion, fixture),
          model: modelVersion,
          weights: new Uint8Array(),
        };
      },
    },
    restoreForecaster: (model) => {
      fail(fixture.broken.restore);
      return fixture.makeForecaster(model as string);
    },
  };
  return {
    fixture,
    options,
    clock,
    build: (more: Partial<AppOptions> = {}) => buildApp({ ...options, ...more }),
  };
}

const cardOf = (modelVersion: string, fixture: Fixture): ServedCard => ({
  modelVersion,
  domain: 'demo',
  createdAt: NOW - 2 * HOUR,
  snapshotVersion: '1-0f1e2d3c4b5a',
  trainingCutoff: CUTOFF - 24 * HOUR,
  trainingSeconds: 12.5,
  backend: 'wasm',
  seed: 7,
  quantiles: [0.1, 0.5, 0.9],
  horizon: fixture.horizon,
  metrics: fixture.metrics,
});
