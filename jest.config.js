export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  // The long form of the crash tests: `npm run test:crash`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/crash/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '<rootDir>/tests/jest-transform.js',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  // Every test compiles its imports once; DuckDB and TensorFlow.js load in seconds on a busy machine.
  testTimeout: 30_000,
  maxWorkers: 2,
  // WASM memory grows and never shrinks: a worker that has grown large is replaced between two test files.
  workerIdleMemoryLimit: '1GB',
};
