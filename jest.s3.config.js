import base from './jest.config.js';

/** Tests against a real S3 server, which HEADWAY_TEST_S3 names: apart, so that plain `npm test` needs none. */
export default { ...base, testMatch: ['**/tests/storage/*.s3.ts'], testTimeout: 120_000 };
