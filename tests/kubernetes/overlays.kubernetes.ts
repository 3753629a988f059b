/**
 * Purpose: the overlays of infra/kubernetes on a real control plane: `npm run test:kubernetes`. The
 * API server takes every object, admission and RBAC judge them, controllers act on them.
 * Invariants: the tests of an overlay are one history, in this order: apply, judge, delete.
 * Fails: as a test. Where no control plane can be had it is skipped under a name that says why.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { Tree } from '../fixtures/delivery/delivery-files.ts';
import { skipped } from '../fixtures/skipped.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const WAIT_MS = 120_000;
/** Kinds of the Prometheus operator, which prod uses. */
const DEFINITIONS = ['servicemonitors', 'prometheusrules'].map(
  (name) => `monitoring.coreos.com_${name}.yaml`,
);
/** What the control plane records about itself, and a kind that EndpointSlice replaces. */
const RECORDS = /^(componentstatuses|endpoints|events|leases)\b/;
/** What Kubernetes lets every account do: ask about itself, and read public certificates. */
const EVERY_ACCOUNT = [
  'create selfsubjectaccessreviews',
  'create selfsubjectreviews',
  'create selfsubjectrulesreviews',
  'get clustertrustbundles',
  'list clustertrustbundles',
  'watch clustertrustbundles',
];
/** Each makes a pod that the restricted standard forbids. */
const FORBIDDEN: readonly (readonly [string, (pod: Tree) => void])[] = [
  ['root', (pod) => delete pod.securityContext.runAsNonRoot],
  ['all system calls', (pod) => delete pod.securityContext.seccompProfile],
  ['capabilities', (pod) => delete pod.containers[0].securityContext.capabilities],
  ['more privileges', (pod) => delete pod.containers[0].securityContext.allowPrivilegeEscalation],
  ["the node's network", (pod) => Object.assign(pod, { hostNetwork: true })],
];

const plane = await startControlPlane();

if ('unavailable' in plane) skipped(plane.unavailable);
else {
  afterAll(() => plane.stop());
  beforeAll(() => {
    const folder = join(plane.operator, 'example', 'prometheus-operator-crd');
    const files = DEFINITIONS.map((name) => `--filename=${join(folder, name)}`);
    const wait = ['--for=condition=Established', '--timeout=60s'];
    ask(plane, ['create', ...files]);
    ask(plane, ['wait', ...wait, ...files]);
  });
  describe.each([
    { overlay: 'dev', namespace: 'headway-dev', pods: 1 },
    { overlay: 'prod', namespace: 'headway', pods: 2 },
  ])('$overlay on a control plane', (one) => suite(plane, one));
}

/** What a command prints; it fails with what it complains of, warnings included. */
function ask(on: ControlPlane, args: readonly string[], object?: Tree): string {
  const { status, stdout, output } = on.kubectl(args, object && JSON.stringify(object));
  const complaint = output.slice(stdout.length);
  if (status === 0 && complaint === '') return stdout;
  throw new Error(`kubectl ${args.join(' ')}: ${complaint}`);
}

const objectsOf = (on: ControlPlane, ...args: readonly string[]): Tree[] =>
  JSON.parse(ask(on, ['get', '-o', 'json', ...args])).items;

interface Overlay {
  readonly overlay: string;
  readonly namespace: string;
  readonly pods: number;
}

function suite(on: ControlPlane, { overlay, namespace, pods }: Overlay): void {
  const folder = `infra/kubernetes/overlays/${overlay}`;
  const manifests: Tree[] = parseAllDocuments(ask(on, ['kustomize', folder])).map((document) =>
    document.toJS(),
  );
  const workloads = manifests.filter(({ kind }) => ['CronJob', 'Deployment'].includes(kind));
  const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount');
  const list = (...args: readonly string[]) => objectsOf(on, ...args);
  const within = ['--namespace', namespace];
  let before: readonly string[];

  beforeAll(async () => {
    before = await settled(on);
  });

  test('is applied without a warning, and every object is there', () => {
    ask(on, ['apply', '-k', folder]);
    const names = manifests.map(nameOf).sort();
    expect(list('-k', folder).map(nameOf).sort()).toEqual(names);
    expect(everything(on)).toEqual(expect.arrayContaining(names));
  });

  test('is the same after a second apply, and takes one by the server', () => {
    on.hold();
    try {
      const versions = () => list('-k', folder).map(({ metadata }) => metadata.resourceVersion);
      const first = versions();
      ask(on, ['apply', '-k', folder]);
      expect(versions()).toEqual(first);
      expect(ask(on, ['diff', '-k', folder])).toBe('');
      // It warns that the first apply was kubectl's.
      const byServer = on.kubectl(['apply', '--server-side', '--dry-run=server', '-k', folder]);
      expect([byServer.status, byServer.stdout.match(/ serverside-applied/g)?.length]).toEqual([
        0,
        manifests.length,
      ]);
    } finally {
      on.release();
    }
  });

  test.each(workloads.map((object) => [object.metadata.name, object] as const))(
    'the namespace takes a pod of %s, without a token, and refuses one that asks for more',
    (name, { spec }) => {
      const { template } = spec.jobTemplate?.spec ?? spec;
      const pod = (change?: (spec: Tree) => void) => {
        const made = structuredClone(template.spec);
        change?.(made);
        const metadata = { ...template.metadata, name, namespace };
        return { apiVersion: 'v1', kind: 'Pod', metadata, spec: made };
      };
      const create = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
      const made = JSON.parse(ask(on, create, pod()));
      expect(made.spec.volumes).toEqual(template.spec.volumes);
      for (const [what, change] of FORBIDDEN) {
        const { status, output } = on.kubectl(create, JSON.stringify(pod(change)));
        expect([what, status, output]).toEqual([
          what,
          1,
          expect.stringContaining('violates PodSecurity "restricted:latest"'),
        ]);
      }
    },
  );

  test.each(accounts.map(({ metadata }) => metadata.name as string))(
    'the account %s may do what every account may, and no more',
    (name) => {
      const as = `--as=system:serviceaccount:${namespace}:${name}`;
      const review = {
        ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview' },
        spec: { namespace },
      };
      // To validate, kubectl would look at definitions that the account may not see.
      const create = ['create', as, '--validate=false', '-o', 'json', '-f', '-'];
      const created = ask(on, create, review);
      const { resourceRules, nonResourceRules } = JSON.parse(created).status;
      const rights = resourceRules.flatMap(({ verbs, resources }: Tree) =>
        verbs.flatMap((verb: string) => resources.map((each: string) => `${verb} ${each}`)),
      );
      expect([...new Set(rights)].sort()).toEqual(EVERY_ACCOUNT);
      const verbs = nonResourceRules.flatMap((rule: Tree) => rule.verbs);
      expect([...new Set(verbs)]).toEqual(['get']);
      const { status, output } = on.kubectl(['get', 'secrets', as, ...within]);
      expect([status, output]).toEqual([1, expect.stringContaining('Forbidden')]);
    },
  );

  test('controllers make the pods of inference and of a job of each schedule', async () => {
    for (const { kind, metadata } of workloads) {
      const job = [`${metadata.name}-first`, `--from=cronjob/${metadata.name}`, ...within];
      if (kind === 'CronJob') ask(on, ['create', 'job', ...job]);
    }
    const expected = workloads.flatMap(({ kind, spec }) => {
      const { serviceAccountName } = (spec.jobTemplate?.spec ?? spec).template.spec;
      return Array<string>(kind === 'Deployment' ? pods : 1).fill(serviceAccountName);
    });
    await until(() => {
      // A schedule may come due now, and has pods too.
      const made = list('pods', ...within).filter(({ metadata }) =>
        (metadata.labels['batch.kubernetes.io/job-name'] ?? '-first').endsWith('-first'),
      );
      expect(made.map(({ spec }) => spec.serviceAccountName).sort()).toEqual(expected.sort());
      const [budget] = list('poddisruptionbudgets', ...within);
      expect(budget.status.expectedPods).toBe(pods);
    });
  });

  test('leaves nothing when it is deleted', async () => {
    ask(on, ['delete', '-k', folder]);
    await until(() => expect(everything(on).filter((name) => !before.includes(name))).toEqual([]));
  });
}

const nameOf = ({ kind, metadata }: Tree): string =>
  `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** Every object of every kind, by name. */
function everything(on: ControlPlane): string[] {
  const kinds = ask(on, ['api-resources', '--verbs=list,get', '-o', 'name'])
    .split('\n')
    .filter((name) => name !== '' && !RECORDS.test(name));
  return objectsOf(on, kinds.join(','), '--all-namespaces').map(nameOf);
}

/** Once each namespace has what controllers put into it. */
async function settled(on: ControlPlane): Promise<readonly string[]> {
  let names: readonly string[] = [];
  await until(() => {
    names = everything(on);
    const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length;
    const namespaces = count(/^Namespace /);
    expect(namespaces).toBeGreaterThanOrEqual(4);
    expect(count(/^ServiceAccount .*\/default$/)).toBe(namespaces);
    expect(count(/^ConfigMap .*\/kube-root-ca.crt$/)).toBe(namespaces);
  });
  return names;
}

async function until(holds: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await holds();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(500);
    }
  }
}
