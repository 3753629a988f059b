/**
 * Purpose: the test suites, one project each. `npm test` runs `unit`; npm run test:integration,
 * test:browser, test:s3, test:onnx, test:readers, test:kafka, test:trino, test:sql,
 * test:kubernetes, test:otel, test:crash and test:fork run the others.
 * Invariants: unit tests need no browser, no S3 server and no bundle.
 */
import { readdirSync, readFileSync } from 'node:fs';

const base = {
  testEnvironment: '<rootDir>/tests/runner/native-environment.cjs',
  roots: ['<rootDir>/tests'],
  runtime: '<rootDir>/tests/runner/native-runtime.cjs',
  // Node's own loader reads the files (tests/runner).
  transform: {},
};

const project = (displayName, testMatch, propertyShare = 1) => ({
  ...base,
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/tests/${pattern}`),
  // The share of a property's runs (tests/fixtures/property-runs.ts).
  globals: { propertyShare },
});

/** Tests that run a share of their cases; `crash` runs all of them. */
const SHARED = readdirSync('tests', { recursive: true })
  .filter((path) => /^(unit|integration)\b.*\.test\.ts$/.test(path))
  .filter((path) => readFileSync(`tests/${path}`, 'utf8').includes('/property-runs.ts'));

export default {
  // Of `unit`: DuckDB and TensorFlow.js load in seconds. The scripts in package.json set others.
  testTimeout: 30_000,
  testSequencer: '<rootDir>/tests/runner/slow-first.cjs',
  // One more than the cores of a small machine: tests wait for processes and disks.
  maxWorkers: 3,
  // WASM memory grows and never shrinks: a large worker is replaced between two test files.
  workerIdleMemoryLimit: '1GB',
  projects: [
    project('unit', ['*.test.ts', '{fuzz,tidy,unit}/**/*.test.ts'], 0.2),
    project('integration', ['integration/**/*.test.ts'], 1 / 3),
    project('browser', ['browser/*.browser.ts']),
    // Needs an S3 server, which HEADWAY_TEST_S3 names.
    project('s3', ['s3/*.s3.ts']),
    // Fetches MinIO, and a server that ignores conditional writes.
    project('minio', ['s3/*.minio.ts']),
    // Needs onnxruntime-node, which `npm run test:onnx` installs.
    project('onnx', ['onnx/*.onnx.ts']),
    // Needs Python packages, which `npm run test:readers` installs.
    project('readers', ['readers/*.readers.ts']),
    // Fetches and starts a Kafka broker where there are Java and Maven.
    project('kafka', ['kafka/*.kafka.ts']),
    // Fetches and starts a Trino server where there are Java 24 and Maven.
    project('trino', ['trino/*.trino.ts']),
    // Starts a PostgreSQL server, and fetches DuckDB's extensions from PyPI.
    project('sql', ['sql/*.sql.ts']),
    // Needs `prometheus` and `promtool`.
    project('prometheus', ['prometheus/*.prometheus.ts']),
    // Compiles and starts a control plane of Kubernetes where there is Go.
    project('kubernetes', ['kubernetes/*.kubernetes.ts']),
    // Compiles and starts an OpenTelemetry Collector where there is Go.
    project('otel', ['otel/*.otel.ts']),
    // Builds the native backend where there are g++ and pip.
    project('native', ['native/*.native.ts']),
    // Needs cfn-lint, moto, actionlint and kubeconform; what is absent is skipped by name.
    project('cloud', ['cloud/*.test.ts']),
    // Minutes: 90 days by a simulated clock.
    project('record', ['record/*.test.ts']),
    // Minutes, hundreds of processes, and every case of the tests that run a share elsewhere.
    project('crash', [...SHARED, 'crash/*.test.ts']),
    // A quarter of an hour: a renamed copy runs its demo and its tests. `integration` has a part.
    project('fork', ['fork/*.fork.ts']),
  ],
};
