/**
 * Purpose: in the Lambda bundle, what checks requests, settings and objects of the store and what
 * writes answers is code that was made of the schemas when the bundle was: an instance that starts
 * loads no compiler of schemas, and compiles none.
 * Invariants: the code is of the compilers that every other start uses, with what they are told
 * there, and is found by the schema's content: checks and answers are the same. It is made for the
 * routes of every domain, with and without keys, for all settings, and for what of the store the
 * function reads; and is loaded when its schema is first used. A schema of which there is no code
 * is compiled by the compilers themselves, which lie beside the bundle and are loaded then.
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
/** Our own, of everything but requests and answers. */
const SHAPES = 'platform/settings/validator.ts';
/** The compilers, and the codes that write answers: most answers are text already. */
const [COMPILERS, SHAPE_COMPILER, WRITERS] = [
  'schema-compilers.cjs',
  'shape-compiler.cjs',
  'schema-writers.cjs',
] as const;

/**
 * Part of the bundle → code that stands in its place where the codes are made; `REAL` is the
 * package itself.
 */
const COLLECTING: Readonly<Record<string, string>> = {
  [VALIDATORS]: `
    const real = require('REAL'), { default: standalone } = require('ajv/dist/standalone');
    module.exports = (...given) => (externalSchemas, options) => {
      const compile = real(...given)(externalSchemas, { ...options, customOptions: { ...options.customOptions, code: { source: true } } });
      return (route) => {
        const check = compile(route);
        keep(standalone(compile[real.AjvReference].ajv, check), 'check', externalSchemas, route.schema);
        return check;
      };
    };`,
  [SERIALIZERS]: `
    const real = require('REAL');
    module.exports = (...given) => (externalSchemas, options) => {
      const compile = real(...given)(externalSchemas, { ...options, mode: 'standalone', inlineValidators: true });
      return (route) => {
        keep(compile(route), 'write', externalSchemas, route.schema);
        return JSON.stringify;
      };
    };`,
  [SHAPES]: `
    import { Build } from 'typebox/schema';
    export { Check as fits } from 'typebox/schema';
    export function lazyValidator(schema) {
      const build = Build(schema), { identifier, variables } = build.External();
      const functions = build.Functions().join(';');
      // What needs more than this is left to the compiler.
      if (build.UseUnevaluated() || !variables.every((each) => each instanceof RegExp)) return;
      const needed = [['Guard', 'typebox/guard'], ['Hashing', 'HASHING']].filter(([name]) => functions.includes(name + '.'));
      const imports = needed.map(([name, from]) => 'const { ' + name + ' } = require("' + from + '");').join('');
      const code = imports + 'const ' + identifier + ' = [' + variables.join() + '];' + functions;
      keep(code + ';module.exports = (value) => ' + build.Entry() + ';', 'shape', schema);
    }`,
};

/** The same in the bundle. */
const READY: Readonly<Record<string, string>> = {
  [VALIDATORS]: `
    const codes = require('CODES');
    module.exports = (...given) => (externalSchemas, options) => {
      let compile;
      const compiled = (route) => (compile ??= require('./${COMPILERS}').validators(...given)(externalSchemas, options))(route);
      return (route) => {
        let check;
        const checked = (data) => {
          check ??= codes[keyOf('check', externalSchemas, route.schema)]?.() ?? compiled(route);
          const isValid = check(data);
          checked.errors = check.errors;
          return isValid;
        };
        return checked;
      };
    };`,
  [SERIALIZERS]: `
    module.exports = (...given) => (externalSchemas, options) => {
      let compile;
      const compiled = (route) => (compile ??= require('./${COMPILERS}').serializers(...given)(externalSchemas, options))(route);
      return (route) => {
        let write;
        return (data) => {
          write ??= require('./${WRITERS}')[keyOf('write', externalSchemas, route.schema)]?.() ?? compiled(route);
          return write(data);
        };
      };
    };`,
  [SHAPES]: `
    const codes = require('CODES');
    const compiled = (schema) => require('./${SHAPE_COMPILER}').Compile(schema);
    export function lazyValidator(schema) {
      let check;
      return {
        Check: (value) => (check ??= codes[keyOf('shape', schema)]?.() ?? ((value) => compiled(schema).Check(value)))(value),
        Errors: (value) => compiled(schema).Errors(value),
      };
    }
    export const matchesSchema = (schema, value) => lazyValidator(schema).Check(value);`,
};

/**
 * What a code is found by. The options of the compilers are not in it: there is one set of them.
 */
const KEY = `const keyOf = (kind, ...parts) =>
  kind + '-' + require('node:crypto').createHash('sha256').update(JSON.stringify(parts)).digest('hex');`;
const KEEP = `${KEY} const keep = (code, ...parts) => { (globalThis.schemaCodes ??= {})[keyOf(...parts)] = code; };`;

/**
 * All that the function checks: settings, what it reads of the store, and the service of every
 * domain, with ports that are never asked.
 */
const everything = (root: string): string => `
  import { domains } from '../../domains/index.ts';
  import { systemClock } from '../../platform/clock.ts';
  import { createLogger } from '../../platform/telemetry/logger.ts';
  import { SETTINGS } from '../../platform/settings/settings-table.ts';
  import { lazyValidator } from '../../platform/settings/validator.ts';
  import '../../services/inference/access/key-file.ts';
  import { buildApp } from '../../services/inference/app.ts';
  import { defaultInferenceSettings } from '../../services/inference/settings.ts';
  import '../../storage/forecasts/actuals-log.ts';
  import '../../storage/features/feature-store.ts';
  import '../../storage/forecasts/forecast-log.ts';
  import '../../storage/models/model-registry.ts';
  for (const { schema } of Object.values(SETTINGS)) lazyValidator(schema);
  const never = async () => { throw new Error('nothing is served'); };
  const logger = createLogger({ level: 'silent', pretty: false });
  for (const domain of domains)
    for (const apiKeys of [null, { current: never }]) {
      const app = await buildApp({
        domain, apiKeys, logger, clock: systemClock, restoreForecaster: never,
        features: { head: never, readOnline: never }, actuals: { append: never },
        registry: { list: never, promotions: never, champion: never, load: never },
        settings: { ...defaultInferenceSettings, maxEventLoopDelayMs: 0 }, hasDocsPage: false, hasProcessMetrics: false,
        dashboard: new URL('${pathToFileURL(`${root}/web/`)}'),
      });
      await app.ready();
    }
  process.stdout.write(JSON.stringify(globalThis.schemaCodes));`;

const { resolve: locate } = createRequire(import.meta.url);
const FASTIFY = path.dirname(locate('fastify'));
/** A part of the package that is exported only with all else it has. */
const HASHING = path.join(path.dirname(locate('typebox')), 'system', 'hashing', 'index.mjs');

type Codes = Readonly<Record<string, string>>;

/** @param codes by key; null where they are yet to be made */
const withCodes = (codes: Codes | null, kinds: RegExp = /^(check|shape)-/): Plugin => ({
  name: 'schemas',
  setup({ onResolve, onLoad, resolve }) {
    const shims = codes ? READY : COLLECTING;
    const begin = codes ? KEY : KEEP;
    onResolve({ filter: /^@fastify\// }, ({ path: name, resolveDir, pluginData }) =>
      name in shims && pluginData !== 'real'
        ? { path: name, namespace: 'schemas', pluginData: resolveDir }
        : undefined,
    );
    onLoad({ filter: /^@/, namespace: 'schemas' }, ({ path: name, pluginData }) => {
      return { contents: begin + shims[name], loader: 'js', pluginData };
    });
    onLoad({ filter: /[/\\]runtime[/\\]shape\.ts$/ }, () => ({
      contents: begin + shims[SHAPES],
      loader: 'js',
    }));
    const real = (name: string, resolveDir: string) =>
      resolve(name, { resolveDir, kind: 'require-call', pluginData: 'real' });
    onResolve({ filter: /^REAL$/ }, ({ importer, pluginData }) => real(importer, pluginData));
    onResolve({ filter: /^\.\/(schema|shape)-[a-z]+\.cjs$/ }, ({ path: name }) => ({
      path: name,
      external: true,
    }));
    onResolve({ filter: /^HASHING$/ }, () => ({ path: HASHING }));
    onResolve({ filter: /^CODES/ }, ({ path: name }) => ({ path: name, namespace: 'codes' }));
    onLoad({ filter: /^CODES$/, namespace: 'codes' }, () => {
      const keys = Object.keys(codes ?? {}).filter((key) => kinds.test(key));
      return {
        contents: `module.exports = { ${keys.map((key) => `"${key}": () => require('CODES/${key}')`).join()} };`,
      };
    });
    onLoad({ filter: /^CODES\//, namespace: 'codes' }, ({ path: name }) => ({
      contents: codes?.[name.slice('CODES/'.length)] ?? '',
      resolveDir: FASTIFY,
    }));
    // What code of a compiler needs of that is found from where the compiler lies.
    onResolve({ filter: /^[a-z]/ }, async ({ path: name, namespace, pluginData }) => {
      if (
        pluginData === 'real' ||
        !(namespace === 'codes' || name === 'ajv/dist/standalone') ||
        name.startsWith('typebox/')
      )
        return;
      const compiler = name.startsWith('fast-json-stringify/') ? SERIALIZERS : VALIDATORS;
      return real(name, path.dirname((await real(compiler, FASTIFY)).path));
    });
  },
});

export interface CopiedFiles {
  readonly file: string;
  readonly contents: string;
  readonly resolveDir?: string;
  readonly plugins?: Plugin[];
}

/**
 * @param options of the bundle that the codes are for: what stands in its place, and what is to lie
 * beside it
 */
export async function compiledSchemas(
  options: BuildOptions & { readonly absWorkingDir: string },
): Promise<{ plugin: Plugin; beside: CopiedFiles[] }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-schemas-'));
  try {
    const outfile = path.join(folder, 'schemas.mjs');
    const stdin = {
      contents: everything(options.absWorkingDir),
      resolveDir: options.absWorkingDir,
    };
    await build({
      ...options,
      stdin,
      outfile,
      plugins: [...(options.plugins ?? []), withCodes(null)],
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
      maxBuffer: 64 << 20,
    });
    const codes: Codes = Object.fromEntries(
      Object.entries<string>(JSON.parse(stdout)).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const validators = `exports.validators = require('${VALIDATORS}');`;
    const compilers = `${validators} exports.serializers = require('${SERIALIZERS}');`;
    return {
      plugin: withCodes(codes),
      beside: [
        {
          file: WRITERS,
          contents: "module.exports = require('CODES');",
          plugins: [withCodes(codes, /^write-/)],
        },
        { file: COMPILERS, contents: compilers, resolveDir: FASTIFY },
        { file: SHAPE_COMPILER, contents: "exports.Compile = require('typebox/schema').Compile;" },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
