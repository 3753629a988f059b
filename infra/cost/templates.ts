/**
 * Purpose: the templates of one environment, as CloudFormation would get them.
 * Invariants: the same program as `npm run synth`, without the service's bundle, which costs
 * nothing: a file stands for it. No account, no network; what was written is removed.
 * Fails: ConfigurationError as the synthesis does.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../aws/build-app.ts';
import type { Configuration } from '../aws/configuration.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}
/** By the stack's own name: data, network, features … */
export type Templates = Readonly<Record<string, Template>>;

export function synthesiseTemplates(configuration: Configuration): Templates {
  const folder = mkdtempSync(join(tmpdir(), 'headway-cost-'));
  try {
    const bundle = join(folder, 'bundle');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'index.mjs'), '');
    const out = join(folder, 'out');
    buildApp([configuration], bundle, out, false).app.synth();
    return readTemplates(out, configuration.environment);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the folder of an assembly, such as cdk.out/. */
export function readTemplates(folder: string, environment: string): Templates {
  // A fork has stacks of another name.
  const name = new RegExp(`-${environment}-(\\w+)\\.template\\.json$`);
  return Object.fromEntries(
    readdirSync(folder).flatMap((file) => {
      const stack = name.exec(file)?.[1];
      if (stack === undefined) return [];
      return [[stack, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Template]];
    }),
  );
}
