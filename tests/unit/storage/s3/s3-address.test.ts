/**
 * Purpose: the address of a store on S3: what it may say, where the rest comes from, and what it
 * refuses without repeating it.
 */
import { describe, expect, test } from '@jest/globals';
import { openStore } from '../../../../storage/open-store.ts';
import { parseS3Address } from '../../../../storage/s3/s3-address.ts';

const amazon = {
  region: null,
  endpoint: null,
  pathStyle: false,
  encryption: 'AES256',
  kmsKey: null,
};

describe('parseS3Address', () => {
  test.each([
    ['s3://bucket', {}, { bucket: 'bucket', prefix: '', ...amazon }],
    ['s3://bucket/', {}, { bucket: 'bucket', prefix: '', ...amazon }],
    [
      's3://my.bucket-1/deep/er/',
      { AWS_REGION: 'eu-west-1' },
      { bucket: 'my.bucket-1', prefix: 'deep/er/', ...amazon, region: 'eu-west-1' },
    ],
    [
      's3://bucket/p?region=us-west-2',
      { AWS_REGION: 'eu-west-1' },
      { bucket: 'bucket', prefix: 'p/', ...amazon, region: 'us-west-2' },
    ],
    [
      's3://bucket?sse=none',
      { AWS_DEFAULT_REGION: 'x-1', AWS_REGION: '' },
      { bucket: 'bucket', prefix: '', ...amazon, region: 'x-1', encryption: null },
    ],
    [
      's3://bucket/p?sse=aws:kms&kms-key=arn:aws:kms:eu-west-1:1:key/a-b',
      {},
      {
        bucket: 'bucket',
        prefix: 'p/',
        ...amazon,
        encryption: 'aws:kms',
        kmsKey: 'arn:aws:kms:eu-west-1:1:key/a-b',
      },
    ],
  ])('parses %s with %j', (url, environment, expected) => {
    expect(parseS3Address(url, environment)).toEqual(expected);
  });

  test('takes another endpoint from address or variable, with path style and no encryption', () => {
    const other = { region: 'us-east-1', pathStyle: true, encryption: null };
    const environment = {
      AWS_ENDPOINT_URL_S3: 'http://minio:9000',
      AWS_ENDPOINT_URL: 'http://all:1',
    };
    expect(parseS3Address('s3://bucket', environment)).toMatchObject({
      ...other,
      endpoint: 'http://minio:9000/',
    });
    expect(parseS3Address('s3://bucket', { AWS_ENDPOINT_URL: 'http://all:1' })).toMatchObject({
      ...other,
      endpoint: 'http://all:1/',
    });
    const url = 's3://bucket?endpoint=https://ceph:8443/at&path-style=false&sse=AES256';
    const said = { endpoint: 'https://ceph:8443/at', pathStyle: false, encryption: 'AES256' };
    expect(parseS3Address(url, environment)).toMatchObject(said);
  });

  test.each([
    's3://',
    's3:bucket',
    's3://B',
    's3://bucket/../other',
    's3://bucket/a//b',
    's3://bucket/a/./b',
    's3://bucket/%2e%2e/x',
    `s3://bucket/${'a/'.repeat(201)}`,
    's3://user:hunter2@bucket/p',
    's3://bucket/p?password=hunter2',
    's3://bucket/p?region=a&region=b',
    's3://bucket/p?region=EU WEST',
    's3://bucket/p?endpoint=ftp://host',
    's3://bucket/p?endpoint=http://user:hunter2@host',
    's3://bucket/p?endpoint=http://host?key=hunter2',
    's3://bucket/p?path-style=maybe',
    's3://bucket/p?sse=rot13',
    's3://bucket/p?kms-key=a',
    's3://bucket/p?sse=aws:kms&kms-key=a b',
    's3://bucket/p#part',
  ])('refuses %s', (url) => {
    const parse = () => parseS3Address(url);
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        fix: expect.stringContaining('s3://BUCKET'),
      }),
    );
    expect(parse).not.toThrow(/hunter2/);
  });
});

test('openStore opens an S3 address, and its location omits the parameters', () => {
  expect(openStore('s3://bucket/p/q?endpoint=http://host:1').location).toBe('s3://bucket/p/q');
  expect(openStore('S3://bucket').location).toBe('s3://bucket');
});
