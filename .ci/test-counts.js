/** Purpose: adds up Jest's JSON results named as arguments into one line: "N passed, N failed, N skipped". */
import { existsSync, readFileSync } from 'node:fs';

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2).filter((name) => existsSync(name))) {
  const result = JSON.parse(readFileSync(path, 'utf8'));
  counts.passed += result.numPassedTests;
  // A file that cannot even be loaded has failed and has no tests to count.
  counts.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  counts.skipped += result.numPendingTests + result.numTodoTests;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
