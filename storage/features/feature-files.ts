/**
 * Purpose: the files of a domain's features, checked: no Parquet file is read before it is shown to
 * be what the manifest says.
 * Invariants: size and SHA-256 are those of the manifest; the rows are what it claims
 * (parquet-check.ts). Each file is hashed once, as long as it keeps its size and modification time,
 * and each content is read through once. What was staged is not read through again.
 * Fails: STORE_CORRUPT with the key.
 */
import { stat } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { SqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import {
  type DataFile,
  type FeaturePack,
  isPack,
  type Manifest,
  type Segment,
} from './manifest.ts';
import type { ObjectRows } from './object-rows.ts';
import type { StagedObject } from './requests.ts';
import { inspectParquet } from './segments/parquet-check.ts';
import { readSegmentIndex, type SegmentIndex } from './segments/segment-index.ts';

const MAX_VERIFIED = 50_000;
const MAX_INDEXES = 64;

/** What a reader of snapshots needs of files: those of the store, and staged ones next to them. */
export interface ReadableFiles {
  readonly store: ObjectStore;
  index(pack: FeaturePack): Promise<SegmentIndex>;
  path(session: SqlSession, file: DataFile, frequencyMinutes: number): Promise<string>;
  /** The rows of a file, where they are held in memory. */
  rows(file: DataFile): ObjectRows | null;
}

export class FeatureFiles implements ReadableFiles {
  readonly store: ObjectStore;
  /** Content and claims that hold → the file in which they were found. */
  readonly #verified = new LRUCache<string, string>({
    // A `max` would have its memory allocated here, in every process that opens a store.
    ...{ maxSize: MAX_VERIFIED, sizeCalculation: () => 1 },
  });
  /** They never change, and a process asks for the same ones again and again. */
  readonly #indexes = new LRUCache<string, SegmentIndex>({ max: MAX_INDEXES });

  constructor(store: ObjectStore) {
    this.store = store;
  }

  /** The local path of an object, once it has been checked. */
  async path(
    session: SqlSession,
    object: DataFile,
    frequencyMinutes: number,
    isReadThrough = false,
  ): Promise<string> {
    const path = await this.store.localPath(object.key).catch((error: unknown) => {
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND')
        ? corrupt(object, 'it is missing', error)
        : error;
    });
    const { span, rows, availableAt, bytes, sha256 } = object;
    const count = isPack(object) ? object.segments.count : null;
    const content = JSON.stringify([sha256, rows, span, availableAt, frequencyMinutes, count]);
    const look = await stat(path);
    const place = JSON.stringify([path, look.size, look.mtimeMs]);
    if (this.#verified.get(content) === place) return path;
    if (look.size !== bytes) throw corrupt(object, `it has ${look.size} bytes, not ${bytes}`);
    if ((await fileHash(path)) !== sha256) throw corrupt(object, 'its SHA-256 differs');
    if (!isReadThrough && !this.#verified.has(content)) {
      const { problem } = await inspectParquet(session, path, object, frequencyMinutes);
      if (problem !== null) throw corrupt(object, problem);
    }
    this.#verified.set(content, place);
    return path;
  }

  rows(): null {
    return null;
  }

  async index(pack: FeaturePack): Promise<SegmentIndex> {
    const name = `${pack.segments.key} ${pack.sha256}`;
    const before = this.#indexes.get(name);
    if (before) return before;
    const index = await readSegmentIndex(this.store, pack);
    this.#indexes.set(name, index);
    return index;
  }

  /**
   * All segments that a snapshot holds, in packs and outside; none of no snapshot. Of equals in
   * `availableAt` the later committed comes later.
   */
  async segments(snapshot: Pick<Manifest, 'packs' | 'objects'> | null): Promise<Segment[]> {
    if (snapshot === null) return [];
    const all: (readonly Segment[])[] = [];
    for (const pack of snapshot.packs) all.push((await this.index(pack)).segments);
    return ([] as Segment[]).concat(...all, snapshot.objects);
  }
}

/** @param isStored whether the staged objects are in the store already */
export function withStaged(
  files: FeatureFiles,
  staged: readonly StagedObject[],
  isStored: boolean,
): ReadableFiles {
  const nameOf = ({
    sha256,
    rows,
    span: { start, end },
  }: Pick<DataFile, 'sha256' | 'rows' | 'span'>) => JSON.stringify([sha256, rows, start, end]);
  const byName = new Map(staged.map((object) => [nameOf(object), object]));
  const stagedAs = (file: DataFile): StagedObject | undefined => {
    const found = isPack(file) ? undefined : byName.get(nameOf(file));
    // A commit may stamp an object later than it was staged.
    return found !== undefined && found.availableAt <= file.availableAt ? found : undefined;
  };
  return {
    store: files.store,
    index: (pack) => files.index(pack),
    async path(session, file, frequencyMinutes) {
      const found = stagedAs(file);
      if (found !== undefined && !isStored) return found.path;
      return files.path(session, file, frequencyMinutes, found !== undefined);
    },
    rows: (file) => stagedAs(file)?.content ?? null,
  };
}

const corrupt = (object: DataFile, problem: string, cause?: unknown) =>
  new HeadwayError('STORE_CORRUPT', `A feature object does not match its manifest: ${problem}`, {
    where: object.key,
    fix:
      'Restore it from a backup of the store; `headway store verify` lists everything ' +
      'that is wrong.',
    cause,
  });
