/**
 * Purpose: `npm run bundle:lambda` builds the prediction service as a folder and a zip for AWS
 * Lambda, without native code.
 * Invariants: the folder holds everything the function needs, and index.mjs exports `handler`; the
 * same source and locked packages give the same bytes on every machine.
 * Fails: with esbuild's messages; a plain Error where the zip exceeds its maximum size.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { build, type Plugin } from 'esbuild';
import { zipSync } from 'fflate';
import { domains } from '../../domains/index.ts';
import { type CalendarPlace, publicHolidays } from '../../forecasting/features/calendar.ts';
import { readPage } from '../../services/inference/page-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const WASM = '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';
const MAX_ZIPPED_BYTES = 5_000_000;
/** Imported on demand, by work that the function never does. */
const EXTERNAL = [
  ...['@duckdb/node-api', '@fastify/swagger-ui', 'esbuild', 'node-fetch'],
  // A function has the credentials of its role in its environment.
  ...['ini', 'process', 'sso', 'web-identity'].map(
    (name) => `@aws-sdk/credential-provider-${name}`,
  ),
];

/** CommonJS packages expect `require`, `__filename` and `__dirname`. */
const BANNER = `import { createRequire as headwayRequire } from 'node:module';
import { fileURLToPath as headwayPath } from 'node:url';
const require = headwayRequire(import.meta.url);
const __filename = headwayPath(import.meta.url);
const __dirname = headwayPath(new URL('.', import.meta.url));`;

export const HOLIDAY_ALIAS = { 'date-holidays': './infra/lambda/tabled-holidays.ts' };
/** The years that the API takes, and those next to them. */
const YEARS = Array.from({ length: 2201 - 1969 + 1 }, (_, i) => 1969 + i);

/** What tabled-holidays.ts reads. */
export function holidayTable(places: readonly CalendarPlace['holidays'][]) {
  const table: Record<string, Record<string, Record<string, readonly number[]>>> = {};
  for (const place of places) {
    if (place === null) continue;
    const { country, state = '' } = place;
    const days = Object.fromEntries(YEARS.map((year) => [year, publicHolidays(place, year)]));
    table[country] = { ...table[country], [state]: days };
  }
  return table;
}

/**
 * Compiles a schema at its first use, because the first forecast uses few of them, and does not
 * check it against the meta-schema, because the tests of the service do.
 */
const LAZY = `
  const compilers = module.exports;
  module.exports = (...given) => (externalSchemas, { customOptions, ...options } = {}) => {
    const ajv = { ...customOptions, validateSchema: false };
    const compile = compilers(...given)(externalSchemas, { ...options, customOptions: ajv });
    return (route) => {
      let compiled;
      const call = (data) => {
        compiled ??= compile(route);
        const result = compiled(data);
        call.errors = compiled.errors;
        return result;
      };
      return call;
    };
  };`;
const lazySchemas: Plugin = {
  name: 'lazy-schemas',
  setup({ onLoad }) {
    const filter = /@fastify.(ajv-compiler|fast-json-stringify-compiler).index\.js$/;
    onLoad({ filter }, async ({ path: file }) => ({ contents: (await readFile(file)) + LAZY }));
  },
};

/** What a domain imports on demand reads raw data, which the function never does. */
const noRawData: Plugin = {
  name: 'no-raw-data',
  setup({ onResolve }) {
    const isOfDomain = (file: string) => file.startsWith(path.join(ROOT, 'domains'));
    onResolve({ filter: /^\.\.?\// }, ({ kind, importer, path: file }) =>
      kind === 'dynamic-import' && isOfDomain(importer) ? { path: file, external: true } : null,
    );
  },
};

/** @param out the folder; the zip is written next to it. Returns the size of the zip. */
export async function bundleLambda(out: string): Promise<{ zippedBytes: number }> {
  const folder = path.resolve(out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'web'), { recursive: true });
  await build({
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    legalComments: 'external',
    logLevel: 'error',
    entryPoints: { index: 'infra/lambda/entry.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true, // a dynamic import is a file of its own, read on demand
    format: 'esm',
    mainFields: ['module', 'main'], // ES modules: unused exports are dropped
    external: EXTERNAL,
    alias: { yaml: './infra/npm-stubs/not-installed/index.cjs', ...HOLIDAY_ALIAS },
    define: { HOLIDAYS: JSON.stringify(holidayTable(domains.map(({ holidays }) => holidays))) },
    plugins: [lazySchemas, noRawData],
    banner: { js: BANNER },
  });
  await copyFile(resolve(WASM), path.join(folder, path.basename(WASM)));
  for (const [name, { bytes }] of await readPage(pathToFileURL(path.join(ROOT, 'web/'))))
    await writeFile(path.join(folder, 'web', name), bytes);
  return zip(folder);
}

async function zip(folder: string): Promise<{ zippedBytes: number }> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((each) => each.isFile())
    .map((each) => `${each.parentPath}/${each.name}`);
  const content: Record<string, Uint8Array> = {};
  for (const file of paths.sort())
    content[path.relative(folder, file).split(path.sep).join('/')] = await readFile(file);
  // No file times, and mode 644 on Unix: the same bytes on every machine.
  const unix = { os: 3, attrs: 0o100644 << 16 };
  const zipped = zipSync(content, { level: 9, mtime: new Date(1980, 0, 1), ...unix });
  if (zipped.length > MAX_ZIPPED_BYTES)
    throw new Error(`the zip has ${zipped.length} bytes; the maximum is ${MAX_ZIPPED_BYTES}`);
  await writeFile(`${folder}.zip`, zipped);
  return { zippedBytes: zipped.length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const command = new Command('bundle:lambda')
    .description('Build the prediction service for AWS Lambda (handler index.handler).')
    .option('--out <folder>', 'output folder; the zip is written next to it', 'build/lambda')
    .parse();
  const { out } = command.opts<{ out: string }>();
  const { zippedBytes } = await bundleLambda(out);
  console.log(`${out}.zip: ${(zippedBytes / 1e6).toFixed(2)} MB`);
}
