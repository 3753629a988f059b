/**
 * Purpose: the bundle and the templates of every variant, made once for all tests of the stacks.
 * Invariants: made in processes of their own and without an account; cdk-nag has passed, or there
 * are none.
 * Fails: with what bundling or synthesis says.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { temporaryFolder } from '../storage/feature-fixtures.ts';

export interface Json {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const templates = new Map<string, Template>();
let folder: string | null = null;

/** Where the bundle is, and the assemblies in plain/ and everything/. */
export function place(): string {
  if (folder === null) throw new Error('nothing is synthesised yet');
  return folder;
}

/** Returns what removes it again. */
export async function synthesise(): Promise<() => Promise<void>> {
  const made = await temporaryFolder();
  folder = made.folder;
  const bundle = path.join(folder, 'lambda');
  await run(process.execPath, ['--import', 'tsx', 'bundle-lambda.ts', '--out', bundle], {
    cwd: ROOT,
  });
  const program = fileURLToPath(new URL('./children/synth.ts', import.meta.url));
  const synth = ['--import', 'tsx', program, bundle, folder];
  await run(process.execPath, synth, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', TMPDIR: folder, CDK_VALIDATION: 'false' },
  });
  for (const variant of ['plain', 'everything'])
    for (const file of readdirSync(path.join(folder, variant)).filter((name) =>
      name.endsWith('.template.json'),
    )) {
      const name = file.replace('headway-', '').replace('.template.json', '');
      const key = variant === 'plain' ? name : name.replace('prod', 'everything');
      templates.set(
        key,
        Template.fromJSON(JSON.parse(readFileSync(path.join(folder, variant, file), 'utf8'))),
      );
    }
  return made.remove;
}

/** dev-data, prod-inference, everything-delivery … */
export function stack(name: string): Template {
  const found = templates.get(name);
  if (found === undefined)
    throw new Error(`there is no ${name} among ${[...templates.keys()].join(', ')}`);
  return found;
}

export const all = (): [string, Json][] =>
  [...templates].map(([name, template]) => [name, template.toJSON() as Json]);
