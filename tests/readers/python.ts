/**
 * Purpose: the Python that tests of readers run, and what it has.
 * Invariants: HEADWAY_TEST_PYTHON, or the environment that `npm run test:readers` makes.
 * Fails: never; without Python no package is there.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../tidy/source-tree.ts';

export const PYTHON =
  process.env.HEADWAY_TEST_PYTHON ?? path.join(ROOT, 'build/python-readers/bin/python');

export const hasPackage = (name: string): boolean =>
  spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0;
