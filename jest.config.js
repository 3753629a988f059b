/**
 * Purpose: the test suites, one project each. `npm test` runs `unit`; npm run test:integration,
 * test:browser, test:s3 and test:crash run the others.
 * Invariants: unit tests need no browser, no S3 server and no bundle.
 */
const base = {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '<rootDir>/tests/jest-transform.js',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
};

/** @param more settings; `globals.propertyRuns` multiplies the runs of a property test. */
const project = (displayName, testMatch, testTimeout, more = {}) => ({
  ...base,
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/tests/${pattern}`),
  testTimeout,
  ...more,
});

export default {
  maxWorkers: 2,
  // WASM memory grows and never shrinks: a large worker is replaced between two test files.
  workerIdleMemoryLimit: '1GB',
  projects: [
    // A test file compiles its imports once: DuckDB and TensorFlow.js take seconds to load.
    project('unit', ['*.test.ts', '{fuzz,tidy,unit}/**/*.test.ts'], 30_000),
    project('integration', ['integration/**/*.test.ts'], 240_000),
    project('browser', ['browser/*.browser.ts'], 60_000),
    // Needs an S3 server, which HEADWAY_TEST_S3 names.
    project('s3', ['s3/*.s3.ts'], 120_000),
    // Minutes, and hundreds of processes. The integration project has a short form.
    project('crash', ['crash/*.test.ts'], 3_600_000),
  ],
};
