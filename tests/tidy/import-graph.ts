/**
 * Purpose: who imports whom: the allowed direction, dead files, and packages declared but unused or
 * used but undeclared.
 * Invariants: counts static, type-only and dynamic imports, re-exports, and `new URL('./x',
 * import.meta.url)`.
 * Fails: never; an import that leads nowhere is the type checker's to find.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { isTypeScript, isUnder, lineAt, type SourceFile, type Violation } from './source-tree.ts';

export interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Path in this repository, or null for a package or a part of Node. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

const TYPE_ONLY = /\b(import|export)\s+type\b/;

export function importsOf(file: SourceFile): Import[] {
  const statements = ts
    .preProcessFile(file.text, true, true)
    .importedFiles.map(({ fileName, pos }) => ({ fileName, pos }));
  const urls = [...file.text.matchAll(/new URL\(\s*['"]([^'"]+)['"]\s*,\s*import\.meta\.url/g)];
  const found = [
    ...statements,
    ...urls.map((match) => ({ fileName: match[1]!, pos: match.index })),
  ];
  return found.map(({ fileName, pos }) => {
    const before = file.text.slice(Math.max(0, file.text.lastIndexOf(';', pos - 1) + 1), pos);
    return {
      line: lineAt(file.text, pos),
      specifier: fileName,
      target: fileName.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(file.path), fileName))
        : null,
      typeOnly: TYPE_ONLY.test(before),
    };
  });
}

/**
 * Folder → the folders it may import. `cli/headway.ts`, `cli`, `bench`, `docs` and `tests` put
 * everything together and may import all.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: ['platform'],
  forecasting: ['forecasting'],
  storage: ['storage', 'forecasting', 'platform'],
  domains: ['domains', 'platform'],
  reports: ['reports', 'forecasting', 'platform', 'services', 'storage'],
  services: [
    'storage',
    'forecasting',
    'platform',
    'domains/domain.ts',
    'domains/expectations.ts',
    'reports',
  ],
  infra: ['infra', 'domains', 'forecasting', 'platform', 'services', 'storage'],
};
const MAY_IMPORT_ALL = ['cli', 'bench', 'clients', 'tools', 'tests'];
/** `forecasting` is pure mathematics. */
const INPUT_OUTPUT =
  /^(node:)?(fs|http2?|https|net|tls|dgram|child_process)(\/|$)|^(axios|fastify|@duckdb\/.*)$/;

const within = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}/`) || path.startsWith(`${place}.`);

export function importDirection(file: SourceFile): Violation[] {
  const [top = '', second = ''] = file.path.split('/');
  if (!isTypeScript(file) || MAY_IMPORT_ALL.includes(top) || !file.path.includes('/')) return [];
  const allowed = MAY_IMPORT[top];
  const violation = (line: number, problem: string, fix: string): Violation => ({
    path: file.path,
    line,
    problem,
    fix,
  });
  if (!allowed)
    return [
      violation(
        1,
        `the folder ${top}/ is not in the layout`,
        'Move the file to a folder of docs/architecture.md',
      ),
    ];
  const home = top === 'services' ? `services/${second}` : top;
  return importsOf(file).flatMap(({ line, specifier, target, typeOnly }) => {
    if (target === null) {
      if (top !== 'forecasting' || !INPUT_OUTPUT.test(specifier)) return [];
      return [
        violation(
          line,
          `forecasting/ must not import ${specifier}`,
          'It is pure: take what was read as an argument',
        ),
      ];
    }
    if (within(target, home) || allowed.some((place) => within(target, place))) return [];
    if (top === 'domains' && typeOnly) return [];
    const others = target.startsWith('services/') && top === 'services';
    const fix = others
      ? 'Services meet only in storage/'
      : `${home}/ may import ${[...allowed].sort().join(', ') || 'nothing of ours'}`;
    return [
      violation(
        line,
        `${home}/ must not import ${target}`,
        `${fix}; pass it in as an argument, or move it down`,
      ),
    ];
  });
}

/**
 * Files that nothing leads to. Production files count as alive only from the entry points, not from
 * their own tests.
 * @param entries paths that something outside starts; a path ending in "/" means every file under
 * it.
 */
export function deadFiles(files: readonly SourceFile[], entries: readonly string[]): Violation[] {
  const byPath = new Map(
    files
      .filter((file) => isTypeScript(file) || /\.[cm]?js$/.test(file.path))
      .map((file) => [file.path, file]),
  );
  const reach = (roots: readonly string[]): Set<string> => {
    const seen = new Set<string>();
    const open = [...roots];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const file = byPath.get(path);
      if (!file || seen.has(path)) continue;
      seen.add(path);
      for (const { target } of importsOf(file)) if (target !== null) open.push(target);
    }
    return seen;
  };
  const isEntry = (path: string) =>
    entries.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
  const alive = reach([...byPath.keys()].filter(isEntry));
  const tested = reach(
    [...byPath.keys()].filter(
      (path) => isUnder(path, 'tests') && /\.(test|browser|s3)\.ts$/.test(path),
    ),
  );
  return [...byPath.keys()]
    .filter((path) => isTypeScript({ path, text: '' }))
    .filter((path) => !(isUnder(path, 'tests') ? tested : alive).has(path))
    .map((path) => ({
      path,
      line: 1,
      problem: tested.has(path) ? 'only its tests use this file' : 'nothing imports this file',
      fix: 'Use it from an entry point, delete it, or name it in NOT_WIRED_YET in tests/tidy.test.ts with the reason',
    }));
}

export interface PackageList {
  readonly dependencies: readonly string[];
  readonly developmentOnly: readonly string[];
  /** Declared, never imported → why. */
  readonly notImported: Readonly<Record<string, string>>;
}

export function packageUse(files: readonly SourceFile[], packages: PackageList): Violation[] {
  const used = files
    .filter((file) => isTypeScript(file) || /\.[cm]?js$/.test(file.path))
    .flatMap((file) =>
      importsOf(file)
        .filter(
          ({ specifier, target }) =>
            target === null && !specifier.startsWith('node:') && !specifier.startsWith('file:'),
        )
        .map(({ specifier, line, typeOnly }) => ({
          path: file.path,
          line,
          typeOnly,
          name: packageName(specifier),
        })),
    );
  const declared = (name: string): string => (name === '@jest/globals' ? 'jest' : name);
  const names = new Set(used.map((use) => use.name));
  const unused = packages.dependencies
    .filter((name) => !names.has(name) && !(name in packages.notImported))
    .map((name) => ({
      path: 'package.json',
      line: 1,
      problem: `nothing imports the dependency ${name}`,
      fix: 'Remove it, or name it in NOT_IMPORTED in tests/tidy.test.ts with the reason',
    }));
  const undeclared = used
    .filter(({ path, name, typeOnly }) => {
      if (packages.dependencies.includes(name)) return false;
      const development =
        typeOnly || isUnder(path, 'tests', 'bench', 'infra') || !path.includes('/');
      return !(development && packages.developmentOnly.includes(declared(name)));
    })
    .map(({ path, line, name }) => ({
      path,
      line,
      problem: `${name} is imported and not declared`,
      fix: 'Add it to dependencies in package.json, pinned exactly',
    }));
  return [...unused, ...undeclared];
}

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
