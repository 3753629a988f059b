import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomNetwork } from '../../../../../bench/support/random-network.ts';
import { chunkMaker, LOOK_BACK } from '../../../../../bench/support/synthetic-series.ts';
import type { Forecaster } from '../../../../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../../../../forecasting/models/network/forecaster.ts';
import { type Panel, seriesSlice, targetOf } from '../../../../../forecasting/panel/panel.ts';
import { randomStreams } from '../../../../../platform/random.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../../../platform/tensorflow/tensor-backend.ts';
import { issueForecasts } from '../../../../../services/inference/batch/issue-forecasts.ts';
import {
  parseShard,
  shardOfRow,
  shardRange,
} from '../../../../../services/inference/shards/shard.ts';
import type { Manifest } from '../../../../../storage/features/manifest.ts';
import {
  heldSnapshot,
  type OnlineSnapshot,
} from '../../../../../storage/features/online/online-snapshot.ts';
import { openView } from '../../../../../storage/features/online/view-reader.ts';
import { withOnlineView } from '../../../../../storage/features/online/view-writer.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { schemaOf } from '../../../../fixtures/storage/features.ts';
import { toyDomain } from '../../../../fixtures/toy-store.ts';

/** More than two chunks of the batch, so that shards cut them elsewhere. */
const SERIES = 530;
const HORIZON = 6;

describe('shards', () => {
  test('cover any number of series in order, with sizes that differ by one at most', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 40 }), (series, count) => {
        const ranges = Array.from({ length: count }, (_, i) =>
          shardRange(series, { index: i + 1, count }),
        );
        expect(ranges[0]!.from).toBe(0);
        expect(ranges.at(-1)!.to).toBe(series);
        for (const [i, { from }] of ranges.entries()) expect(from).toBe(ranges[i - 1]?.to ?? 0);
        const sizes = ranges.map(({ from, to }) => to - from);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const [i, { from, to }] of ranges.entries())
          for (const row of from < to ? [from, to - 1] : [])
            expect(shardOfRow(row, series, count)).toEqual({ index: i + 1, count });
      }),
    );
  });

  test.each([
    ['1/1', { index: 1, count: 1 }],
    ['3/8', { index: 3, count: 8 }],
  ])('parses %s', (text, shard) => expect(parseShard(text)).toEqual(shard));

  test.each(['0/8', '9/8', '8', '1/0', '-1/8', '1.5/8', '1/8/2', ''])('refuses %s', (text) => {
    expect(() => parseShard(text)).toThrow(/is not a shard/);
  });
});

describe('a batch in shards equals the whole batch bit for bit', () => {
  let forecaster: Forecaster;
  let panel: Panel;
  beforeAll(async () => {
    await startTensorBackend(silentLogger, 'wasm', 'prediction');
    const ids = Array.from({ length: SERIES }, (_, s) => `s${String(s).padStart(3, '0')}`);
    const streams = randomStreams(7);
    forecaster = networkForecaster(randomNetwork(ids, HORIZON, streams('weights')));
    panel = chunkMaker(ids, streams)(0, SERIES);
    // The last series of the panel alone knows the last hours: every shard must have that cutoff.
    for (let s = 0; s < SERIES - 1; s++)
      panel.columns.target.fill(Number.NaN, (s + 1) * LOOK_BACK - 2, (s + 1) * LOOK_BACK);
    panel.columns.target[SERIES * LOOK_BACK - 1] = 3;
  });

  const held = async () => heldSnapshot(panel, { snapshotVersion: '1-0' } as never);
  const issue = (shard?: string, openOnline: () => Promise<OnlineSnapshot> = held) =>
    issueForecasts({
      domain: { ...toyDomain, horizon: HORIZON },
      features: { head: async () => null, openOnline },
      registry: {
        champion: async () => ({
          modelVersion: 'm',
          at: 0,
          number: 1,
          kind: 'promoted' as const,
          reason: '',
        }),
        load: async () => ({
          card: { horizon: HORIZON } as never,
          model: null,
          weights: new Uint8Array(),
        }),
        earlierChampions: async () => [],
        list: async () => [],
        promotions: async () => [],
      },
      restoreForecaster: () => forecaster,
      issuedAt: 1000,
      ...(shard === undefined ? {} : { shard: parseShard(shard) }),
    });

  test.each([1, 2, 3, 7])('with %d shards', async (count) => {
    const whole = await issue();
    const shards = [];
    for (let i = 1; i <= count; i++) shards.push(await issue(`${i}/${count}`));
    const numbersOf = (entries: (typeof whole.entry)[]) => ({
      seriesIds: entries.flatMap(({ seriesIds }) => seriesIds),
      values: entries.flatMap(({ values }) => Array.from(values)),
      mean: entries.flatMap(({ mean }) => Array.from(mean ?? [])),
    });
    const joined = numbersOf(shards.map(({ entry }) => entry));
    expect(joined.mean).toHaveLength(SERIES * HORIZON);
    expect(joined).toEqual(numbersOf([whole.entry]));
    expect(shards.flatMap(({ flags }) => [...flags])).toEqual([...whole.flags]);
    for (const { entry } of shards)
      expect({ ...entry, seriesIds: [], values: [], mean: [] }).toEqual({
        ...whole.entry,
        seriesIds: [],
        values: [],
        mean: [],
      });
  });

  /** The panel as a view in ranges of 100 series, and how often each was read. */
  async function inRanges(store: ReturnType<typeof memoryObjectStore>) {
    const draft = {
      ...{ domain: 'toy', number: 1, parent: null, commitId: 'c', committedAt: 0, reason: 'test' },
      ...{ schema: schemaOf('unknown'), packs: [], objects: [], report: null },
    };
    const panels = Array.from({ length: Math.ceil(SERIES / 100) }, (_, i) =>
      seriesSlice(panel, i * 100, Math.min(SERIES, (i + 1) * 100)),
    );
    const manifest = (await withOnlineView(store, draft, panels)) as Manifest;
    const online = await openView(store, { ...manifest, snapshotVersion: '1-0' });
    const reads: number[] = [];
    return {
      reads,
      open: async (): Promise<OnlineSnapshot> => ({
        ...online,
        range(index) {
          reads.push(index);
          return online.range(index);
        },
      }),
    };
  }

  test('with any ranges of the view, and a shard reads only its ranges', async () => {
    const store = memoryObjectStore();
    const { open, reads } = await inRanges(store);
    const whole = await issue();
    reads.length = 0;
    const ranged = await issue(undefined, open);
    expect(ranged.entry).toEqual(whole.entry);
    expect([...ranged.flags]).toEqual([...whole.flags]);
    expect(ranged.panel.columns.target).toEqual(panel.columns.target);
    // The first once more: what the model reads of all series is there.
    expect(reads.splice(0)).toEqual([0, 0, 1, 2, 3, 4, 5]);
    // Series 132 to 265.
    expect((await issue('2/4', open)).entry).toEqual((await issue('2/4')).entry);
    expect(reads).toEqual([0, 1, 2]);
    expect((await issue('1/1000', open)).entry.seriesIds).toEqual([]);
    await store.close();
  });

  test('with the common inputs of a model read from the ranges of a few series', async () => {
    const sound = forecaster;
    const used = ['s003', 's400'];
    const sumOf = (all: Panel) =>
      Float32Array.from({ length: all.length }, (_, t) =>
        used.reduce((sum, id) => {
          const value = targetOf(all, all.seriesIds.indexOf(id))[t] as number;
          return sum + (Number.isNaN(value) ? 0 : value);
        }, 0),
      );
    forecaster = {
      ...sound,
      contextSeries: used,
      withContext: (all) => ({ ...all, context: [sumOf(all)] }),
      predict: ({ seriesIds, context, length }, _cutoff, horizon) =>
        new Float32Array(seriesIds.length * sound.quantiles.length * horizon).fill(
          context?.[0]?.[length - 40] as number,
        ),
    };
    const store = memoryObjectStore();
    try {
      const { open, reads } = await inRanges(store);
      const whole = await issue();
      expect(new Set(whole.entry.values).size).toBeGreaterThan(0);
      expect((await issue(undefined, open)).entry).toEqual(whole.entry);
      reads.length = 0;
      expect((await issue('4/4', open)).entry).toEqual((await issue('4/4')).entry);
      expect([...new Set(reads)].sort()).toEqual([0, 3, 4, 5]);
    } finally {
      forecaster = sound;
      await store.close();
    }
  });

  test('a shard without model forecasts gets a baseline; a batch of nothing else fails', async () => {
    const sound = forecaster;
    const mute: Forecaster['predict'] = ({ seriesIds }, _cutoff, horizon) =>
      new Float32Array(seriesIds.length * sound.quantiles.length * horizon).fill(Number.NaN);
    forecaster = { ...sound, predict: mute };
    try {
      const { entry, replaced } = await issue('2/530');
      expect([entry.seriesIds, entry.values.every(Number.isFinite)]).toEqual([['s001'], true]);
      expect([...replaced]).toEqual([['s001', { reason: 'FORECAST_UNUSABLE', since: 1000 }]]);
      await expect(issue()).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
    } finally {
      forecaster = sound;
    }
  });

  test('a shard without a series is empty and not an error', async () => {
    const { entry } = await issue('1/1000');
    expect([entry.seriesIds, [...entry.values]]).toEqual([[], []]);
  });
});
