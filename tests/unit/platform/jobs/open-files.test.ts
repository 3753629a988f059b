/** Purpose: connections leave descriptors for everything else. */
import { expect, test } from '@jest/globals';
import { maxConnectionsOf, openFileLimit } from '../../../../platform/jobs/open-files.ts';

test('knows the open-file limit of this process', () => {
  expect(openFileLimit() ?? 1).toBeGreaterThan(0);
});

test.each([
  [null, null],
  [16, 1],
  [100, 36],
  [1024, 896],
  [1_048_576, 917_504],
])('of %s descriptors reserves connections %s', (openFiles, connections) => {
  expect(maxConnectionsOf(openFiles)).toBe(connections);
});
