/** Purpose: GitHub's workflows have the least rights, pin their actions, and run what is there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  filesIn,
  SERVICES,
  stagesOf,
  type Tree,
  textOf,
  treeOf,
} from '../../fixtures/delivery/delivery-files.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const paths = filesIn('.github/workflows');
const { scripts, engines } = JSON.parse(textOf('package.json'));
const jobsOf = (path: string) => Object.values<Tree>(treeOf(path).jobs);
const stepsOf = (path: string): Tree[] => jobsOf(path).flatMap(({ steps }) => steps);
/** What an outsider decides; in a script it would be their program. */
const UNTRUSTED = /\$\{\{[^}]*(github\.(event|head_ref|ref_name|actor)|inputs\.)[^}]*\}\}/;

describe.each(paths)('%s', (path) => {
  test('has no default permissions, and each job has its own and a time limit', () => {
    const { on, permissions, concurrency } = treeOf(path);
    expect(on).not.toHaveProperty('pull_request_target');
    expect(permissions).toEqual({});
    expect(concurrency.group).toEqual(expect.any(String));
    for (const job of jobsOf(path))
      expect(job).toMatchObject({
        permissions: expect.any(Object),
        'timeout-minutes': expect.any(Number),
      });
  });

  test('pins actions to a commit, keeps no token and puts no outside value in a script', () => {
    for (const { uses = './', with: given, run = '' } of stepsOf(path)) {
      expect(uses).toMatch(/^\.\/|^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/);
      if (uses.startsWith('actions/checkout@')) expect(given['persist-credentials']).toBe(false);
      expect(run).not.toMatch(UNTRUSTED);
    }
    expect(textOf(path)).not.toMatch(/secrets\.\w/);
  });

  test('runs existing scripts, files and images', () => {
    const run = stepsOf(path)
      .flatMap((step) => step.run ?? [])
      .join('\n');
    for (const [, script = ''] of run.matchAll(/\bnpm run (?:--silent |-s )?([\w:-]+)/g))
      expect(scripts).toHaveProperty([script]);
    for (const [, file = ''] of run.matchAll(/(?:^|\s)(\.ci\/\w+)/g))
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    for (const [, target] of run.matchAll(/--target (\w+)/g))
      expect(stagesOf().map(({ name }) => name)).toContain(target);
  });
});

test('tests every supported Node version', () => {
  const { node } = treeOf('.github/workflows/ci.yml').jobs.check.strategy.matrix;
  expect(engines.node).toBe(`>=${node[0]}.19`);
  expect(textOf('Dockerfile')).toMatch(new RegExp(`node:(${node.join('|')})\\.`));
});

test('builds and scans every image, and publishes those of services in one job', () => {
  const { image, publish } = treeOf('.github/workflows/images.yml').jobs;
  expect(image.strategy.matrix.target).toEqual([...SERVICES, 'demo']);
  expect(JSON.stringify(image.steps)).toContain('aquasecurity/trivy-action@');
  expect(publish.strategy.matrix.target).toEqual([...SERVICES]);
  expect([image, publish].map((job) => job.permissions.packages)).toEqual([undefined, 'write']);
  expect([publish.needs, publish.if]).toEqual(['image', expect.stringContaining('refs/tags/v')]);
});

test('builds images for both architectures without an attestation, which Lambda refuses', () => {
  const { image, publish } = treeOf('.github/workflows/images.yml').jobs;
  expect(image.strategy.matrix.architecture).toEqual(['amd64', 'arm64']);
  expect(JSON.stringify(publish.steps)).toContain('imagetools create');
  for (const path of paths)
    for (const { run = '' } of stepsOf(path))
      for (const [build] of run.matchAll(/docker (buildx )?build .*/g))
        expect(build).toContain('--provenance=false');
});

test('a repeated deployment does not push its tag again', () => {
  const steps = treeOf('.github/workflows/infrastructure.yml').jobs.deploy.steps as Tree[];
  const run = steps.map((step) => step.run ?? '').join('\n');
  expect(run.indexOf('ecr describe-images')).toBeGreaterThan(0);
  expect(run.indexOf('ecr describe-images')).toBeLessThan(run.indexOf('docker push'));
});

test('only jobs that use AWS get an identity, and never in a fork', () => {
  const withIdentity = paths.flatMap((path) =>
    jobsOf(path).filter((job) => job.permissions['id-token']),
  );
  const { diff, deploy } = treeOf('.github/workflows/infrastructure.yml').jobs;
  expect(withIdentity).toEqual([diff, deploy]);
  expect(diff.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
  expect(deploy.if).toContain("github.event_name == 'push'");
});
