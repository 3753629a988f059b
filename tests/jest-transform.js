/**
 * Purpose: compile TypeScript for Jest, with the globals of hot loops bound in each module.
 * Why: Jest runs a module in a vm context, where a global such as `Number` costs some hundred
 * nanoseconds, at every value of a panel; Jest's `sandboxInjectedGlobals` has no effect on ESM.
 * Invariants: the same objects under the same names; lines keep their numbers.
 * Fails: as the compiler does.
 */
import { createHash } from 'node:crypto';
import swc from '@swc/jest';

const BOUND = 'const { Math, Number } = globalThis; ';

export default {
  createTransformer(options) {
    const inner = swc.createTransformer(options);
    const bound = (result) => ({ ...result, code: BOUND + result.code });
    return {
      ...inner,
      process: (...args) => bound(inner.process(...args)),
      processAsync: async (...args) => bound(await inner.processAsync(...args)),
      getCacheKey: (...args) =>
        createHash('sha256')
          .update(BOUND)
          .update(inner.getCacheKey(...args))
          .digest('hex')
          .slice(0, 32),
    };
  },
};
