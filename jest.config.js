export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
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
