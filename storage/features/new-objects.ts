/**
 * Purpose: feature objects to be: the local files of a run before they are committed.
 * Invariants: no file is read or committed before it is shown to be what is said of it; each
 * content is read through once, for whoever judges a run and for the commit.
 * Fails: PANEL_INVALID with the part and the path.
 */

import type { SqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { checkContent } from './feature-objects.ts';
import type { FeatureSchema, NewFeatureObject, TimeSpan } from './manifest.ts';
import { accountProblem, spanProblem } from './manifest-format.ts';

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

/** Reads the file through. Returns its SHA-256. */
export async function requireContent(
  session: SqlSession,
  object: NewFeatureObject,
  { frequencyMinutes }: FeatureSchema,
): Promise<string> {
  const hash = await fileHash(object.path);
  const problem = await checkContent(session, object.path, hash, object, frequencyMinutes);
  if (problem !== null) throw invalid(object, problem);
  return hash;
}

const invalid = (object: NewFeatureObject, problem: string) =>
  new HeadwayError('PANEL_INVALID', `Part ${object.part} cannot be committed: ${problem}`, {
    where: object.path,
    fix: 'Fix what made this file; nothing was committed.',
  });
