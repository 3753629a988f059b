/** Purpose: a TLS failure names the setting of Node that helps, for the store and for downloads. */
import { expect, test } from '@jest/globals';
import { tlsFix } from '../../../../platform/http/tls.ts';
import { errorOf, failureOf, mayPass } from '../../../../storage/s3/s3-failure.ts';

test('names NODE_EXTRA_CA_CERTS for an unknown authority, without a retry', () => {
  const failure = failureOf(
    Object.assign(new Error('unable to verify'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
  );
  expect(mayPass(failure)).toBe(false);
  expect(errorOf(failure, 'a', 's3://bucket', 1)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    fix: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  expect(tlsFix('CERT_HAS_EXPIRED')).toContain('Renew');
  expect(tlsFix('ECONNREFUSED')).toBeNull();
});
