/**
 * Purpose: the repository as the tidy checks see it: the text files that are, or would be,
 * committed.
 * Invariants: paths are relative to the root, with "/"; ignored and generated files are left out.
 * Fails: where the root cannot be read.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One thing to fix: where, what, and how. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
  readonly fix: string;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As .gitignore has it, and what is generated. */
const LEFT_OUT = new Set([
  '.git',
  'node_modules',
  '.headway',
  'coverage',
  'package-lock.json',
  'cdk.out',
  'build',
]);
const TEXT = /\.(tsx|c?ts|mts|c?js|mjs|json|md|ya?ml|html|css|svg|sh|sql|py|txt|toml)$/;
const TEXT_WITHOUT_EXTENSION = /(^|\/)(Dockerfile|run|LICENSE|\.[a-z]+)$/;
const LARGEST = 2_000_000;
const isText = (path: string): boolean => TEXT.test(path) || TEXT_WITHOUT_EXTENSION.test(path);

export function readTree(root = ROOT): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (LEFT_OUT.has(entry.name) || entry.name.endsWith('.log')) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && isText(path) && statSync(join(root, path)).size <= LARGEST)
        files.push({ path, text: readFileSync(join(root, path), 'utf8') });
    }
  };
  visit('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export const isTypeScript = (file: SourceFile): boolean =>
  /\.(tsx|m?ts)$/.test(file.path) && !file.path.endsWith('.d.ts');
export const isUnder = (path: string, ...folders: string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`));

/** What `find` says of each line. */
export const eachLine = (
  file: SourceFile,
  find: (text: string) => readonly Pick<Violation, 'problem' | 'fix'>[],
): Violation[] =>
  file.text
    .split('\n')
    .flatMap((text, index) =>
      find(text).map((found) => ({ path: file.path, line: index + 1, ...found })),
    );

/** What a failing check prints: one line a violation, ready to jump to. */
export const report = (violations: readonly Violation[]): string[] =>
  violations.map(({ path, line, problem, fix }) => `${path}:${line}: ${problem}. ${fix}`);
