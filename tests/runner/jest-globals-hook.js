/**
 * Purpose: make `import … from '@jest/globals'` mean tests/runner/jest-globals.js; the package
 * itself only throws.
 * Invariants: every other import is resolved as without it.
 * Fails: never.
 */
const GLOBALS = new URL('./jest-globals.js', import.meta.url).href;

export async function resolve(specifier, context, next) {
  return specifier === '@jest/globals'
    ? { url: GLOBALS, shortCircuit: true }
    : next(specifier, context);
}
