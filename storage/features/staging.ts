/**
 * Purpose: read the local files of a run through before they are committed.
 * Invariants: no file is read or committed before it is shown to be what is said of it; each file
 * is read through once, for whoever judges a run and for the commit. The rows of at most MAX_ROWS
 * are held.
 * Fails: PANEL_INVALID with the part and the path.
 */
import { stat } from 'node:fs/promises';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import type { FeatureSchema, NewFeatureObject, TimeSpan } from './manifest.ts';
import { accountProblem, spanProblem } from './manifest-format.ts';
import type { Staged, StagedObject } from './requests.ts';
import { inspectParquet } from './segments/parquet-check.ts';

/** 96 MB. */
const MAX_ROWS = 8_000_000;

export async function stageObjects(
  schema: FeatureSchema,
  newObjects: readonly NewFeatureObject[],
): Promise<Staged> {
  requireFitting(newObjects, undefined, schema);
  return withSqlSession(async (session) => {
    const objects: StagedObject[] = [];
    let held = 0;
    for (const object of newObjects) {
      const { path } = object;
      const { size: bytes } = await stat(path);
      const sha256 = await fileHash(path);
      const found = await inspectParquet(session, path, object, schema.frequencyMinutes);
      if (found.problem !== null) throw invalid(object, found.problem);
      const isHeld = held + object.rows <= MAX_ROWS;
      if (isHeld) held += object.rows;
      objects.push({ ...object, sha256, bytes, content: isHeld ? found.rows : null });
    }
    return { schema, objects };
  });
}

/** @param grid something of the snapshot that they come into; undefined where it is the first */
export function requireFitting(
  objects: readonly NewFeatureObject[],
  grid: { readonly span: TimeSpan } | undefined,
  schema: FeatureSchema,
): void {
  for (const object of objects) {
    const first = grid ?? (objects[0] as NewFeatureObject);
    const problem = spanProblem(object, first, schema.frequencyMinutes) ?? accountProblem(object);
    if (problem !== null) throw invalid(object, problem);
  }
}

export const invalid = (object: NewFeatureObject, problem: string) =>
  new HeadwayError('PANEL_INVALID', `Part ${object.part} cannot be committed: ${problem}`, {
    where: object.path,
    fix: 'Fix what made this file; nothing was committed.',
  });
