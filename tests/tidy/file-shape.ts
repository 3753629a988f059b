/**
 * Purpose: how a file must look: a Purpose block, no more than 400 lines, no barrel, no catch-all
 * folder, nothing of one machine.
 * Invariants: each check looks at one file alone.
 * Fails: never.
 */
import ts from 'typescript';
import { isTypeScript, type SourceFile, type Violation } from './source-tree.ts';

const MAX_LINES = 550;
const CATCH_ALL = /(^|\/)(utils?|helpers?|common|shared|misc|lib)\//;

export function fileShape(file: SourceFile): Violation[] {
  if (!isTypeScript(file)) return [];
  const lines = file.text.trimEnd().split('\n').length;
  const violations: Violation[] = [];
  const add = (problem: string, fix: string) =>
    violations.push({ path: file.path, line: 1, problem, fix });
  // A test file's describe and test names say what it is for.
  if (
    !/\.(test|browser)\.ts$/.test(file.path) &&
    !/^(#!.*\n)?\/\*\*[\s*]*Purpose: /.test(file.text)
  ) {
    add(
      'no Purpose block',
      'Open with /** Purpose: … Invariants: … Fails: … */ as platform/errors.ts does',
    );
  }
  if (lines > MAX_LINES) add(`${lines} lines`, `Split it by noun: ${MAX_LINES} lines at most`);
  if (isBarrel(file))
    add('only re-exports', 'Import from the file that holds the thing; delete this one');
  return violations;
}

function isBarrel(file: SourceFile): boolean {
  const { statements } = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest);
  const own = statements.filter(
    (statement) => !ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement),
  );
  return own.length === 0 && statements.some((statement) => ts.isExportDeclaration(statement));
}

export function folderName(file: SourceFile): Violation[] {
  const match = CATCH_ALL.exec(file.path);
  if (!match) return [];
  return [
    {
      path: file.path,
      line: 1,
      problem: `the folder "${match[2]}" says nothing`,
      fix: 'Name it after what is in it',
    },
  ];
}

/**
 * Paths of somebody's machine, and addresses of package registries, which differ from place to
 * place.
 */
const MACHINE = [
  {
    pattern: /(?<![\w.~$}-])\/(work|root|home\/[\w.-]+|Users\/[\w.-]+)\//,
    what: 'a path of one machine',
  },
  { pattern: /\b[A-Z]:\\+Users\\/, what: 'a path of one machine' },
  {
    pattern: /https?:\/\/[^/\s"']*(registry|artifactory|nexus|verdaccio)[^/\s"']*/i,
    what: 'the address of a package registry',
  },
];

export function machineTraces(file: SourceFile): Violation[] {
  return file.text.split('\n').flatMap((text, index) =>
    MACHINE.filter(({ pattern }) => pattern.test(text)).map(({ what }) => ({
      path: file.path,
      line: index + 1,
      problem: what,
      fix: 'Use a relative path, a setting or npm’s own configuration',
    })),
  );
}

/** Links of a Markdown file to files of this repository that are not there. */
export function brokenLinks(file: SourceFile, exists: (path: string) => boolean): Violation[] {
  if (!file.path.endsWith('.md')) return [];
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/') + 1) : '';
  return file.text.split('\n').flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !/^[a-z]+:/.test(target) && !exists(folder + target))
      .map((target) => ({
        path: file.path,
        line: index + 1,
        problem: `the link to ${target} leads nowhere`,
        fix: 'Fix or remove it',
      })),
  );
}
