/**
 * Purpose: holds a manifest to the schema of the API, offline: types, required fields, formats,
 * values; and fields that the API does not know.
 * Invariants: the validators are those that kubernetes-models and its prometheus-operator have
 * compiled with ajv from the published OpenAPI documents. Like the API's own schemas they let
 * unknown fields pass, and `kubectl apply` refuses them; so what a validator looks at is watched,
 * and what it never asked for is no field.
 * Fails: never; a kind that has no schema here is a violation.
 */
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { Tree } from './delivery-files.ts';

const MODELS: readonly {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}[] = [
  ...[
    ConfigMap,
    CronJob,
    Deployment,
    HorizontalPodAutoscaler,
    Namespace,
    NetworkPolicy,
    PersistentVolumeClaim,
  ],
  ...[PodDisruptionBudget, PrometheusRule, Service, ServiceAccount, ServiceMonitor],
];

export function violationsOf(manifest: Tree): string[] {
  const name = `${manifest.kind} ${manifest.metadata?.name}`;
  const model = MODELS.find(
    ({ apiVersion, kind }) => apiVersion === manifest.apiVersion && kind === manifest.kind,
  );
  if (!model) return [`${name}: no schema for ${manifest.apiVersion}`];
  const seen = new Set<string>();
  const violations: string[] = [];
  try {
    model.prototype.validate.call(watched(manifest, '', seen));
  } catch (error) {
    violations.push(
      ...(error as Error).message
        .split(', ')
        .map((text) => `${name}: ${text.replace(/^data/, '')}`),
    );
  }
  return [
    ...violations,
    ...pathsOf(manifest, '')
      .filter((path) => !seen.has(path))
      .map((path) => `${name}: ${path} is not a field`),
  ];
}

/** Reads like the tree, and notes the path of every field that is read. */
function watched(tree: Tree, path: string, seen: Set<string>): Tree {
  if (tree === null || typeof tree !== 'object') return tree;
  return new Proxy(tree, {
    get(target, key) {
      const value = Reflect.get(target, key);
      if (typeof key !== 'string') return value;
      seen.add(`${path}/${key}`);
      return watched(value, `${path}/${key}`, seen);
    },
  });
}

/** Every field, by its path. */
function pathsOf(tree: Tree, path: string): string[] {
  if (tree === null || typeof tree !== 'object') return [];
  return Object.entries<Tree>(tree).flatMap(([key, value]) => [
    `${path}/${key}`,
    ...pathsOf(value, `${path}/${key}`),
  ]);
}
