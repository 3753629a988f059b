import base from './jest.config.js';

/** The tests that drive a real browser, apart from the others because they need an installed Chromium. */
export default {
  ...base,
  testMatch: ['**/*.browser.ts'],
  testTimeout: 90_000,
  maxWorkers: 1,
};
