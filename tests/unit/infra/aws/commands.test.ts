import { describe, expect, test } from '@jest/globals';
import { cdkArguments, parseRequest } from '../../../../infra/aws/command.ts';
import { describeTeardown, teardownOf } from '../../../../infra/aws/teardown.ts';

const asked = (...args: string[]) => {
  const request = parseRequest(args);
  if (request === null) throw new Error('the usage was shown');
  return request;
};

describe('cdkArguments', () => {
  test('deploy all stacks of one environment with an approval of wider permissions', () => {
    expect(cdkArguments(asked('deploy', 'dev'))).toEqual([
      ...['deploy', '--app', 'cdk.out', 'headway-dev-*', '--require-approval', 'broadening'],
    ]);
  });

  test('deploy only the named stacks first', () => {
    const args = cdkArguments(
      asked('deploy', 'prod', '--only', 'data,network', '--image', 'a1b2c3', '--yes'),
    );
    expect(args).toEqual([
      ...[
        'deploy',
        '--app',
        'cdk.out',
        'headway-prod-data',
        'headway-prod-network',
        '--require-approval',
        'never',
        '--exclusively',
      ],
    ]);
  });

  test('pass the image tag to the stacks that use it, and no keys', () => {
    const args = cdkArguments(asked('deploy', 'prod', '--image', 'a1b2c3')).join(' ');
    expect(args).toContain(
      '--parameters headway-prod-features:ImageTag=a1b2c3 --parameters headway-prod-training:ImageTag=a1b2c3',
    );
    expect(args).not.toContain('batch');
    const optional = cdkArguments(asked('deploy', 'prod', '--image', 'a1b2c3'), [
      'batch',
      'stream',
    ]);
    expect(optional).toContain('headway-prod-batch:ImageTag=a1b2c3');
    expect(optional).toContain('headway-prod-stream:ImageTag=a1b2c3');
    expect(args).not.toContain('inference');
  });

  test('diff takes no parameters, and destroy does not ask again', () => {
    expect(cdkArguments(asked('diff', 'dev'))).toEqual([
      'diff',
      '--app',
      'cdk.out',
      'headway-dev-*',
      '--method',
      'template',
    ]);
    expect(cdkArguments(asked('destroy', 'dev'))).toEqual([
      'destroy',
      '--app',
      'cdk.out',
      'headway-dev-*',
      '--force',
    ]);
  });

  test.each([
    [[]],
    [['deploy']],
    [['deploy', 'staging']],
    [['remove', 'dev']],
    [['deploy', 'dev', 'prod']],
    [['deploy', 'dev', '--force']],
    [['deploy', 'dev', '--keys', 'keys.json']],
  ])('print the usage for %j', (args: string[]) => {
    expect(parseRequest(args)).toBeNull();
  });
});

describe('teardown', () => {
  const templates = {
    'headway-dev-data': {
      Resources: {
        Store1: {
          Type: 'AWS::S3::Bucket',
          DeletionPolicy: 'Retain',
          Metadata: { 'aws:cdk:path': 'headway-dev-data/Store/Resource' },
        },
        Log1: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'RetainExceptOnCreate' },
        Images1: { Type: 'AWS::ECR::Repository', DeletionPolicy: 'Delete' },
      },
    },
    'headway-dev-inference': {
      Resources: {
        Version1: { Type: 'AWS::Lambda::Version', DeletionPolicy: 'Retain' },
        Role1: {
          Type: 'AWS::IAM::Role',
          Metadata: { 'aws:cdk:path': 'headway-dev-inference/Role/Resource' },
        },
      },
    },
  };

  test('removes or keeps every resource, each by name', () => {
    const { removed, kept } = teardownOf(templates);
    expect(kept.map(({ stack, name }) => `${stack} ${name}`)).toEqual([
      'headway-dev-data Store',
      'headway-dev-data Log1',
    ]);
    expect(removed.map(({ name }) => name)).toEqual(['Images1', 'Version1', 'Role']);
  });

  test('the text lists all of it, and what to do about what is kept', () => {
    const text = describeTeardown('dev', teardownOf(templates));
    for (const line of [
      'for good (3)',
      'Kept (2)',
      'headway-dev-data  Store',
      'CDKToolkit',
      'docs/deploy.md, "Teardown"',
    ])
      expect(text).toContain(line);
  });
});
