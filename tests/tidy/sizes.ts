/** Purpose: finds lines that are too wide, and folders that hold too many files. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { eachLine, isUnder, ROOT, type SourceFile, type Violation } from './source-tree.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** A fork's own name and title may be longer: lines are measured as they were before. */
const NAME = JSON.parse(read('package.json')).name as string;
const TITLE_OF_PAGE = /<title>(.+)<\/title>/.exec(read('web/page.html'))?.[1] ?? NAME;
const underFirstName = (text: string): string =>
  NAME === 'headway' ? text : text.replaceAll(NAME, 'headway').replaceAll(TITLE_OF_PAGE, 'Headway');

const MAX_COLUMNS = 100;
const MAX_FILES = 15;
const CODE = /\.(tsx|m?ts|m?js)$/;
/** `npm run client` writes it. */
const GENERATED = 'clients/typescript/headway-api.ts';
/** A URL, one regular expression, an import, the title of a test. */
const MAY_BE_WIDE = [/https?:\/\/\S{40}/, /^\s*(const \w+ = )?\/.*\/[a-z]*[;,]?$/, /^import /];
const TITLE = /^\s*(\)?\()?(describe|test)?(\.\w+)*\(?['"`]/;

export function wideLines(file: SourceFile): Violation[] {
  if (!CODE.test(file.path) || file.path === GENERATED) return [];
  const exceptions = isUnder(file.path, 'tests') ? [...MAY_BE_WIDE, TITLE] : MAY_BE_WIDE;
  return eachLine(file, (line) => {
    const text = underFirstName(line);
    return text.length <= MAX_COLUMNS || exceptions.some((pattern) => pattern.test(text))
      ? []
      : [{ problem: `${text.length} columns`, fix: `Split it: ${MAX_COLUMNS} at most` }];
  });
}

/** Folders other than tests, by their source files; the root by all of its files. */
export function fullFolders(files: readonly SourceFile[]): Violation[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = posix.dirname(path);
    if (isUnder(path, 'tests') || (folder !== '.' && !CODE.test(path))) continue;
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([path, count]) => ({
      path,
      line: 1,
      problem: `${count} files`,
      fix: `Move what belongs together to a folder of its own: ${MAX_FILES} at most`,
    }));
}
