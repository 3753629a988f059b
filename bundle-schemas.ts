/**
 * Purpose: in the Lambda bundle, what checks a request and writes an answer is code that was made of the schemas when the bundle was: an
 * instance that starts loads no compiler of schemas, and compiles none.
 * Invariants: the code is of Fastify's own compilers, with what Fastify tells them, for every route of every domain, with and without
 * keys, found by the schema's content: checks and answers are the same. Code is loaded when its schema is first used. A schema of which
 * there is no code is compiled by the compilers themselves, which lie beside the bundle as a file of their own.
 * Fails: with esbuild's messages, or with those of a compiler for a schema that it does not take.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const VALIDATORS = '@fastify/ajv-compiler';
const SERIALIZERS = '@fastify/fast-json-stringify-compiler';
const WHOLE = 'schema-compilers.cjs';

/** Fastify's compilers, for schemas of which there is no code: file → what it exports. */
export const schemaCompilers = {
  file: WHOLE,
  contents: `exports.validators = require('${VALIDATORS}'); exports.serializers = require('${SERIALIZERS}');`,
  resolveDir: path.dirname(createRequire(import.meta.url).resolve('fastify')),
};

/** What the code of a schema is found by. The options of the compilers are not in it: app.ts has one set of them. */
const KEY = `
  const { createHash } = require('node:crypto');
  const keyOf = (kind, ...parts) => kind + '-' + createHash('sha256').update(JSON.stringify(parts)).digest('hex');`;

/** Package → what stands in its place where the codes are made; `REAL` is the package itself. */
const COLLECTING: Readonly<Record<string, string>> = {
  [VALIDATORS]: `${KEY}
    const real = require('REAL'), { default: standalone } = require('ajv/dist/standalone');
    module.exports = (...given) => (externalSchemas, options) => {
      const compile = real(...given)(externalSchemas, { ...options, customOptions: { ...options.customOptions, code: { source: true } } });
      return (route) => {
        const check = compile(route);
        (globalThis.schemaCodes ??= {})[keyOf('check', externalSchemas, route.schema)] = standalone(compile[real.AjvReference].ajv, check);
        return check;
      };
    };`,
  [SERIALIZERS]: `${KEY}
    const real = require('REAL');
    module.exports = (...given) => (externalSchemas, options) => {
      const compile = real(...given)(externalSchemas, { ...options, mode: 'standalone', inlineValidators: true });
      return (route) => {
        (globalThis.schemaCodes ??= {})[keyOf('write', externalSchemas, route.schema)] = compile(route);
        return JSON.stringify;
      };
    };`,
};

/** The same in the bundle. */
const READY: Readonly<Record<string, string>> = {
  [VALIDATORS]: `${KEY}
    const codes = require('CODES');
    module.exports = (...given) => (externalSchemas, options) => {
      let compile;
      return (route) => {
        let check;
        const checkAtFirst = () => {
          const code = codes[keyOf('check', externalSchemas, route.schema)];
          if (code) return code();
          compile ??= require('./${WHOLE}').validators(...given)(externalSchemas, options);
          return compile(route);
        };
        const checked = (data) => {
          check ??= checkAtFirst();
          const isValid = check(data);
          checked.errors = check.errors;
          return isValid;
        };
        return checked;
      };
    };`,
  [SERIALIZERS]: `${KEY}
    const codes = require('CODES');
    module.exports = (...given) => (externalSchemas, options) => {
      let compile;
      return (route) => {
        let write;
        const writeAtFirst = () => {
          const code = codes[keyOf('write', externalSchemas, route.schema)];
          if (code) return code();
          compile ??= require('./${WHOLE}').serializers(...given)(externalSchemas, options);
          return compile(route);
        };
        return (data) => (write ??= writeAtFirst())(data);
      };
    };`,
};

/** The service of every domain, open and with keys: ports that are never asked. */
const everyApp = (root: string): string => `
  import { domains } from './domains/index.ts';
  import { buildApp } from './services/inference/app.ts';
  import { defaultInferenceSettings } from './services/inference/settings.ts';
  import { systemClock } from './runtime/clock.ts';
  import { createLogger } from './runtime/logger.ts';
  const never = async () => { throw new Error('nothing is served'); };
  const logger = createLogger({ level: 'silent', pretty: false });
  for (const domain of domains)
    for (const apiKeys of [null, { current: never }]) {
      const app = await buildApp({
        domain, apiKeys, logger, clock: systemClock, restoreForecaster: never,
        features: { head: never, readOnline: never }, actuals: { append: never },
        registry: { list: never, promotions: never, champion: never, load: never },
        settings: { ...defaultInferenceSettings, maxEventLoopDelayMs: 0 }, hasDocsPage: false, hasProcessMetrics: false,
        dashboard: new URL('${pathToFileURL(`${root}/dashboard/`)}'),
      });
      await app.ready();
    }
  process.stdout.write(JSON.stringify(globalThis.schemaCodes));`;

/** `codes` by key, or null where they are yet to be made. */
const standIns = (codes: Readonly<Record<string, string>> | null): Plugin => ({
  name: 'schemas',
  setup({ onResolve, onLoad, resolve }) {
    const packages = codes ? READY : COLLECTING;
    onResolve({ filter: /^@fastify\// }, ({ path: name, resolveDir, pluginData }) =>
      name in packages && pluginData !== 'real' ? { path: name, namespace: 'schemas', pluginData: resolveDir } : undefined,
    );
    const real = (name: string, resolveDir: string) => resolve(name, { resolveDir, kind: 'require-call', pluginData: 'real' });
    onResolve({ filter: /^REAL$/ }, ({ importer, pluginData }) => real(importer, pluginData));
    // What code of a compiler needs of its packages is found from where that lies.
    onResolve({ filter: /^(ajv|ajv-formats|fast-json-stringify)\//, namespace: 'schemas' }, async ({ path: name }) => {
      const from = name.startsWith('fast-json-stringify/') ? SERIALIZERS : VALIDATORS;
      return real(name, path.dirname((await real(from, schemaCompilers.resolveDir)).path));
    });
    onResolve({ filter: /schema-compilers\.cjs$/, namespace: 'schemas' }, () => ({ path: `./${WHOLE}`, external: true }));
    onResolve({ filter: /^CODES/, namespace: 'schemas' }, ({ path: name }) => ({ path: name, namespace: 'schemas' }));
    onLoad({ filter: /^CODES/, namespace: 'schemas' }, ({ path: name }) => {
      const each = Object.keys(codes ?? {}).map((key) => `${JSON.stringify(key)}: () => require('CODES/${key}')`);
      return { contents: codes?.[name.slice('CODES/'.length)] ?? `module.exports = { ${each.join()} };`, loader: 'js' };
    });
    onLoad({ filter: /^@/, namespace: 'schemas' }, ({ path: name, pluginData }) => {
      return { contents: packages[name] as string, loader: 'js', pluginData };
    });
  },
});

/** @param options of the bundle that the codes are for */
export async function compiledSchemas(options: BuildOptions & { readonly absWorkingDir: string }): Promise<Plugin> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-schemas-'));
  try {
    const outfile = path.join(folder, 'schemas.mjs');
    const stdin = { contents: everyApp(options.absWorkingDir), resolveDir: options.absWorkingDir };
    await build({ ...options, stdin, outfile, plugins: [...(options.plugins ?? []), standIns(null)] });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { maxBuffer: 64 << 20 });
    const codes = Object.entries<string>(JSON.parse(stdout)).sort(([a], [b]) => (a < b ? -1 : 1));
    return standIns(Object.fromEntries(codes));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
