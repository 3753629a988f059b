/**
 * Purpose: GitHub's workflows keep our rules: least rights, actions by commit, nothing of a
 * stranger's in a shell, scripts that are there.
 */
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
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
/** Scripts of the CDK app, where it is not there. */
const WITH_THE_APP = existsSync(join(ROOT, 'infra/aws/app.ts')) ? [] : ['synth', 'diff', 'deploy'];

interface Problem {
  readonly where: string;
  readonly problem: string;
}

/**
 * Rights that a job may ask for. Whoever needs another one writes it here, with the workflow in
 * mind.
 */
const RIGHTS: Record<string, readonly string[]> = {
  contents: ['read', 'write'],
  'id-token': ['write'],
  packages: ['write'],
  actions: ['read'],
};
/** What whoever opens a pull request decides: in a shell it would be their program. */
const STRANGERS = /\$\{\{[^}]*(github\.(event|head_ref|ref_name|actor)|inputs\.)[^}]*\}\}/;

function problemsOf(workflow: Tree, text: string): Problem[] {
  const problems: Problem[] = [];
  const add = (where: string, problem: string) => problems.push({ where, problem });
  const on = Object.keys(workflow.on);
  for (const trigger of ['pull_request_target', 'workflow_run', 'issue_comment'])
    if (on.includes(trigger)) add('on', `${trigger} runs strangers' code with our rights`);
  if (JSON.stringify(workflow.permissions) !== '{}')
    add('permissions', 'begin with none; each job asks for its own');
  if (!workflow.concurrency?.group) add('concurrency', 'two runs of one branch would meet');
  for (const [name, job] of Object.entries<Tree>(workflow.jobs)) {
    if (!job['timeout-minutes']) add(name, 'no timeout-minutes');
    if (!job.permissions) add(name, 'no permissions');
    for (const [right, level] of Object.entries<string>(job.permissions ?? {}))
      if (!RIGHTS[right]?.includes(level)) add(name, `${right}: ${level} is not among the rights`);
    for (const other of [job.needs ?? []].flat())
      if (!(other in workflow.jobs)) add(name, `needs ${other}, which is not there`);
    for (const step of job.steps) {
      if (
        step.uses &&
        !step.uses.startsWith('./') &&
        !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(step.uses)
      )
        add(name, `${step.uses} is not pinned to a commit`);
      if (
        step.uses?.startsWith('actions/checkout@') &&
        step.with?.['persist-credentials'] !== false
      )
        add(name, 'checkout leaves its token behind');
      if (STRANGERS.test(step.run ?? ''))
        add(name, 'a value that others choose stands in the script: hand it over as a variable');
      for (const [, script = ''] of (step.run ?? '').matchAll(
        /\bnpm run (?:--silent |-s )?([\w:-]+)/g,
      ))
        if (!(script in scripts) && !WITH_THE_APP.includes(script))
          add(name, `there is no npm script ${script}`);
      for (const [, path = ''] of (step.run ?? '').matchAll(/(?:^|\s)(\.ci\/\w+)/g))
        if (!existsSync(join(ROOT, path))) add(name, `${path} is not there`);
      for (const [, target = ''] of (step.run ?? '').matchAll(/--target (\w+)/g))
        if (!stagesOf().some((stage) => stage.name === target))
          add(name, `the Dockerfile has no target ${target}`);
    }
  }
  for (const [line] of text.matchAll(/^.*uses: [^.\n]*@.*$/gm))
    if (!/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
      add(line.trim(), 'no version beside the commit');
  return problems;
}

describe.each(paths)('%s', (path) => {
  test('keeps the rules', () => {
    expect(problemsOf(treeOf(path), textOf(path))).toEqual([]);
  });

  test('says what it is for', () => {
    expect(textOf(path)).toMatch(/^# Purpose: /);
  });
});

describe('together', () => {
  const workflow = (name: string) => treeOf(`.github/workflows/${name}.yml`);

  test('every supported Node is tried', () => {
    const { node } = workflow('ci').jobs.check.strategy.matrix;
    const { engines } = JSON.parse(textOf('package.json'));
    expect(node).toEqual(['20', '22', '24']);
    expect(engines.node).toBe(`>=${node[0]}.19`);
    expect(textOf('Dockerfile')).toMatch(new RegExp(`node:(${node.join('|')})\\.`));
  });

  test('every image is built, run confined and scanned; the services’ are published, by the one job that may', () => {
    const { image, publish } = workflow('images').jobs;
    expect(image.strategy.matrix.target).toEqual([...SERVICES, 'demo']);
    expect(publish.strategy.matrix.target).toEqual([...SERVICES]);
    expect(
      image.steps
        .map((step: Tree) => step.uses ?? '')
        .some((uses: string) => uses.startsWith('aquasecurity/trivy-action@')),
    ).toBe(true);
    expect([image.permissions.packages, publish.permissions.packages]).toEqual([
      undefined,
      'write',
    ]);
    expect([publish.needs, publish.if]).toEqual(['image', expect.stringContaining('refs/tags/v')]);
  });

  test('only what talks to AWS gets an identity, and a pull request one that reads', () => {
    const withIdentity = paths.flatMap((path) =>
      Object.entries<Tree>(treeOf(path).jobs).flatMap(([name, job]) =>
        job.permissions['id-token'] ? [name] : [],
      ),
    );
    expect(withIdentity).toEqual(['diff', 'deploy']);
    const { diff, deploy } = workflow('infrastructure').jobs;
    const role = (job: Tree) =>
      job.steps.find((step: Tree) => step.uses?.startsWith('aws-actions/'))?.with['role-to-assume'];
    expect(role(diff)).toMatch(/role\/headway-prod-diff$/);
    expect(diff.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
    expect(role(deploy)).toMatch(/role\/headway-prod-deploy$/);
    expect(deploy.if).toContain("github.event_name == 'push'");
    expect(workflow('infrastructure').on.push.branches).toEqual(['main']);
  });

  test('no secret is read but the token of the run', () => {
    for (const path of paths)
      expect([...textOf(path).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name)).toEqual([]);
  });

  test('Dependabot looks after packages, images and actions', () => {
    const { updates } = treeOf('.github/dependabot.yml');
    expect(updates.map((update: Tree) => update['package-ecosystem'])).toEqual([
      'npm',
      'docker',
      'docker-compose',
      'github-actions',
    ]);
    expect(treeOf('.github/release.yml').changelog.categories.at(-1).labels).toEqual(['*']);
  });
});

describe('each rule can fail', () => {
  const sound = () => treeOf('.github/workflows/ci.yml');
  test.each<[string, (workflow: Tree) => void, RegExp]>([
    ['a trigger', (w) => (w.on.pull_request_target = null), /strangers/],
    ['rights for all', (w) => (w.permissions = { contents: 'write' }), /begin with none/],
    ['rights of a job', (w) => (w.jobs.check.permissions = { issues: 'write' }), /issues: write/],
    ['a tag', (w) => (w.jobs.check.steps[0].uses = 'actions/checkout@v5'), /not pinned/],
    ['a token left behind', (w) => delete w.jobs.check.steps[0].with, /token/],
    [
      'a title in a script',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression, not ours.
      (w) => (w.jobs.check.steps[2].run = 'echo ${{ github.event.pull_request.title }}'),
      /others choose/,
    ],
    ['a script', (w) => (w.jobs.check.steps[2].run = 'npm run tests'), /no npm script tests/],
    [
      'a target',
      (w) => (w.jobs.check.steps[2].run = 'docker build --target infer .'),
      /no target infer/,
    ],
    ['a time limit', (w) => delete w.jobs.check['timeout-minutes'], /timeout/],
  ])('%s', (_what, spoil, expected) => {
    const workflow = sound();
    spoil(workflow);
    expect(problemsOf(workflow, '').map(({ problem }) => problem)).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});
