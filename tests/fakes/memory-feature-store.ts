/**
 * Purpose: a feature store in memory with the shape of the real one, for the feature service's own
 * tests.
 * Invariants: committed rows are kept apart from their files; for one feed and interval the latest
 * object wins; commits are refused where an account does not balance.
 * Fails: with a plain Error.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { createPanel } from '../../forecasting/panel/panel.ts';
import type { Clock } from '../../platform/clock.ts';
import { parquetFiles } from '../../platform/duckdb/sql.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import type {
  FeatureObject,
  FeatureSchema,
  Manifest,
  NewFeatureObject,
  TimeSpan,
} from '../../storage/features/manifest.ts';
import { openQuarantine } from '../../storage/features/quarantine.ts';
import { refuseClockBehind } from '../../storage/features/stamps.ts';
import { memoryObjectStore } from './memory-object-store.ts';

interface Rows {
  readonly seriesIds: string[];
  readonly timestamps: number[];
  readonly targets: number[];
}

export interface MemoryFeatureStore
  extends Pick<
    FeatureStore,
    | 'head'
    | 'writableHead'
    | 'stage'
    | 'log'
    | 'commit'
    | 'readAsOf'
    | 'openOnline'
    | 'readNext'
    | 'readReport'
    | 'segments'
    | 'compact'
    | 'quarantine'
  > {
  /** All rows of the newest objects, as "series@timestamp" → value, feeds added. */
  values(): Map<string, number>;
  report(): unknown;
  commits: number;
}

export function memoryFeatureStore(domain: string, clock: Clock): MemoryFeatureStore {
  const manifests: Manifest[] = [];
  const rows = new Map<string, Rows>();
  let report: unknown = null;

  /** Reads the file of an object to be, and keeps its rows under the name of its content. */
  async function take({ path, ...object }: NewFeatureObject): Promise<FeatureObject> {
    const bytes = await readFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = `features/${domain}/data/${sha256}.parquet`;
    rows.set(key, await readRows(path));
    return { ...object, key, sha256, bytes: bytes.length };
  }

  const valuesOf = (objects: readonly FeatureObject[]) => {
    const sums = new Map<string, number>();
    const covered = new Map<string, TimeSpan[]>();
    const newestFirst = [...objects].reverse().sort((a, b) => b.availableAt - a.availableAt);
    for (const object of newestFirst) {
      const spans = covered.get(object.feed) ?? [];
      const { seriesIds, timestamps, targets } = rows.get(object.key)!;
      for (let i = 0; i < seriesIds.length; i++) {
        if (spans.some(({ start, end }) => timestamps[i] >= start && timestamps[i] < end)) continue;
        const key = `${seriesIds[i]}@${timestamps[i]}`;
        sums.set(key, (sums.get(key) ?? 0) + targets[i]);
      }
      covered.set(object.feed, [...spans, object.span]);
    }
    return sums;
  };

  function panelOf(objects: readonly FeatureObject[], schema: FeatureSchema, from = 0) {
    const step = schema.frequencyMinutes * 60_000;
    const start = Math.max(from, Math.min(...objects.map(({ span }) => span.start)));
    const end = Math.max(...objects.map(({ span }) => span.end));
    const sums = valuesOf(objects);
    const seriesIds = [...new Set([...sums.keys()].map((key) => key.split('@')[0]))].sort();
    const length = (end - start) / step;
    const target = new Float32Array(seriesIds.length * length).fill(
      schema.missing === 'zero' ? 0 : Number.NaN,
    );
    for (const [key, value] of sums) {
      const [seriesId, timestamp] = key.split('@');
      const index = (Number(timestamp) - start) / step;
      if (index >= 0) target[seriesIds.indexOf(seriesId) * length + index] = value;
    }
    return createPanel({
      seriesIds,
      start,
      frequencyMinutes: schema.frequencyMinutes,
      length,
      columns: { target },
    });
  }

  return {
    commits: 0,
    values: () => valuesOf(manifests.at(-1)?.objects ?? []),
    report: () => report,
    readReport: async () => report,
    quarantine: openQuarantine({ store: memoryObjectStore(), domain }),
    head: async () => manifests.at(-1) ?? null,
    async writableHead() {
      const head = manifests.at(-1) ?? null;
      refuseClockBehind(head, clock.now());
      return head;
    },
    stage: async (schema, newObjects) => ({
      schema,
      objects: newObjects.map((object) => ({ ...object, sha256: '', bytes: 0, content: null })),
    }),
    segments: async (manifest) => manifest?.objects ?? [],
    compact: async () => manifests.at(-1) ?? null,
    openOnline: () => Promise.reject(new Error('this store has no online view')),
    log: async () => [...manifests],
    async commit(request) {
      const added: FeatureObject[] = [];
      for (const object of request.staged.objects) {
        const rejected = Object.values(object.rejected).reduce((sum, n) => sum + n, 0);
        if (object.rowsIn !== object.rowsUsed + rejected)
          throw new Error(`${object.part} does not balance`);
        const taken = await take(object);
        const found = rows.get(taken.key)!;
        if (found.targets.length !== object.rows)
          throw new Error(`${object.part} has not ${object.rows} rows`);
        if (
          found.timestamps.some(
            (timestamp) => timestamp < object.span.start || timestamp >= object.span.end,
          )
        ) {
          throw new Error(`${object.part} has rows outside its span`);
        }
        added.push(taken);
      }
      const parent = manifests.at(-1) ?? null;
      const number = manifests.length + 1;
      report = request.report ? JSON.parse(new TextDecoder().decode(request.report)) : null;
      const manifest: Manifest = {
        format: 1,
        domain,
        number,
        snapshotVersion: `${number}-000000000000`,
        parent: parent?.snapshotVersion ?? null,
        commitId: String(number),
        committedAt: clock.now(),
        reason: request.reason,
        schema: request.staged.schema,
        packs: [],
        objects: [...(parent?.objects ?? []), ...added],
        online: null,
        report: null,
      };
      manifests.push(manifest);
      this.commits++;
      return manifest;
    },
    async readAsOf({ from } = {}) {
      const { objects, schema } = manifests.at(-1)!;
      return panelOf(objects, schema, from);
    },
    async readNext({ head, staged: { schema, objects }, from }) {
      const added: FeatureObject[] = [];
      for (const object of objects) added.push(await take(object));
      return panelOf([...(head?.objects ?? []), ...added], schema, from);
    },
  };
}

async function readRows(path: string): Promise<Rows> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT series_id, epoch_ms(timestamp)::DOUBLE, target FROM ${parquetFiles(path)}
     WHERE epoch_ms(available_at) IS NOT NULL AND typeof(timestamp) = 'TIMESTAMP'`,
  );
  const columns = reader.getColumns();
  connection.closeSync();
  instance.closeSync();
  const [seriesIds = [], timestamps = [], targets = []] = columns;
  return { seriesIds, timestamps, targets } as unknown as Rows;
}
