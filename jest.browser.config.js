import base from './jest.config.js';

/** Tests that need an installed Chromium: apart, so that plain `npm test` needs none. */
export default { ...base, testMatch: ['**/tests/browser/*.browser.ts'], testTimeout: 60_000 };
