/**
 * Purpose: what Headway promises, each with the test that checks it: the list in the README.
 * Invariants: every test is there (tests/readme.test.ts checks the links of all documents).
 * Fails: never.
 */
export const GUARANTEES: readonly (readonly [promise: string, test: string])[] = [
  [
    'Every raw row is used, or rejected for a counted reason',
    'tests/unit/services/feature/aggregation/aggregate.test.ts',
  ],
  [
    'A late correction changes no earlier training set',
    'tests/integration/storage/read-as-of.oracle.test.ts',
  ],
  [
    'A training set is reproduced bit for bit',
    'tests/integration/services/training/reproduce.test.ts',
  ],
  [
    'Compaction changes no result, for any time of knowledge',
    'tests/integration/storage/feature-compact.property.test.ts',
  ],
  [
    'Data that breaks its contract is quarantined with evidence',
    'tests/integration/services/feature/quarantine.test.ts',
  ],
  [
    'Files and S3, with injected faults, pass one contract suite',
    'tests/unit/storage/s3/s3-object-store.test.ts',
  ],
  [
    'A reader written from the protocol alone agrees',
    'tests/integration/docs/second-reader.test.ts',
  ],
  [
    'A process that is killed during a commit leaves a store that verifies',
    'tests/integration/storage/kill.test.ts',
  ],
  [
    'Concurrent writers produce one history and lose nothing',
    'tests/integration/storage/concurrency.test.ts',
  ],
  [
    'A damaged object is found and named, never read as a number',
    'tests/unit/storage/corruption.test.ts',
  ],
  [
    'Nothing after the cutoff is read; a long and a short panel give the same bits',
    'tests/unit/forecasting/features/features.test.ts',
  ],
  [
    'Inputs, metrics and baselines equal second implementations',
    'tests/unit/oracles/features.test.ts',
  ],
  [
    'No fit of a backtest sees its own segment',
    'tests/unit/services/training/backtest/run.test.ts',
  ],
  [
    'A search never sees the test span, and resumes after it is killed',
    'tests/integration/services/training/tuning/tuning.test.ts',
  ],
  [
    'Shuffled labels, leaks, models scored on their training rows and a copy of the champion are ' +
      'not promoted',
    'tests/unit/services/training/evidence.test.ts',
  ],
  [
    'An explanation adds up to the forecast that is served',
    'tests/unit/forecasting/models/explanation.test.ts',
  ],
  [
    'Calibrated intervals cover what they claim, counts included',
    'tests/unit/forecasting/models/calibration/calibration.test.ts',
  ],
  [
    'No response mixes two versions; a corrupt model leaves the last good one in service',
    'tests/unit/services/inference/serving/serving-state.test.ts',
  ],
  [
    'Totals add up on every path, in every group',
    'tests/unit/forecasting/paths/sample-paths.test.ts',
  ],
  [
    'A deleted, changed or moved entry of the forecast ledger is found',
    'tests/unit/storage/ledger/chain.test.ts',
  ],
  [
    'Ninety days of published heads hold only forecasts of what was not known yet',
    'tests/record/forward-record.test.ts',
  ],
  [
    'A table in Arrow or Parquet has the rows and columns of CSV',
    'tests/unit/services/inference/routes/all-forecasts.test.ts',
  ],
  ['An exported model makes the same forecasts in a browser', 'tests/onnx/browser-page.onnx.ts'],
  [
    'What a topic held is used, rejected, a marker or a named gap, after any crash',
    'tests/unit/services/stream/land.test.ts',
  ],
  [
    'Each rehearsed incident is named in time, and seasons are not drift',
    'tests/integration/services/monitoring/incidents.test.ts',
  ],
  [
    'Without a usable model the service returns a labelled baseline',
    'tests/unit/services/inference/serving/fallback.test.ts',
  ],
  [
    'Any path and any JSON get a clear response, never a crash',
    'tests/unit/services/inference/responses/problems.test.ts',
  ],
  [
    'A caller has the scopes of its key and no others; no log holds a key',
    'tests/unit/services/inference/access.test.ts',
  ],
  [
    'An overloaded service refuses forecasts and stays alive',
    'tests/unit/services/inference/plugins/overload.test.ts',
  ],
  [
    'The Lambda bundle works alone, frozen between invocations',
    'tests/integration/lambda/handler.test.ts',
  ],
  [
    'No AWS policy has a wildcard without a written reason',
    'tests/integration/infra/stacks.test.ts',
  ],
  [
    'Each service has every right on AWS that its code uses, and no others',
    'tests/integration/infra/stacks/store-rights.ts',
  ],
  [
    "Trino's text counts what DuckDB counts",
    'tests/unit/services/feature/aggregation/engines/portable-sql.test.ts',
  ],
  [
    'The OpenAPI document describes what the service does',
    'tests/unit/services/inference/openapi.test.ts',
  ],
  ['A wrong or misspelt setting stops the start', 'tests/unit/platform/settings/settings.test.ts'],
  [
    'The page works in a real browser, from 360 px wide, by keyboard',
    'tests/browser/page.browser.ts',
  ],
  ['The layout, the import direction, and who may ask the clock', 'tests/tidy.test.ts'],
  ['The documents: commands, links, figures and examples', 'tests/readme.test.ts'],
];
