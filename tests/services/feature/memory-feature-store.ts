/**
 * Purpose: a feature store in memory with the shape of the real one, for the feature service's own tests.
 * Invariants: committed rows are kept apart from their files; for one feed and interval the latest object wins; commits are
 * refused where an account does not balance.
 * Fails: with a plain Error.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { createPanel } from '../../../forecasting/panel.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { FeatureStore } from '../../../storage/feature-store.ts';
import type { FeatureObject, Manifest } from '../../../storage/manifest.ts';

export type Row = { seriesId: string; timestamp: number; target: number };

export interface MemoryFeatureStore extends FeatureStore {
  /** All rows of the newest objects, as "series@timestamp" → value, feeds added. */
  values(): Map<string, number>;
  report(): unknown;
  commits: number;
}

export function memoryFeatureStore(domain: string, clock: Clock): MemoryFeatureStore {
  const manifests: Manifest[] = [];
  const rows = new Map<string, Row[]>();
  let report: unknown = null;

  const winners = (): Map<string, { feed: string; row: Row }> => {
    const found = new Map<string, { feed: string; row: Row }>();
    const objects = manifests.at(-1)?.objects ?? [];
    for (const object of [...objects].sort((a, b) => a.availableAt - b.availableAt)) {
      for (const [key, { feed, row }] of found) {
        if (feed === object.feed && row.timestamp >= object.span.start && row.timestamp < object.span.end) found.delete(key);
      }
      for (const row of rows.get(object.key)!)
        found.set(`${object.feed}|${row.seriesId}@${row.timestamp}`, { feed: object.feed, row });
    }
    return found;
  };
  const values = () => {
    const sums = new Map<string, number>();
    for (const { row } of winners().values()) {
      const key = `${row.seriesId}@${row.timestamp}`;
      sums.set(key, (sums.get(key) ?? 0) + row.target);
    }
    return sums;
  };

  return {
    commits: 0,
    values,
    report: () => report,
    head: async () => manifests.at(-1) ?? null,
    log: async () => [...manifests],
    async commit(request) {
      const added: FeatureObject[] = [];
      for (const { path, ...object } of request.newObjects) {
        const rejected = Object.values(object.rejected).reduce((sum, n) => sum + n, 0);
        if (object.rowsIn !== object.rowsUsed + rejected) throw new Error(`${object.part} does not balance`);
        const bytes = await readFile(path);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const found = await readRows(path);
        if (found.length !== object.rows) throw new Error(`${object.part} has ${found.length} rows, not ${object.rows}`);
        if (found.some(({ timestamp }) => timestamp < object.span.start || timestamp >= object.span.end)) {
          throw new Error(`${object.part} has rows outside its span`);
        }
        const key = `features/${domain}/data/${sha256}.parquet`;
        rows.set(key, found);
        added.push({ ...object, key, sha256, bytes: bytes.length });
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
        schema: request.schema,
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
      const step = schema.frequencyMinutes * 60_000;
      const start = Math.max(from ?? 0, Math.min(...objects.map(({ span }) => span.start)));
      const end = Math.max(...objects.map(({ span }) => span.end));
      const sums = values();
      const seriesIds = [...new Set([...sums.keys()].map((key) => key.split('@')[0]))].sort();
      const length = (end - start) / step;
      const target = new Float32Array(seriesIds.length * length).fill(schema.missing === 'zero' ? 0 : Number.NaN);
      for (const [key, value] of sums) {
        const [seriesId, timestamp] = key.split('@');
        const index = (Number(timestamp) - start) / step;
        if (index >= 0) target[seriesIds.indexOf(seriesId) * length + index] = value;
      }
      return createPanel({ seriesIds, start, frequencyMinutes: schema.frequencyMinutes, length, columns: { target } });
    },
  };
}

async function readRows(path: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const text = path.replaceAll("'", "''");
  const result = await connection.runAndReadAll(
    `SELECT series_id, epoch_ms(timestamp)::DOUBLE, target, typeof(available_at) FROM read_parquet('${text}')`,
  );
  connection.closeSync();
  instance.closeSync();
  return result.getRows().map(([seriesId, timestamp, target]) => ({
    seriesId: String(seriesId),
    timestamp: Number(timestamp),
    target: Number(target),
  }));
}
