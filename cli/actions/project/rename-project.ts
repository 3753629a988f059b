/**
 * Purpose: `headway rename-project`: gives a fork its own name: package, images, stacks, titles.
 * Invariants: only what rename-rules.ts lists is touched; all is read before the first file is
 * written.
 * Fails: USAGE for a name that images, stacks or packages cannot have, and where the project was
 * renamed before.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HeadwayError } from '../../../platform/errors.ts';
import type { CommandContext } from '../../context.ts';
import { ORIGINAL, PLACES, type ProjectName, renamed } from './rename-rules.ts';

export interface RenameFlags {
  readonly title?: string;
  readonly dryRun?: boolean;
}

interface Change {
  readonly path: string;
  readonly text: string;
  readonly places: number;
}

/** Of an image, a stack, a role and a DNS label alike, with room for `-prod-monitoring`. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_NAME = 30;
/** AWS takes no other characters in the names of metrics and topics. */
const TITLE = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/;

/** @param root the repository that is renamed */
export async function renameProjectCommand(
  context: CommandContext,
  flags: RenameFlags,
  name: string,
  root = resolve(import.meta.dirname, '../../..'),
): Promise<void> {
  const to = { name, title: flags.title ?? titleOf(name) };
  checkName(to);
  const current = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).name;
  if (current !== ORIGINAL.name) {
    throw new HeadwayError('USAGE', `the project is called ${JSON.stringify(current)} already`, {
      where: 'package.json',
      fix: 'Go back to the commit before it was renamed, and rename that.',
    });
  }
  const changes = await changesOf(root, to);
  if (!flags.dryRun) for (const { path, text } of changes) await writeFile(join(root, path), text);
  const lines = changes.map(({ path, places }) => `  ${path}  ${places}`);
  context.print(
    `${flags.dryRun ? 'Would change' : 'Changed'} (file, places):\n${lines.join('\n')}`,
  );
  context.print(
    `\nThe project is ${to.title}; its package, images and stacks are called ${to.name}.\n` +
      'Unchanged: the command `headway`, settings, metrics, names in the code, the store and\n' +
      'LICENSE, so that changes of Headway still merge.',
  );
  if (!flags.dryRun)
    context.print(
      '\nNext:\n  npm run format\n  npm test -- tests/unit/delivery tests/unit/infra\n' +
        '  git diff --stat\nThen write your own README.md.',
    );
  context.printJson({ ...to, files: changes.map(({ path, places }) => ({ path, places })) });
}

const titleOf = (name: string): string => {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function checkName({ name, title }: ProjectName): void {
  const isName = NAME.test(name) && name.length <= MAX_NAME && name !== ORIGINAL.name;
  if (isName && TITLE.test(title)) return;
  const [value, where] = isName ? [title, '--title'] : [name, 'rename-project NAME'];
  throw new HeadwayError('USAGE', `${JSON.stringify(value)} cannot be the project's name`, {
    where,
    fix: isName
      ? 'Use at most 40 letters without accents, digits, spaces, hyphens and dots.'
      : `Use a new name of at most ${MAX_NAME} lower-case letters, digits and single hyphens.`,
  });
}

async function changesOf(root: string, to: ProjectName): Promise<Change[]> {
  const changes: Change[] = [];
  for (const place of PLACES) {
    for (const path of await filesBelow(root, place)) {
      const before = await readFile(join(root, path), 'utf8');
      const [text, places] = renamed(path, before, to);
      if (places > 0) changes.push({ path, text, places });
    }
  }
  return changes;
}

/** A folder that a fork has removed holds nothing. */
async function filesBelow(root: string, place: string): Promise<string[]> {
  const found = await stat(join(root, place)).catch(() => null);
  if (found === null) return [];
  if (found.isFile()) return [place];
  const entries = await readdir(join(root, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs|py|md|html|ya?ml|json)$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
