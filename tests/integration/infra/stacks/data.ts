/**
 * Purpose: the store: closed, kept, and written once.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { objectKeys } from '../../../../storage/objects/object-keys.ts';
import { flat } from '../../../fixtures/aws/policy-audit.ts';
import { stack } from '../../../fixtures/aws/synthesised.ts';

export function dataTests(): void {
  describe('data stack', () => {
    test('the store is versioned, encrypted, private, logged and retained', () => {
      stack('prod-data').hasResource('AWS::S3::Bucket', {
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: Match.objectLike({
          VersioningConfiguration: { Status: 'Enabled' },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
            ],
          },
          PublicAccessBlockConfiguration: {
            ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
            ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
          },
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          LoggingConfiguration: Match.objectLike({ LogFilePrefix: 'store/' }),
          LifecycleConfiguration: {
            Rules: Match.arrayWith([
              Match.objectLike({
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
                Status: 'Enabled',
              }),
              Match.objectLike({
                NoncurrentVersionExpiration: { NoncurrentDays: 30 },
                Status: 'Enabled',
              }),
            ]),
          },
        }),
      });
    });

    const refusals = (): {
      Sid?: string;
      Effect: string;
      Action: unknown;
      Resource: unknown[];
      Condition: unknown;
      Principal: unknown;
    }[] => {
      const policies = Object.values(stack('prod-data').findResources('AWS::S3::BucketPolicy'));
      const documents = policies.map(({ Properties }) => Properties.PolicyDocument.Statement);
      return documents.flat().filter(({ Effect }) => Effect === 'Deny');
    };

    test('requires TLS 1.2', () => {
      expect(refusals()).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            Principal: { AWS: '*' },
          }),
          expect.objectContaining({ Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }),
        ]),
      );
    });

    test('log entries are created conditionally only, and deleted by nobody', () => {
      const patterns = (sid: string) => {
        const found = refusals().find(({ Sid }) => Sid === sid);
        expect(found).toMatchObject({ Principal: { AWS: '*' } });
        return (found?.Resource ?? []).map(flat).map((text) => text.replace(/^<[^>]*>\//, ''));
      };
      const created = patterns('LogEntriesAreCreatedNotReplaced');
      expect(patterns('LogEntriesAreNotDeleted')).toEqual(created);
      const matches = (key: string) =>
        created.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(key));
      expect(
        [
          objectKeys.manifest('d', 1),
          objectKeys.promotion('d', 1),
          objectKeys.collection('d', 1),
          objectKeys.ledgerEntry('d', 1),
          objectKeys.decision('d', 1),
          objectKeys.keySet('d', 1),
          objectKeys.streamEntry('d', 't', 1),
        ].filter(matches),
      ).toHaveLength(7);
      const version = '20240101T000000Z-0123456789ab';
      expect(
        [
          objectKeys.featureData('d', 'a'),
          objectKeys.online('d', 'a'),
          objectKeys.modelFile('d', version, 'card.json'),
          objectKeys.ledgerPart('d', 'a'),
          objectKeys.streamSegment('d', 't', 'a'),
        ].filter(matches),
      ).toEqual([]);
      expect(refusals().find(({ Sid }) => Sid === 'LogEntriesAreCreatedNotReplaced')).toMatchObject(
        {
          Action: 's3:PutObject',
          Condition: { Null: { 's3:if-none-match': 'true' } },
        },
      );
    });

    test('the role that compares pull requests cannot read the store', () => {
      expect(refusals().find(({ Sid }) => Sid === 'LookupsDoNotRead')).toMatchObject({
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Condition: { ArnLike: { 'aws:PrincipalArn': expect.anything() } },
      });
    });

    test('other objects are created conditionally, except for parts of multipart uploads', () => {
      expect(refusals().find(({ Sid }) => Sid === 'ObjectsAreCreatedNotReplaced')).toMatchObject({
        Action: 's3:PutObject',
        Condition: {
          Null: { 's3:if-none-match': 'true' },
          Bool: { 's3:ObjectCreationOperation': 'true' },
        },
      });
    });

    test('bucket policies are retained with their buckets', () => {
      for (const policy of Object.values(stack('prod-data').findResources('AWS::S3::BucketPolicy')))
        expect(policy.DeletionPolicy).toBe('Retain');
    });

    test('image tags are immutable and images are scanned', () => {
      stack('prod-data').hasResourceProperties('AWS::ECR::Repository', {
        ImageTagMutability: 'IMMUTABLE',
        ImageScanningConfiguration: { ScanOnPush: true },
        EmptyOnDelete: true,
      });
    });
  });
}
