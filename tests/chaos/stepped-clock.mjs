/**
 * Purpose: a wall clock that the soak steps, loaded into its child processes with --import: the
 * file HEADWAY_TEST_CLOCK holds the milliseconds to add.
 */
import { readFileSync } from 'node:fs';

const real = Date.now.bind(Date);
const file = process.env.HEADWAY_TEST_CLOCK;
let offset = 0;
let readAt = 0;
Date.now = () => {
  const now = real();
  if (now - readAt > 100) {
    readAt = now;
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // without a free descriptor the clock stays as it was
    }
  }
  return now + offset;
};
