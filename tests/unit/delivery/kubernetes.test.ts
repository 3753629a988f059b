/**
 * Purpose: what kustomize makes of infra/kubernetes is what the API takes, fits together, and fits
 * the program and its images.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildProgram } from '../../../cli/main.ts';
import { readSettings } from '../../../platform/settings/settings.ts';
import type { App } from '../../../services/inference/plugins/app.ts';
import { createFixture } from '../../fakes/inference.ts';
import {
  lastOf,
  SERVICES,
  stagesOf,
  type Tree,
  textOf,
  treeOf,
} from '../../fixtures/delivery/delivery-files.ts';
import { violationsOf } from '../../fixtures/delivery/kubernetes-schemas.ts';
import { build, containersOf, podSpecOf } from '../../fixtures/delivery/kustomize.ts';

const OVERLAYS = ['dev', 'prod'] as const;
const folderOf = (overlay: string) => `infra/kubernetes/overlays/${overlay}`;
const built = Object.fromEntries(
  OVERLAYS.map((overlay) => [overlay, build(folderOf(overlay))]),
) as Record<string, Tree[]>;
const every = OVERLAYS.flatMap((overlay) =>
  built[overlay]!.map(
    (object) => [`${overlay}: ${object.kind} ${object.metadata.name}`, object] as const,
  ),
);
const kinds = (overlay: string, kind: string) =>
  built[overlay]!.filter((object) => object.kind === kind);
const workloads = every.filter(([, object]) => podSpecOf(object) !== null);

describe('the manifests', () => {
  const kubectl = spawnSync('kubectl', ['kustomize', '--help'], { encoding: 'utf8' }).status === 0;
  if (!kubectl)
    console.info(
      'kubernetes.test: no kubectl here, so our build is not compared with its kustomize',
    );
  (kubectl ? test : test.skip).each(OVERLAYS)(
    '%s: our build is that of kubectl kustomize',
    async (overlay) => {
      const { parseAllDocuments } = await import('yaml');
      const { stdout, stderr } = spawnSync('kubectl', ['kustomize', folderOf(overlay)], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const theirs = parseAllDocuments(stdout).map((document) => document.toJS() as Tree);
      const key = ({ kind, metadata }: Tree) => `${kind} ${metadata.name}`;
      const sorted = (trees: readonly Tree[]) =>
        [...trees].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(inOrder);
      expect(sorted(built[overlay]!)).toEqual(sorted(theirs));
    },
  );

  test.each(every)('%s is what the API takes', (_name, object) => {
    expect(violationsOf(object)).toEqual([]);
  });

  test('base and monitoring are built on by an overlay, so nothing escapes these tests', () => {
    expect(
      OVERLAYS.flatMap((overlay) => treeOf(`${folderOf(overlay)}/kustomization.yaml`).resources),
    ).toEqual(expect.arrayContaining(['../../base', '../../monitoring']));
  });

  test('no Secret is in the repository', () => {
    expect(every.filter(([, { kind }]) => kind === 'Secret')).toEqual([]);
  });

  test('the alerts are those of Prometheus elsewhere', () => {
    expect(treeOf('infra/kubernetes/monitoring/prometheus-rule.yaml').spec).toEqual(
      treeOf('infra/observability/alerts.yml'),
    );
  });
});

describe('pods', () => {
  test.each(workloads)('%s keeps the restricted standard, and more', (_name, object) => {
    const pod = podSpecOf(object);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    // A Service's name in the environment would be a HEADWAY_ setting that nobody knows.
    expect(pod.enableServiceLinks).toBe(false);
    expect([pod.hostNetwork, pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined, undefined]);
    for (const container of containersOf(object)) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(container.resources.requests).sort()).toEqual([
        'cpu',
        'ephemeral-storage',
        'memory',
      ]);
      expect(Object.keys(container.resources.limits)).toEqual(
        expect.arrayContaining(['memory', 'ephemeral-storage']),
      );
      // Where it writes: /data and /tmp.
      const mounted = container.volumeMounts.map(({ name, mountPath }: Tree) => [name, mountPath]);
      expect(mounted).toEqual([
        ['work', '/data'],
        ['tmp', '/tmp'],
      ]);
      expect(pod.volumes.map(({ name }: Tree) => name).sort()).toEqual(['tmp', 'work']);
    }
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(20);
  });

  test.each(workloads)('%s: what it refers to is there', (name, object) => {
    const here = built[name.split(':')[0]!]!;
    const has = (kind: string, found: string) =>
      here.some((other) => other.kind === kind && other.metadata.name === found);
    const pod = podSpecOf(object);
    expect(has('ServiceAccount', pod.serviceAccountName)).toBe(true);
    for (const { envFrom } of containersOf(object))
      for (const { configMapRef } of envFrom)
        expect(has('ConfigMap', configMapRef.name)).toBe(true);
    for (const { persistentVolumeClaim } of pod.volumes)
      if (persistentVolumeClaim)
        expect(has('PersistentVolumeClaim', persistentVolumeClaim.claimName)).toBe(true);
    const secrets = containersOf(object).flatMap(({ env = [] }) =>
      env.map(({ valueFrom }: Tree) => valueFrom.secretKeyRef),
    );
    for (const { name: secret, key } of secrets)
      expect(textOf('docs/kubernetes.md')).toMatch(
        new RegExp(`secret generic ${secret}[^#]*${key}=`),
      );
  });

  test.each(workloads)(
    '%s: image, user and command fit the Dockerfile and the command line',
    (_name, object) => {
      const [container] = containersOf(object);
      const [, image = '', tag = ''] = /^(.+):([^:/]+)$/.exec(container.image) ?? [];
      const target =
        image
          .split('/')
          .at(-1)
          ?.replace(/^headway-/, '') ?? '';
      expect(SERVICES).toContain(target);
      expect([tag === 'latest', container.name, object.metadata.name]).toEqual([
        false,
        target,
        `headway-${target}`,
      ]);
      const { runAsUser, runAsGroup } = podSpecOf(object).securityContext;
      expect(lastOf(stagesOf(), target, 'USER')).toBe(`${runAsUser}:${runAsGroup}`);
      const args: string[] = container.args ?? JSON.parse(lastOf(stagesOf(), target, 'CMD')!);
      const command = buildProgram({}).commands.find((candidate) => candidate.name() === args[0]);
      expect(command).toBeDefined();
      const { operands, unknown } = command!.parseOptions(args.slice(1));
      expect([operands, unknown]).toEqual([[], []]);
      if (object.kind === 'CronJob')
        expect(command!.opts()).toMatchObject({ once: true, only: target });
    },
  );
});

describe('settings', () => {
  test.each(OVERLAYS)(
    '%s: the ConfigMap holds settings that the program takes, a store on S3 among them',
    (overlay) => {
      const [{ data }] = kinds(overlay, 'ConfigMap');
      const settings = readSettings(data, {}, { domain: 'none' });
      expect(Object.keys(data).filter((name) => !name.startsWith('HEADWAY_'))).toEqual([]);
      expect(settings.store).toMatch(/^s3:\/\//);
      expect(settings.work).toMatch(/^\/data\//);
      const [deployment] = kinds(overlay, 'Deployment');
      const work = podSpecOf(deployment).volumes.find(({ name }: Tree) => name === 'work');
      expect(settings.cacheMb * 1e6).toBeLessThan(
        Number.parseInt(work.emptyDir.sizeLimit, 10) * 2 ** 20,
      );
    },
  );

  test('the CronJobs run when the schedule of one machine would', () => {
    const { featuresSchedule, trainingSchedule } = readSettings({}, {}, { domain: 'none' });
    for (const overlay of OVERLAYS) {
      const schedules = Object.fromEntries(
        kinds(overlay, 'CronJob').map(({ metadata, spec }) => [
          metadata.name,
          [spec.schedule, spec.timeZone],
        ]),
      );
      expect(schedules).toEqual({
        'headway-features': [featuresSchedule, 'Etc/UTC'],
        'headway-training': [trainingSchedule, 'Etc/UTC'],
      });
    }
  });
});

describe('selectors and ports', () => {
  test.each(OVERLAYS)('%s: whatever selects inference finds its pods', (overlay) => {
    const [deployment] = kinds(overlay, 'Deployment');
    const { labels } = deployment.spec.template.metadata;
    const [service] = kinds(overlay, 'Service');
    const found = (selector: Record<string, string>) =>
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    expect(found(deployment.spec.selector.matchLabels)).toBe(true);
    expect(found(service.spec.selector)).toBe(true);
    expect(found(kinds(overlay, 'PodDisruptionBudget')[0].spec.selector.matchLabels)).toBe(true);
    for (const { labelSelector } of podSpecOf(deployment).topologySpreadConstraints)
      expect(found(labelSelector.matchLabels)).toBe(true);
    for (const { spec } of kinds(overlay, 'NetworkPolicy'))
      expect(found(spec.podSelector.matchLabels ?? {})).toBe(true);
    for (const { spec } of kinds(overlay, 'ServiceMonitor')) {
      expect(
        Object.entries(spec.selector.matchLabels).every(
          ([key, value]) => service.metadata.labels[key] === value,
        ),
      ).toBe(true);
      for (const { port } of spec.endpoints)
        expect(service.spec.ports.map(({ name }: Tree) => name)).toContain(port);
    }
    const [{ spec: autoscaler }] = kinds(overlay, 'HorizontalPodAutoscaler');
    expect(autoscaler.scaleTargetRef).toMatchObject({
      apiVersion: deployment.apiVersion,
      kind: 'Deployment',
      name: deployment.metadata.name,
    });
    expect(autoscaler.minReplicas).toBeLessThan(autoscaler.maxReplicas);
    expect(deployment.spec.replicas).toBeUndefined();
    // A share of the processor is measured against what is asked for.
    expect(containersOf(deployment)[0].resources.requests.cpu).toBeDefined();
  });

  test.each(OVERLAYS)('%s: every port is the one that the image exposes', (overlay) => {
    const [deployment] = kinds(overlay, 'Deployment');
    const [container] = containersOf(deployment);
    const [{ name, containerPort }] = container.ports;
    expect(String(containerPort)).toBe(lastOf(stagesOf(), 'inference', 'EXPOSE'));
    expect(lastOf(stagesOf(), 'inference', 'ENV')).toContain(`PORT=${containerPort}`);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(container[probe].httpGet.port).toBe(name);
    expect(kinds(overlay, 'Service')[0].spec.ports[0].targetPort).toBe(name);
    const ingress = kinds(overlay, 'NetworkPolicy').flatMap(({ spec }) => spec.ingress ?? []);
    expect(ingress.length).toBeGreaterThan(0);
    for (const { from, ports } of ingress) {
      expect(from.length).toBeGreaterThan(0);
      expect(ports.map(({ port }: Tree) => port)).toEqual([name]);
    }
  });

  test.each(OVERLAYS)('%s: all traffic is refused that no policy names', (overlay) => {
    const policies = kinds(overlay, 'NetworkPolicy');
    expect(policies.find(({ metadata }) => metadata.name === 'refuse-all').spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    for (const { to, ports } of policies.flatMap(({ spec }) => spec.egress ?? [])) {
      expect([to.length > 0, ports.length > 0]).toEqual([true, true]);
    }
  });
});

describe('probes and scrapes', () => {
  let app: App;
  beforeAll(async () => {
    app = await createFixture().build();
  });
  afterAll(() => app.close());

  test('they ask for routes that answer', async () => {
    const [container] = containersOf(kinds('prod', 'Deployment')[0]);
    const [monitor] = kinds('prod', 'ServiceMonitor');
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map(
      (probe) => container[probe].httpGet.path,
    );
    for (const path of [
      ...probes,
      ...monitor.spec.endpoints.map((endpoint: Tree) => endpoint.path),
    ]) {
      expect([path, (await app.inject(path)).statusCode]).toEqual([path, 200]);
    }
    expect(new Set(probes)).toEqual(new Set(['/health/live', '/health/ready']));
  });
});

describe('the checks can fail', () => {
  const [deployment] = kinds('dev', 'Deployment');
  test.each([
    [
      'a type',
      (pod: Tree) => (pod.containers[0].ports[0].containerPort = '8080'),
      /containerPort must be integer/,
    ],
    [
      'a field that is none',
      (pod: Tree) => (pod.containers[0].imagePulPolicy = 'Always'),
      /imagePulPolicy is not a field/,
    ],
    [
      'a field one level too high',
      (pod: Tree) => (pod.securityContext.readOnlyRootFilesystem = true),
      /readOnlyRootFilesystem is not a field/,
    ],
    ['a value', (pod: Tree) => (pod.containers[0].ports[0].protocol = 'HTTP'), /protocol/],
    [
      'something needed',
      (pod: Tree) => delete pod.containers[0].name,
      /required property 'name'|name/,
    ],
  ])('%s', (_what, spoil, expected) => {
    const spoilt = structuredClone(deployment);
    spoil(podSpecOf(spoilt));
    expect(violationsOf(spoilt).join('\n')).toMatch(expected);
  });
});

/** Lists of named things in one order: theirs and ours may differ where it does not matter. */
function inOrder(tree: Tree): Tree {
  if (Array.isArray(tree)) {
    const items = tree.map(inOrder);
    return items.every((item) => typeof item?.name === 'string')
      ? items.sort((a, b) => (a.name < b.name ? -1 : 1))
      : items;
  }
  if (tree === null || typeof tree !== 'object') return tree;
  return Object.fromEntries(
    Object.entries<Tree>(tree).map(([key, value]) => [key, inOrder(value)]),
  );
}
