import base from './jest.config.js';

/** The long form of the crash tests: minutes, hundreds of processes. Apart from plain `npm test`, which has the short form. */
export default {
  ...base,
  testPathIgnorePatterns: ['/node_modules/'],
  testMatch: ['**/tests/crash/*.test.ts'],
  testTimeout: 3_600_000,
};
