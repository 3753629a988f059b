/**
 * Purpose: in the Lambda bundle, the schema of a route is compiled when the route is first asked: an instance that starts answers one
 * request, and compiling all of them takes it longer than everything else it does before.
 * Invariants: the compilers are Fastify's own, with what Fastify tells them; a schema is compiled once; checks and answers are the same.
 * Schemas are not themselves checked: that they are schemas is seen wherever else the service starts.
 * Fails: as the compilers do, but at the first request instead of at the start. The service's tests start it without this.
 */
import type { Plugin } from 'esbuild';

/** Package → what stands in its place; `REAL` is the package itself. */
const STAND_INS: Readonly<Record<string, string>> = {
  '@fastify/ajv-compiler': `
    module.exports = (options) => (externalSchemas, ajvOptions) => {
      let compile;
      return (route) => {
        let check;
        const lazy = (data) => {
          compile ??= require('REAL')(options)(externalSchemas, { ...ajvOptions, customOptions: { ...ajvOptions.customOptions, validateSchema: false } });
          check ??= compile(route);
          const isValid = check(data);
          lazy.errors = check.errors;
          return isValid;
        };
        return lazy;
      };
    };`,
  '@fastify/fast-json-stringify-compiler': `
    module.exports = (...options) => (externalSchemas, serializerOptions) => {
      let compile;
      return (route) => {
        let write;
        return (data) => {
          compile ??= require('REAL')(...options)(externalSchemas, serializerOptions);
          write ??= compile(route);
          return write(data);
        };
      };
    };`,
};

export const lazySchemas: Plugin = {
  name: 'lazy-schemas',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^@fastify\// }, ({ path, resolveDir, pluginData }) =>
      path in STAND_INS && pluginData !== 'real' ? { path, namespace: 'lazy-schemas', pluginData: resolveDir } : undefined,
    );
    onResolve({ filter: /^REAL$/ }, ({ importer, pluginData }) =>
      resolve(importer, { resolveDir: pluginData, kind: 'require-call', pluginData: 'real' }),
    );
    onLoad({ filter: /.*/, namespace: 'lazy-schemas' }, ({ path, pluginData }) => ({
      contents: STAND_INS[path] as string,
      loader: 'js',
      pluginData,
    }));
  },
};
