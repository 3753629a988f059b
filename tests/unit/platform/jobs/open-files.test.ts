/** Purpose: connections leave descriptors for everything else. */
import { expect, test } from '@jest/globals';
import { maxConnectionsOf, openFileLimit } from '../../../../platform/jobs/open-files.ts';

test('the limit of this process is known', () => {
  expect(openFileLimit() ?? 1).toBeGreaterThan(0);
});

test.each([
  [null, null],
  [16, 1],
  [100, 36],
  [1024, 896],
  [1_048_576, 917_504],
])('of %s descriptors connections take %s', (openFiles, connections) => {
  expect(maxConnectionsOf(openFiles)).toBe(connections);
});
