/**
 * Purpose: `npm run build:package` compiles what other programs import into build/package, a folder
 * that `npm pack` and `npm publish` take: the forecasting core and the HTTP client.
 * Invariants: it holds the modules that the entry files reach, as JavaScript and as types, with
 * package.json, README.md and LICENSE, and nothing else; names, versions and dependencies are those
 * of the repository's package.json, and only those that the modules import.
 * Fails: with the compiler's messages; a plain Error for an import that package.json does not list.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILED = join(ROOT, 'build/compiled');
const PACKAGE = join(ROOT, 'build/package');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A module of ours that the entries reach, and the packages that it imports. */
interface Reached {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

async function reachedFrom(entries: readonly string[]): Promise<Reached> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (files.has(path)) return;
    files.add(path);
    const text = await readFile(join(COMPILED, path), 'utf8');
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith('.')) {
        // Types name the modules with the endings of JavaScript.
        const target = posix.join(posix.dirname(path), fileName);
        await visit(path.endsWith('.d.ts') ? target.replace(/\.(js|ts)$/, '.d.ts') : target);
      } else if (!fileName.startsWith('node:')) {
        const [scope = '', name = ''] = fileName.split('/');
        packages.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
      }
    }
  };
  for (const entry of entries) await visit(entry);
  return { files, packages };
}

function dependenciesOf(manifest: Manifest, packages: ReadonlySet<string>) {
  return Object.fromEntries(
    [...packages].sort().map((name) => {
      const version = manifest.dependencies[name];
      if (version === undefined) throw new Error(`package.json lists no dependency ${name}`);
      return [name, `^${version}`];
    }),
  );
}

const compiledName = (source: string, ending: '.js' | '.d.ts'): string =>
  source.replace(/^\.\//, '').replace(/\.ts$/, ending);

export async function buildPackage(): Promise<string> {
  const manifest: Manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const entries = Object.entries(manifest.exports).filter(([, source]) => source.endsWith('.ts'));
  await rm(COMPILED, { recursive: true, force: true });
  await rm(PACKAGE, { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const project = fileURLToPath(new URL('./tsconfig.json', import.meta.url));
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: ROOT, stdio: 'inherit' });
  const { files, packages } = await reachedFrom(
    entries.flatMap(([, source]) => [compiledName(source, '.js'), compiledName(source, '.d.ts')]),
  );
  for (const path of files) {
    await mkdir(dirname(join(PACKAGE, path)), { recursive: true });
    await cp(join(COMPILED, path), join(PACKAGE, path));
  }
  const { name, version, license, engines } = manifest;
  const own = {
    ...{ name, version, license, engines, type: 'module' },
    description: 'Probabilistic demand forecasts with an honest backtest, and the HTTP client.',
    exports: {
      ...Object.fromEntries(
        entries.map(([path, source]) => [
          path,
          {
            types: `./${compiledName(source, '.d.ts')}`,
            default: `./${compiledName(source, '.js')}`,
          },
        ]),
      ),
      './package.json': './package.json',
    },
    dependencies: dependenciesOf(manifest, packages),
  };
  await writeFile(join(PACKAGE, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
  await cp(join(ROOT, 'LICENSE'), join(PACKAGE, 'LICENSE'));
  await cp(join(ROOT, 'library/README.md'), join(PACKAGE, 'README.md'));
  await rm(COMPILED, { recursive: true, force: true });
  return PACKAGE;
}

console.log(`Package: ${await buildPackage()}`);
