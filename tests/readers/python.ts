/**
 * Purpose: the Python that tests of readers run, and what it has.
 * Invariants: HEADWAY_TEST_PYTHON, or the environment that `npm run test:readers` makes.
 * Fails: never; without Python no package is there.
 */
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from '@jest/globals';
import { ROOT } from '../tidy/source-tree.ts';

export const PYTHON =
  process.env.HEADWAY_TEST_PYTHON ?? path.join(ROOT, 'build/python-readers/bin/python');

const hasPackage = (name: string): boolean =>
  spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0;

/** `test`, or where a package is absent `test.skip`, with a line that says so. */
export function withPackages(...names: readonly string[]): typeof test | typeof test.skip {
  const absent = names.filter((name) => !hasPackage(name));
  if (absent.length > 0) console.warn(`skipped: ${absent.join(', ')} missing in ${PYTHON}`);
  return absent.length > 0 ? test.skip : test;
}

/** What the code prints. Proxies are passed by: all is on this machine. */
export async function runPython(code: string, cwd: string): Promise<string> {
  const env = { ...process.env, no_proxy: '*', PYTHONUTF8: '1' };
  return (await promisify(execFile)(PYTHON, ['-c', code], { cwd, env })).stdout.trim();
}
