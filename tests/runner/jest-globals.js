/**
 * Purpose: Jest's globals as a module.
 * Invariants: they belong to the test file that runs now, also in a fixture that several test files
 * share: an import is bound to the variable, not to its value.
 * Fails: they are undefined before useGlobals.
 */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test;

export function useGlobals(globals) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } = globals);
}
