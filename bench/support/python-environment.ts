/**
 * Purpose: Python libraries that a bench compares with, in an environment of their own.
 * Invariants: versions are pinned by the caller; the environment is made once; nothing of it is
 * needed by Headway or its tests.
 * Fails: where Python or the package index is not there, with the words of the tool that failed.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The interpreter of an environment that has the packages. */
export async function pythonIn(folder: string, packages: readonly string[]): Promise<string> {
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) {
    await mkdir(dirname(folder), { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
  }
  await run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
  return python;
}

/** What a script prints. */
export function outputOf(python: string, script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${script} ended with ${code}`)),
    );
  });
}
