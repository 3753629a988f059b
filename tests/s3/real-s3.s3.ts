/**
 * Purpose: the store on the S3 server that somebody names: `HEADWAY_TEST_S3=s3://bucket/prefix?
 * endpoint=… npm run test:s3`, with credentials as AWS has them.
 */
import { parseS3Address } from '../../storage/s3/s3-address.ts';
import { skipped } from '../fixtures/skipped.ts';
import { describeRealS3 } from './real-s3-suite.ts';

const url = process.env.HEADWAY_TEST_S3 ?? '';

if (url === '')
  skipped('HEADWAY_TEST_S3 names no S3 server (s3://bucket/prefix?endpoint=http://host:port)');
else {
  const { endpoint } = parseS3Address(url, process.env);
  describeRealS3(`real S3 (${endpoint ?? 'Amazon'})`, url, process.env);
}
