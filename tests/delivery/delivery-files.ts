/**
 * Purpose: the files of delivery as data: YAML of any kind, and the Dockerfile stage by stage.
 * Invariants: YAML 1.2 with merge keys (`<<`), as compose reads it; a key given twice is an error.
 * Fails: with the parser's message and the file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../tidy/source-tree.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are open trees; the API's schemas say what is in them.
export type Tree = any;

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export function documentsOf(path: string): Tree[] {
  return parseAllDocuments(textOf(path), { merge: true, uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    const tree = document.toJS();
    return tree === null ? [] : [tree];
  });
}

export function treeOf(path: string): Tree {
  const [tree, second] = documentsOf(path);
  if (tree === undefined || second !== undefined)
    throw new Error(`${path}: not exactly one document`);
  return tree;
}

export const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);

export interface Stage {
  readonly name: string;
  readonly from: string;
  /** Instruction and the rest of the line, continued lines joined, comments left out. */
  readonly lines: readonly { readonly instruction: string; readonly rest: string }[];
}

export function stagesOf(path = 'Dockerfile'): Stage[] {
  const joined = textOf(path)
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '');
  const stages: { name: string; from: string; lines: { instruction: string; rest: string }[] }[] =
    [];
  for (const line of joined.split('\n').filter((text) => text.trim() !== '')) {
    const [, instruction = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, from = '', name = ''] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
      stages.push({ name, from, lines: [] });
    } else stages.at(-1)?.lines.push({ instruction, rest });
  }
  return stages;
}

/** The stage and, before it, those it is built on: what it inherits comes first. */
export function lineageOf(stages: readonly Stage[], name: string): Stage[] {
  const stage = stages.find((candidate) => candidate.name === name);
  return stage === undefined ? [] : [...lineageOf(stages, stage.from), stage];
}

/** The last such instruction that holds for an image of this target. */
export function lastOf(
  stages: readonly Stage[],
  target: string,
  instruction: string,
): string | undefined {
  const lines = lineageOf(stages, target).flatMap((stage) => stage.lines);
  return lines.findLast((line) => line.instruction === instruction)?.rest;
}

/** The packages that an image of this target does without. */
export function packagesWithout(stages: readonly Stage[], target: string): string[] {
  const source = lineageOf(stages, target)
    .flatMap((stage) => stage.lines)
    .map(({ instruction, rest }) =>
      instruction === 'COPY' ? /^--from=(\S+) \/app\/node_modules /.exec(rest)?.[1] : undefined,
    )
    .findLast((name) => name !== undefined);
  const lines = lineageOf(stages, source ?? '').flatMap((stage) => stage.lines);
  return lines.flatMap(({ rest }) =>
    [...rest.matchAll(/\bdependencies\.(\S+)/g)].map((match) => match[1] as string),
  );
}

export const SERVICES = ['features', 'training', 'inference'] as const;
