/**
 * Purpose: the manifests of infra/kubernetes are what the Kubernetes API takes, and they fit the
 * program and its images.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildProgram } from '../../../cli/main.ts';
import { readSettings } from '../../../platform/settings/settings.ts';
import {
  documentsOf,
  lastOf,
  SERVICES,
  stagesOf,
  type Tree,
  textOf,
  treeOf,
} from '../../fixtures/delivery/delivery-files.ts';
import { violationsOf } from '../../fixtures/delivery/kubernetes-schemas.ts';
import { readTree } from '../../tidy/source-tree.ts';

const FOLDER = 'infra/kubernetes';
const OVERLAYS = ['dev', 'prod'];
const files = readTree(FOLDER)
  .map(({ path }) => `${FOLDER}/${path}`)
  .filter((path) => path.endsWith('.yaml'));
const kustomizations = files.filter((path) => path.endsWith('/kustomization.yaml'));
/** Patches hold parts of objects; all other files hold whole ones. */
const patches = kustomizations.flatMap((path) =>
  (treeOf(path).patches ?? []).map((patch: { path: string }) => join(dirname(path), patch.path)),
);
const objects = files
  .filter((path) => !kustomizations.includes(path) && !patches.includes(path))
  .flatMap((path) => documentsOf(path));
const all = (kind: string) => objects.filter((object) => object.kind === kind);
const [deployment] = all('Deployment');
const podOf = ({ spec }: Tree): Tree => (spec.jobTemplate?.spec ?? spec).template.spec;
const workloads = [deployment, ...all('CronJob')].map(
  (object) => [object.metadata.name, object, podOf(object)] as const,
);
const [container] = podOf(deployment).containers;

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
(hasKubectl ? test : test.skip).each(OVERLAYS)('kubectl builds the overlay %s', (overlay) => {
  const path = `${FOLDER}/overlays/${overlay}`;
  expect(spawnSync('kubectl', ['kustomize', path], { encoding: 'utf8' }).stderr).toBe('');
});

test.each(objects.map((object) => [object.kind, object.metadata.name, object] as const))(
  '%s %s matches the schema of the API',
  (kind, _name, object) => {
    expect(violationsOf(object)).toEqual([]);
    expect(kind).not.toBe('Secret');
  },
);

test('the check detects a wrong type, an unknown and a missing field', () => {
  const wrong = structuredClone(deployment);
  const [first] = podOf(wrong).containers;
  first.ports[0].containerPort = '8080';
  first.imagePulPolicy = 'Always';
  delete first.name;
  expect(violationsOf(wrong)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/containerPort must be integer/),
      expect.stringMatching(/imagePulPolicy is not a field/),
    ]),
  );
});

describe.each(workloads)('%s', (name, object, pod) => {
  const service = name.replace('headway-', '');

  test('is restricted and writes only to /data and /tmp', () => {
    expect(pod).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      automountServiceAccountToken: false,
      // A Service's name in the environment would be an unknown HEADWAY_ setting.
      enableServiceLinks: false,
    });
    expect([pod.hostNetwork, pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined, undefined]);
    const [{ securityContext, resources, volumeMounts, ...rest }, ...others] = pod.containers;
    expect([rest.name, others]).toEqual([service, []]);
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(volumeMounts.map((mount: Tree) => mount.mountPath)).toEqual(['/data', '/tmp']);
    expect(resources).toMatchObject({
      requests: { memory: expect.any(String), cpu: expect.any(String) },
      limits: { memory: expect.any(String), 'ephemeral-storage': expect.any(String) },
    });
  });

  test('has its account, image, user and a valid command', () => {
    expect(all('ServiceAccount').map(({ metadata }) => metadata.name)).toContain(
      pod.serviceAccountName,
    );
    expect(pod.containers[0].image).toBe(name);
    const { runAsUser, runAsGroup } = pod.securityContext;
    expect(lastOf(stagesOf(), service, 'USER')).toBe(`${runAsUser}:${runAsGroup}`);
    const args: string[] =
      pod.containers[0].args ?? JSON.parse(lastOf(stagesOf(), service, 'CMD') as string);
    const command = buildProgram({}).commands.find((each) => each.name() === args[0]);
    const { operands, unknown } = command?.parseOptions(args.slice(1)) ?? {};
    expect([operands, unknown]).toEqual([[], []]);
    if (object.kind === 'CronJob')
      expect(command?.opts()).toMatchObject({ once: true, only: service });
  });
});

test.each(OVERLAYS)('%s has valid settings with a store on S3 and a cache that fits', (of) => {
  const [base, own] = ['base', `overlays/${of}`].map(
    (folder) => treeOf(`${FOLDER}/${folder}/kustomization.yaml`).configMapGenerator[0].literals,
  );
  const data = Object.fromEntries(
    [...base, ...own].map((literal: string) => /^([^=]+)=(.*)$/.exec(literal)?.slice(1) ?? []),
  );
  const settings = readSettings(data, {}, { domain: 'none' });
  expect([settings.store, settings.work]).toEqual([
    expect.stringMatching(/^s3:/),
    expect.stringMatching(/^\/data\//),
  ]);
  const { sizeLimit } = podOf(deployment).volumes[0].emptyDir;
  // The ingress controller names the caller; a forwarded port has nobody in between.
  expect(settings.proxies).toBe(of === 'prod' ? 1 : 0);
  expect(settings.cacheMb * 1e6).toBeLessThan(Number.parseInt(sizeLimit, 10) * 2 ** 20);
});

test('the guide builds an image for each service', () => {
  expect(textOf('docs/kubernetes.md')).toContain(`for target in ${SERVICES.join(' ')}; do`);
  expect(workloads.map(([name]) => name).sort()).toEqual(
    SERVICES.map((service) => `headway-${service}`).sort(),
  );
});

test('CronJobs have the default schedules', () => {
  const settings = readSettings({}, {}, { domain: 'none' });
  expect(all('CronJob').map(({ spec }) => [spec.schedule, spec.timeZone])).toEqual([
    [settings.featuresSchedule, 'Etc/UTC'],
    [settings.monitoringSchedule, 'Etc/UTC'],
    [settings.trainingSchedule, 'Etc/UTC'],
  ]);
});

test('selectors, ports and probes of inference match its pods', () => {
  const { labels } = deployment.spec.template.metadata;
  const [{ name: port, containerPort }] = container.ports;
  const [service] = all('Service');
  for (const selector of [
    deployment.spec.selector.matchLabels,
    service.spec.selector,
    all('PodDisruptionBudget')[0].spec.selector.matchLabels,
    ...all('NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels ?? {}),
  ])
    expect(labels).toMatchObject(selector);
  expect(String(containerPort)).toBe(lastOf(stagesOf(), 'inference', 'EXPOSE'));
  expect(service.spec.ports[0].targetPort).toBe(port);
  for (const { spec } of all('ServiceMonitor')) {
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.endpoints).toMatchObject([{ port: service.spec.ports[0].name, path: '/metrics' }]);
  }
  expect(
    ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet),
  ).toEqual(['/health/live', '/health/live', '/health/ready'].map((path) => ({ path, port })));
  const [{ spec: autoscaler }] = all('HorizontalPodAutoscaler');
  expect(autoscaler.scaleTargetRef.name).toBe(deployment.metadata.name);
  expect(deployment.spec.replicas).toBeUndefined();
});

test('refuses all traffic that no policy names', () => {
  const policies = all('NetworkPolicy');
  expect(policies.find(({ metadata }) => metadata.name === 'refuse-all').spec).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
  for (const { spec } of policies)
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      expect([(rule.from ?? rule.to).length > 0, rule.ports.length > 0]).toEqual([true, true]);
});

test('the alerts equal those for Prometheus', () => {
  expect(all('PrometheusRule')[0].spec).toEqual(treeOf('infra/observability/alerts.yml'));
});
