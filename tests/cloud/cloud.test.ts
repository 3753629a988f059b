/**
 * Purpose: what tools that know the clouds say of what we would deploy: `npm run test:cloud`.
 * Invariants: no account, no credentials. cfn-lint reads every template; moto plays an empty
 * account for every environment; asl-validator reads every state machine; actionlint the workflows;
 * kubeconform both overlays, by the schemas of the current API. What a tool cannot do is written in
 * docs/first-hour-on-aws.md.
 * Fails: as a test. A tool that is absent skips its test under a name that says how to install it.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Template, teardownOf } from '../../infra/aws/teardown.ts';
import {
  absentTools,
  type CloudTool,
  cloudTest,
  pythonOf,
  runTool,
  toolPath,
} from '../fixtures/aws/cloud-tools.ts';
import { flat } from '../fixtures/aws/policy-audit.ts';
import { all, place, synthesise } from '../fixtures/aws/synthesised.ts';
import {
  type ApiModules,
  fetchApiModules,
  schemaLocation,
  writeApiSchemas,
} from '../fixtures/delivery/api-schemas.ts';
import { ROOT } from '../tidy/source-tree.ts';

let remove: () => Promise<void>;
beforeAll(async () => {
  remove = await synthesise();
}, 240_000);
afterAll(() => remove());

const KUBERNETES_TOOLS = ['kubeconform', 'kustomize'] as const;

const ASSEMBLIES = [
  ['dev', 'plain', 'dev'],
  ['prod', 'plain', 'prod'],
  ['everything', 'everything', 'prod'],
] as const;

describe('synthesized templates', () => {
  cloudTest('pass cfn-lint', ['cfn-lint'], (tools) => {
    const files = ['plain', 'everything'].flatMap((assembly) =>
      readdirSync(join(place(), assembly))
        .filter((name) => name.endsWith('.template.json'))
        .map((name) => join(place(), assembly, name)),
    );
    expect(files).toHaveLength(21);
    const { status, output } = runTool(tools['cfn-lint'], ['--ignore-checks', 'W', '--', ...files]);
    expect([status, output]).toEqual([0, '']);
  });
});

describe('deployment to an empty account', () => {
  for (const [name, assembly, environment] of ASSEMBLIES)
    cloudTest(
      `${name}: stacks deploy in order, and a teardown leaves what \`destroy --list\` names (moto)`,
      ['moto_server'],
      (tools) => {
        const script = join(import.meta.dirname, 'deploy-in-moto.py');
        const folder = join(place(), assembly);
        const python = pythonOf(tools.moto_server);
        const ran = runTool(python, ['-W', 'ignore', script, folder, environment]);
        expect([ran.status, ran.status === 0 ? '' : ran.output.slice(-2000)]).toEqual([0, '']);
        const { deployed, stacksLeft, left } = JSON.parse(ran.stdout.trim().split('\n').at(-1)!);
        const templates = Object.fromEntries(
          all()
            .filter(([stack]) => stack.startsWith(`${name}-`))
            .map(([stack, template]) => [
              stack.replace(name, `headway-${environment}`),
              template as unknown as Template,
            ]),
        );
        expect(Object.keys(deployed).sort()).toEqual(Object.keys(templates).sort());
        expect(stacksLeft).toEqual([]);
        const kept = (type: string) =>
          teardownOf(templates).kept.filter((one) => one.type === type).length;
        expect(left).toEqual({
          buckets: kept('AWS::S3::Bucket'),
          repositories: kept('AWS::ECR::Repository'),
          functions: kept('AWS::Lambda::Function'),
          queues: kept('AWS::SQS::Queue'),
          stateMachines: kept('AWS::StepFunctions::StateMachine'),
          topics: kept('AWS::SNS::Topic'),
          fileSystems: kept('AWS::EFS::FileSystem'),
        });
      },
    );
});

test('every state machine is valid Amazon States Language (asl-validator)', () => {
  const machines = all().flatMap(([name, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
      .map(([id, { Properties }]) => [`${name}-${id}`, flat(Properties.DefinitionString)] as const),
  );
  expect(machines.length).toBeGreaterThan(6);
  const paths = machines.flatMap(([name, definition]) => {
    const path = join(place(), `${name}.asl.json`);
    writeFileSync(path, definition.replaceAll('<AWS::Partition>', 'aws'));
    return ['--json-path', path];
  });
  const validator = join(ROOT, 'node_modules', 'asl-validator', 'dist', 'bin', 'asl-validator.js');
  const { status, output } = runTool(process.execPath, [validator, ...paths]);
  expect([status, status === 0 ? '' : output]).toEqual([0, '']);
});

cloudTest('the workflows are valid GitHub workflows (actionlint)', ['actionlint'], (tools) => {
  const { status, output } = runTool(tools.actionlint, ['-color=false'], { cwd: ROOT });
  expect([status, output]).toEqual([0, '']);
});

/** Only where the tools are: the modules are fetched to know whether the test can run. */
const modules = kubeconformModules();

describe('Kubernetes overlays', () => {
  if ('unavailable' in modules) {
    test.skip(`kubeconform (skipped: ${modules.unavailable})`, () => {});
    return;
  }
  const folder = () => join(place(), 'kubernetes-schemas');
  const conform = (tools: Readonly<Record<CloudTool, string>>, manifests: string) => {
    const args = ['-strict', '-schema-location', schemaLocation(folder())];
    return runTool(tools.kubeconform, args, { input: manifests });
  };
  const buildOf = (tools: Readonly<Record<CloudTool, string>>, overlay: string) => {
    const path = join(ROOT, 'infra', 'kubernetes', 'overlays', overlay);
    const built = runTool(tools.kustomize, ['build', path]);
    expect([built.status, built.status === 0 ? '' : built.output]).toEqual([0, '']);
    return built.stdout;
  };
  beforeAll(() => writeApiSchemas(modules, folder()));

  for (const overlay of ['dev', 'prod'])
    cloudTest(
      `${overlay} matches the schema of the API (kubeconform)`,
      KUBERNETES_TOOLS,
      (tools) => {
        const checked = conform(tools, buildOf(tools, overlay));
        expect([checked.status, checked.output]).toEqual([0, '']);
      },
    );

  cloudTest('the check detects an unknown field and a wrong type', KUBERNETES_TOOLS, (tools) => {
    const right = buildOf(tools, 'prod');
    for (const [from, to] of [
      ['  minReplicas:', '  minReplica:'],
      ['containerPort: 8080', 'containerPort: http'],
      ['  endpoints:', '  endpoint:'],
    ] as const) {
      expect([from, right.includes(from)]).toEqual([from, true]);
      expect(conform(tools, right.replace(from, to)).status).toBe(1);
    }
  });
});

function kubeconformModules(): ApiModules {
  const absent = KUBERNETES_TOOLS.filter((name) => toolPath(name) === null);
  if (absent.length > 0) return { unavailable: absentTools(absent) };
  return fetchApiModules();
}
