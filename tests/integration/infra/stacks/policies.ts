/**
 * Purpose: no policy of any stack allows more than it names.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { WILDCARDS } from '../../../../infra/aws/wildcards.ts';
import { allowances, flat, tooWide } from '../../../fixtures/aws/policy-audit.ts';
import { all, type Json, stack } from '../../../fixtures/aws/synthesised.ts';

export function policyTests(): void {
  describe('policies of every stack', () => {
    test('allow no wildcard action, and no unscoped resource without a written reason', () => {
      const problems = all().flatMap(([name, template]) =>
        allowances(template).flatMap(({ owner, statement }) =>
          tooWide(statement).map((problem) => `${name} ${owner}: ${problem}`),
        ),
      );
      expect(problems).toEqual([]);
    });

    test('exist, and every reason is still needed', () => {
      const found = all().flatMap(([, template]) => allowances(template));
      expect(found.length).toBeGreaterThan(60);
      const used = new Set(
        found
          .filter(({ statement }) => statement.Resource === '*')
          .flatMap(({ statement }) => [statement.Action].flat()),
      );
      for (const { actions, reason } of Object.values(WILDCARDS)) {
        for (const action of actions) expect(used).toContain(action);
        expect(reason.length).toBeGreaterThan(40);
      }
    });

    test('include no managed policy of AWS', () => {
      for (const [, template] of all())
        expect(JSON.stringify(template)).not.toContain('ManagedPolicyArns');
    });

    test.each<[string, Parameters<typeof tooWide>[0]]>([
      [
        's3:Get*',
        { Effect: 'Allow', Action: ['s3:Get*'], Resource: 'arn:aws:s3:::bucket/features/*' },
      ],
      ['on every resource', { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
      [
        'on every resource',
        { Effect: 'Allow', Action: ['ecr:GetAuthorizationToken', 'iam:PassRole'], Resource: '*' },
      ],
      [
        'the resource arn:aws:s3:::bucket/*',
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' },
      ],
      [
        'the resource <Store.Arn>/*',
        {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Store', 'Arn'] }, '/*']] }],
        },
      ],
      [
        'the resource arn:aws:s3:::*',
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::*' },
      ],
      [
        'the resource arn:aws:iam::<Account>:role/*',
        {
          Effect: 'Allow',
          Action: 'iam:PassRole',
          Resource: { 'Fn::Join': ['', ['arn:aws:iam::', { Ref: 'Account' }, ':role/*']] },
        },
      ],
      [
        'the resource arn:aws:states:eu-west-1:1:execution:*',
        {
          Effect: 'Allow',
          Action: 'states:StopExecution',
          Resource: 'arn:aws:states:eu-west-1:1:execution:*',
        },
      ],
      [
        'all but',
        { Effect: 'Allow', NotAction: 'iam:PassRole', Resource: 'arn:aws:s3:::bucket/a/*' },
      ],
      [
        'everybody',
        {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::bucket/a/*',
          Principal: { AWS: '*' },
        },
      ],
    ])('the check detects a wide policy: %s', (problem, statement) => {
      expect(tooWide(statement).join()).toContain(problem);
    });
  });

  /** The names of the objects that a role of a stack may get or put. */
  function prefixes(name: string, role: RegExp, sid: 'ReadStore' | 'WriteStore'): string[] {
    const found = allowances(stack(name).toJSON() as Json).filter(
      ({ owner, statement }) => role.test(owner) && (statement as { Sid?: string }).Sid === sid,
    );
    return found.flatMap(({ statement }) =>
      [statement.Resource]
        .flat()
        .map(flat)
        .map((text) => text.replace(/^.*>\//, '')),
    );
  }

  describe('access to the store', () => {
    test.each([
      [
        'prod-features',
        /Task/,
        ['decisions', 'features', 'forecasts', 'jobs', 'models', 'quarantine', 'witness'],
        ['features', 'forecasts', 'jobs', 'quarantine', 'witness'],
      ],
      [
        'dev-features',
        /Role/,
        ['decisions', 'features', 'forecasts', 'jobs', 'models', 'quarantine', 'witness'],
        ['features', 'forecasts', 'jobs', 'quarantine', 'witness'],
      ],
      [
        'prod-monitoring',
        /TaskRole/,
        [
          ...[
            'actuals',
            'alerts',
            'decisions',
            'features',
            'figures',
            'forecasts',
            'jobs',
            'models',
            'monitoring',
            'published',
            'scores',
          ],
        ],
        [
          ...['alerts', 'decisions', 'figures', 'forecasts', 'jobs', 'models', 'monitoring'],
          ...['published', 'scores'],
        ],
      ],
      ['prod-training', /Task/, ['features', 'models'], ['models']],
      [
        'dev-inference',
        /Role/,
        ['decisions', 'features', 'forecasts', 'jobs', 'models', 'published'],
        [],
      ],
      [
        'prod-inference',
        /Role/,
        ['decisions', 'features', 'forecasts', 'jobs', 'keys', 'models', 'published'],
        [],
      ],
    ])('of %s is exactly what it needs', (name, role, reads, writes) => {
      expect(prefixes(name, role, 'ReadStore').sort()).toEqual(reads.map((each) => `${each}/*`));
      expect(prefixes(name, role, 'WriteStore').sort()).toEqual(writes.map((each) => `${each}/*`));
    });

    test('a deployment of one domain cannot access another', () => {
      expect(prefixes('everything-inference', /Role/, 'ReadStore').sort()).toEqual([
        ...['actuals', 'decisions', 'features', 'forecasts', 'jobs', 'models'].map(
          (each) => `${each}/electricity/*`,
        ),
        'published/electricity/*',
      ]);
      expect(prefixes('everything-inference', /Role/, 'WriteStore')).toEqual([
        'actuals/electricity/*',
      ]);
      // Where a batch forecasts, a feature run does not.
      for (const sid of ['ReadStore', 'WriteStore'] as const)
        expect(prefixes('everything-features', /Role/, sid).sort()).toEqual([
          'features/electricity/*',
          'quarantine/electricity/*',
          // The source is a stream, whose lander alone writes it.
          ...(sid === 'ReadStore' ? ['streams/electricity/*'] : []),
          'witness/electricity/*',
        ]);
      for (const sid of ['ReadStore', 'WriteStore'] as const)
        expect(prefixes('everything-stream', /TaskRole/, sid)).toEqual(['streams/electricity/*']);
      expect(prefixes('everything-batch', /Shard/, 'ReadStore').sort()).toEqual(
        ['decisions', 'features', 'forecasts', 'models'].map((each) => `${each}/electricity/*`),
      );
      expect(prefixes('everything-batch', /Shard/, 'WriteStore')).toEqual([
        'forecasts/electricity/*',
      ]);
    });

    test('no service writes API keys', () => {
      const writers = all().flatMap(([name, template]) =>
        allowances(template).flatMap(({ owner, statement }) =>
          [statement.Action].flat().includes('s3:PutObject') &&
          [statement.Resource].flat().some((resource) => flat(resource).includes('/keys/'))
            ? [`${name} ${owner}`]
            : [],
        ),
      );
      expect(writers).toEqual([]);
    });

    test('no role can delete', () => {
      const actions = all().flatMap(([, template]) =>
        allowances(template).flatMap(({ statement }) => [statement.Action].flat()),
      );
      expect(actions.filter((action) => /^s3:.*Delete/.test(String(action)))).toEqual([]);
    });
  });
}
