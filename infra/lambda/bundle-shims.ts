/**
 * Purpose: what stands in the Lambda bundle for packages, and parts of packages, that a function
 * which only forecasts does not need, or not at its start: without them there is no native code,
 * and less to load.
 * Invariants: what was left out does nothing at its import and throws at each use; what is needed
 * rarely lies beside the bundle, and is loaded when it is used; answers are the same.
 * Fails: never; what was left out fails when it is used, and says who would.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Packages and their modules that the function never calls, though code that it holds names them →
 * who would.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs': 'training needs gradients',
  '@tensorflow/tfjs-backend-cpu': 'HEADWAY_BACKEND=cpu',
  '@fastify/swagger-ui': 'the page /docs',
  yaml: 'the OpenAPI document as YAML',
  'node-fetch': 'TensorFlow.js reads models by URL',
  axios: 'sources download raw data',
  '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js':
    'WASM threads do not work in Node',
  'prom-client/lib/defaultMetrics': 'figures of the process, which a timer measures',
  'prom-client/lib/cluster': 'a cluster of processes',
  'prom-client/lib/pushgateway': 'a gateway that figures are sent to',
  'thread-stream': 'logs for people are written by a thread',
  ...Object.fromEntries(
    [
      'credential-provider-sso',
      'credential-provider-ini',
      'credential-provider-process',
      'credential-provider-web-identity',
    ]
      .concat('credential-provider-http')
      .map((name) => [`@aws-sdk/${name}`, "a function's credentials are in its environment"]),
  ),
  '@smithy/credential-provider-imds': "a function's credentials are in its environment",
};

/** Imports that code makes when it is needed, and never on Lambda. */
const NEVER_IMPORTED: Readonly<Record<string, string>> = {
  '../platform/duckdb/duckdb.ts': 'feature runs read Parquet',
  '@smithy/core/event-streams': 'no answer to the store comes in events',
};

/**
 * An optional debug log that is never on; and Fastify's look whether its plugins suit it, which
 * every other start has.
 */
const HARMLESS: Readonly<Record<string, string>> = {
  debug: 'module.exports = () => () => {};',
  semver:
    'module.exports = { satisfies: () => true, gt: () => false, coerce: (version) => version };',
};

/** Schedules are checked where settings name some. */
export const schedules = {
  file: 'node-cron.cjs',
  contents: "module.exports = require('node-cron').default;",
};
const LATER: Readonly<Record<string, string>> = {
  'node-cron': `export default { validate: (expression) => require('./${schedules.file}').validate(expression) };`,
};

/**
 * What a network computes with when it forecasts or explains; the package has some hundred more.
 */
export const KERNELS = [
  ...[
    '_FusedMatMul',
    'Add',
    'AddN',
    'BatchMatMul',
    'Cast',
    'Concat',
    'Fill',
    'GatherV2',
    'Identity',
    'Multiply',
    'OneHot',
  ],
  ...['RealDiv', 'Relu', 'Reshape', 'Slice', 'Softplus', 'Sub', 'Transpose'],
] as const;
const ALL_KERNELS = '@tensorflow/tfjs-backend-wasm/dist/register_all_kernels';

function someKernels(): string {
  // "_FusedMatMul" is exported as _fusedMatMulConfig.
  const configs = KERNELS.map(
    (kernel) => `${kernel.replace(/[A-Z]/, (first) => first.toLowerCase())}Config`,
  );
  const imports = KERNELS.map(
    (kernel, i) =>
      `import { ${configs[i]} } from '@tensorflow/tfjs-backend-wasm/dist/kernels/${kernel}';`,
  );
  return `${imports.join('\n')}
    import { registerKernel } from '@tensorflow/tfjs-core';
    for (const config of [${configs.join()}]) registerKernel(config);`;
}

const S3 = '@aws-sdk/client-s3';

/**
 * What the store uses of the SDK, which is imported when it is first needed and so would come
 * whole.
 */
async function someCommands(root: string): Promise<string> {
  const source = await readFile(path.join(root, 'storage', 's3', 's3-requests.ts'), 'utf8');
  const names = new Set(Array.from(source.matchAll(/\bsdk\.(\w+)\(/g), ([, name]) => name));
  return `export { ${[...names].join()} } from '${S3}';`;
}

const refusal = (name: string, why: string): string =>
  JSON.stringify(`${name} is not in the Lambda bundle (${why})`);

function leftOut(name: string): string {
  const message = refusal(name, LEFT_OUT[name] as string);
  return `module.exports = new Proxy(function () {}, {
    get(_, name) { if (name === '__esModule' || typeof name === 'symbol') return undefined; throw new Error(${message}); },
    apply() { throw new Error(${message}); },
  });`;
}

/** How a module is called from outside of its package. */
function nameOf(given: string, importer: string): string {
  if (!given.startsWith('.')) return given;
  const file = path.join(path.dirname(importer), given).split(path.sep).join('/');
  return file.slice(file.lastIndexOf('/node_modules/') + '/node_modules/'.length);
}

/** @param root where the packages are found from */
export const shims = (root: string): Plugin => ({
  name: 'shims',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[.@a-z]/ }, ({ path: given, importer, kind }) => {
      if (given === `./${schedules.file}`) return { path: given, external: true };
      const name = nameOf(given, importer);
      // An import that is not there throws: a module that does would be a file, which others share
      // parts with that they are loaded by.
      const isSource = path.dirname(path.dirname(importer)) === path.join(root, 'domains');
      const why = isSource
        ? 'sources are read by feature runs'
        : (NEVER_IMPORTED[given] ?? LEFT_OUT[name]);
      if (kind === 'dynamic-import' && why !== undefined) {
        return {
          path: `data:text/javascript,throw new Error(${encodeURIComponent(refusal(given, why))})`,
          external: true,
        };
      }
      if (kind === 'dynamic-import' && name === S3) return { path: name, namespace: 'shim' };
      const isOurs = name in LEFT_OUT || name in HARMLESS || name in LATER || name === ALL_KERNELS;
      return isOurs ? { path: name, namespace: 'shim' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'shim' }, async ({ path: name }) => {
      if (name === S3) return { contents: await someCommands(root), resolveDir: root };
      const contents =
        name === ALL_KERNELS ? someKernels() : (HARMLESS[name] ?? LATER[name] ?? leftOut(name));
      return { contents, loader: 'js', resolveDir: root };
    });
  },
});
