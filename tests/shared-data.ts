/**
 * Purpose: finds the evaluation data, which lies beside the repository and is never part of it.
 * Invariants: null where it is absent, after saying so once: tests then skip.
 * Fails: never.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root =
  process.env.HEADWAY_TEST_DATA ?? join(import.meta.dirname, '..', '..', 'shared', 'data');

/** The path of a data set such as "pjm-hourly", or null where it is not there. */
export function sharedData(name: string): string | null {
  const path = join(root, name);
  if (existsSync(path)) return path;
  process.stderr.write(
    `skipped: the evaluation data ${name} is not beside the repository (set HEADWAY_TEST_DATA)\n`,
  );
  return null;
}
