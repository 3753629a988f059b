/** Purpose: names from elsewhere cannot move the cursor or change the terminal. */
import { expect, test } from '@jest/globals';
import { printable } from '../../../../platform/text/printable.ts';

test('prints control characters as codes, and keeps new lines, tabs and colours', () => {
  expect(printable('a\u001b[2Jb\u0007\r\u009bc\u202ed')).toBe(
    'a\\u001b[2Jb\\u0007\\u000d\\u009bc\\u202ed',
  );
  const kept = 'one\ttwo\n\u001b[1;31mred\u001b[0m ü ☃';
  expect(printable(kept)).toBe(kept);
});
