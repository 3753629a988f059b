/**
 * Purpose: what bench/serve.ts serves: a store of its own with 300 series, models and snapshots
 * that are added while it is read, and what each pair of them must return.
 * Invariants: the series are the same on every machine; models are networks of the default
 * architecture and differ in every number; what a response must hold is computed here, from the
 * store and the model alone, by none of the service's code.
 * Fails: with the store's errors.
 */
import { join } from 'node:path';
import type { Domain } from '../../domains/domain.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { restoreNetwork, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import { createPanel, type Panel } from '../../forecasting/panel/panel.ts';
import { systemClock } from '../../platform/clock.ts';
import { withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlFilename } from '../../platform/duckdb/sql.ts';
import { randomStreams } from '../../platform/random.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { openModelRegistry } from '../../storage/models/model-registry.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';
import { QUANTILES, randomNetwork } from '../support/random-network.ts';

export const SERIES = 300;
/** What the feature service keeps for serving. */
const ONLINE = 28 * 168;
const HORIZON = 24;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2025, 0, 6, 5);

export const benchDomain: Domain = {
  ...{
    name: 'bench',
    title: 'Bench',
    unit: 'events per hour',
    seriesNoun: 'place',
    frequencyMinutes: 60,
  },
  ...{
    timeZone: 'America/New_York',
    seasonLengths: [24, 168],
    horizon: HORIZON,
    quantiles: QUANTILES,
    missing: 'zero',
  },
  ...{
    nonNegative: true,
    integerValued: true,
    holidays: { country: 'US', state: 'NY' },
    pastExogenous: [],
    futureExogenous: [],
  },
  ...{
    defaultSource: null,
    quickSource: null,
    seriesTitle: (id) => id,
    openSource: () => Promise.reject(new Error('none')),
  },
};

export const openBenchStore = (folder: string) => {
  const about = { store: fileObjectStore(folder), domain: benchDomain.name, clock: systemClock };
  return { features: openFeatureStore(about), registry: openModelRegistry(about) };
};

/** A caller's ad-hoc history, as it is posted. */
export interface PostedHistory {
  readonly start: string;
  readonly values: readonly number[];
}

export interface ServeFixture {
  readonly seriesIds: readonly string[];
  /** Adds an hour to every series. */
  addSnapshot(): Promise<void>;
  /** Trains nothing: registers other weights, and promotes them. */
  addModel(): Promise<void>;
  histories(count: number, length: number): PostedHistory[];
  /**
   * [quantile][step] of a stored series. Throws where there is no such model, snapshot or series.
   */
  expected(modelVersion: string, snapshotVersion: string, seriesId: string): Float32Array;
  /** The same of a posted history. */
  expectedOwn(modelVersion: string, history: PostedHistory): Float32Array;
}

export async function createFixture(folder: string): Promise<ServeFixture> {
  const { features, registry } = openBenchStore(join(folder, 'store'));
  const seriesIds = Array.from({ length: SERIES }, (_, s) => String(s + 1));
  const streams = randomStreams(7);
  const forecasters = new Map<string, Forecaster>();
  const panels = new Map<string, Panel>();
  const stored = new Map<string, Float32Array>();
  let hours = 0;
  let models = 0;

  async function addHours(count: number): Promise<void> {
    const [from, to] = [hours, hours + count];
    const path = join(folder, `hours-${to}.parquet`);
    await withDuckDB({ threads: 1 }, (connection) =>
      connection.run(`COPY (
        SELECT (s + 1)::VARCHAR AS series_id,
          make_timestamp((${START} + h * ${HOUR_MS}) * 1000) AS "timestamp",
          floor((2 + s) * (1 + 0.8 * sin(2 * pi() * h / 24))
            * (CASE WHEN h % 168 < 120 THEN 1 ELSE 0.7 END)
            * (0.6 + (hash(s, h) % 1000) / 1250.0))::DOUBLE AS target,
          make_timestamp(${START + to * HOUR_MS} * 1000) AS available_at
        FROM range(${SERIES}) AS a(s), range(${from}, ${to}) AS b(h))
        TO ${sqlFilename(path)} (FORMAT parquet)`),
    );
    const rows = SERIES * count;
    const part = {
      part: `hours-${to}`,
      feed: 'main',
      fingerprint: 'x',
      availableAt: START + to * HOUR_MS,
    };
    const span = { start: START + from * HOUR_MS, end: START + to * HOUR_MS };
    const object = { path, rows, span, ...part, rowsIn: rows, rowsUsed: rows, rejected: {} };
    const schema = {
      frequencyMinutes: 60,
      missing: 'zero' as const,
      unit: benchDomain.unit,
      timeZone: 'America/New_York',
    };
    await features.commit({
      reason: 'bench',
      staged: await features.stage(schema, [object]),
      onlineIntervals: ONLINE,
    });
    hours = to;
    const { panel, manifest } = await features.readOnline();
    panels.set(manifest.snapshotVersion, panel);
  }

  function forecasterOf(modelVersion: string): Forecaster {
    const found = forecasters.get(modelVersion);
    if (found) return found;
    throw new Error(`a response names the model ${modelVersion}, which nobody promoted`);
  }

  async function addModel(): Promise<void> {
    const saved = saveNetwork(randomNetwork(seriesIds, HORIZON, streams('weights', ++models)));
    const training = {
      snapshotVersion: [...panels.keys()].at(-1) as string,
      knownAt: null,
      trainingCutoff: START,
      panelHash: 'bench',
    };
    const made = {
      forecaster: 'network',
      config: {},
      seed: models,
      backend: 'wasm',
      trainingSeconds: 0,
    };
    const card = { ...training, ...made, quantiles: QUANTILES, horizon: HORIZON, metrics: {} };
    const { modelVersion } = await registry.register({ ...saved, card });
    forecasters.set(modelVersion, restoreNetwork(saved.model, saved.weights));
    await registry.promote({ modelVersion, reason: 'bench', evidence: null });
  }

  await addHours(ONLINE);
  await addModel();
  const first = [...panels.values()][0] as Panel;
  return {
    seriesIds,
    addSnapshot: () => addHours(1),
    addModel,
    histories: (count, length) =>
      Array.from({ length: count }, (_, i) => {
        // Ends of one day: as callers who ask at different hours.
        const end = ONLINE - (i % 24);
        const row = ((i * 37) % SERIES) * first.length;
        const values = Array.from(first.columns.target.subarray(row + end - length, row + end));
        return { start: new Date(first.start + (end - length) * HOUR_MS).toISOString(), values };
      }),
    expected(modelVersion, snapshotVersion, seriesId) {
      const key = `${modelVersion} ${snapshotVersion}`;
      const panel = panels.get(snapshotVersion);
      if (!panel)
        throw new Error(`a response names the snapshot ${snapshotVersion}, which nobody committed`);
      const all =
        stored.get(key) ?? forecasterOf(modelVersion).predict(panel, panel.length - 1, HORIZON);
      stored.set(key, all);
      const size = QUANTILES.length * HORIZON;
      const row = panel.seriesIds.indexOf(seriesId);
      if (row < 0) throw new Error(`a response names the series ${seriesId}, which does not exist`);
      return all.subarray(row * size, (row + 1) * size);
    },
    expectedOwn(modelVersion, { start, values }) {
      const target = Float32Array.from(values);
      const grid = { start: Date.parse(start), frequencyMinutes: 60, length: values.length };
      const panel = createPanel({ seriesIds: ['(own)'], ...grid, columns: { target } });
      return forecasterOf(modelVersion).predict(panel, values.length - 1, HORIZON);
    },
  };
}
