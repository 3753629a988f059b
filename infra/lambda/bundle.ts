/**
 * Purpose: `npm run bundle:lambda`: the prediction service as a folder and a zip that AWS Lambda
 * can start, with no native code.
 * Invariants: build/lambda/ holds all that is needed and nothing else, and index.mjs exports
 * `handler`; the same source and the same locked packages give the same bytes, whenever and on
 * whatever machine: the zip holds no time, and is packed by code of its own.
 * Fails: with esbuild's messages; a plain Error where something that Lambda cannot run would be in
 * it, or it is larger than it may be.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type BuildOptions, build } from 'esbuild';
import { type Zippable, zipSync } from 'fflate';
import { domains } from '../../domains/index.ts';
import { DASHBOARD_FILES } from '../../services/inference/web-files.ts';
import { calendarLibraries, tabledCalendar } from './bundle-calendar.ts';
import { type CopiedFiles, compiledSchemas } from './bundle-schemas.ts';
import { schedules, shims } from './bundle-shims.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WASM = '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';
/** What the project promises. */
const MAX_ZIPPED_BYTES = 5_000_000;

/**
 * What packages written for CommonJS expect to find: `require` for parts of Node, and the folder
 * they lie in.
 */
const BANNER = [
  "import { createRequire as headwayRequire } from 'node:module';",
  'const require = headwayRequire(import.meta.url), __filename = import.meta.filename ?? new URL(import.meta.url).pathname;',
  "const __dirname = import.meta.dirname ?? new URL('.', import.meta.url).pathname.slice(0, -1);",
].join('');

export interface LambdaBundle {
  readonly folder: string;
  readonly zip: string;
  /** File → bytes. */
  readonly files: Readonly<Record<string, number>>;
  readonly zippedBytes: number;
}

/** @param out the folder; its zip lies beside it */
export async function bundleLambda(out: string): Promise<LambdaBundle> {
  const folder = path.resolve(out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'web'), { recursive: true });
  const options = {
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    logLevel: 'error',
  } as const satisfies BuildOptions;
  const esm = {
    ...options,
    format: 'esm',
    mainFields: ['module', 'main'], // ES modules: what is not used is left out
    banner: { js: BANNER },
    plugins: [shims(ROOT), tabledCalendar(domains)],
  } satisfies BuildOptions;
  const schemas = await compiledSchemas(esm);
  const { metafile } = await build({
    ...esm,
    entryPoints: { index: 'infra/lambda/entry.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true, // what is imported when it is needed is read when it is needed
    legalComments: 'external',
    metafile: true,
    plugins: [...esm.plugins, schemas.plugin],
  });
  // What is rarely needed, as files that are loaded then.
  const beside: readonly CopiedFiles[] = [...calendarLibraries, schedules, ...schemas.beside];
  for (const { file, contents, resolveDir = ROOT, plugins = [] } of beside) {
    const outfile = path.join(folder, file);
    await build({
      ...options,
      stdin: { contents, resolveDir },
      outfile,
      format: 'cjs',
      legalComments: 'external',
      plugins,
    });
  }
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external),
  );
  const foreign = outside
    .map((one) => one.path)
    .filter((one) => !isBuiltin(one) && !/^(\.\/|data:)/.test(one));
  if (foreign.length > 0)
    throw new Error(
      `the bundle would import what is not in it: ${[...new Set(foreign)].join(', ')}`,
    );
  const { resolve } = createRequire(import.meta.url);
  await copyFile(resolve(WASM), path.join(folder, path.basename(WASM)));
  for (const file of DASHBOARD_FILES)
    await copyFile(path.join(ROOT, 'web', file), path.join(folder, 'web', file));
  return pack(folder);
}

async function pack(folder: string): Promise<LambdaBundle> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = found
    .filter((each) => each.isFile())
    .map((each) => path.relative(folder, path.join(each.parentPath, each.name)));
  const content: Zippable = {};
  const files: Record<string, number> = {};
  for (const name of names.map((each) => each.split(path.sep).join('/')).sort()) {
    const bytes = await readFile(path.join(folder, name));
    if (name.endsWith('.node'))
      throw new Error(`${name} is native code, which fits one machine alone`);
    files[name] = bytes.length;
    content[name] = bytes;
  }
  // The earliest time a zip can name, by whatever clock: its fields are local ones. Readable by
  // all, as on a Unix.
  const zipped = zipSync(content, {
    level: 9,
    mtime: new Date(1980, 0, 1),
    os: 3,
    attrs: 0o100644 << 16,
  });
  if (zipped.length > MAX_ZIPPED_BYTES)
    throw new Error(`the zip has ${zipped.length} bytes; ${MAX_ZIPPED_BYTES} are allowed`);
  const zip = `${folder}.zip`;
  await writeFile(zip, zipped);
  return { folder, zip, files, zippedBytes: zipped.length };
}

async function run({
  out,
  json,
}: {
  readonly out: string;
  readonly json?: boolean;
}): Promise<void> {
  const bundle = await bundleLambda(out);
  if (json) {
    console.log(JSON.stringify(bundle, null, 2));
    return;
  }
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const all = Object.entries(bundle.files);
  for (const [name, bytes] of all.filter((each) => each[1] >= 50_000))
    console.log(`${megabytes(bytes).padStart(9)}  ${name}`);
  const total = all.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(
    `${megabytes(total).padStart(9)}  in ${all.length} files: ${path.relative(process.cwd(), bundle.folder)}`,
  );
  console.log(
    `${megabytes(bundle.zippedBytes).padStart(9)}  zipped: ${path.relative(process.cwd(), bundle.zip)}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await new Command('bundle:lambda')
    .description(
      'The prediction service as a folder and a zip for AWS Lambda (handler index.handler), without native code.',
    )
    .option('--out <folder>', 'where it goes; the zip lies beside it', 'build/lambda')
    .option('--json', 'print what was made as JSON')
    .action(run)
    .parseAsync();
}
