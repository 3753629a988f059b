/**
 * Purpose: builds a kustomization as `kubectl kustomize` does, so that the manifests are tested
 * where there is no kubectl.
 * Invariants: knows only what infra/kubernetes uses and refuses all else; kubernetes.test.ts
 * compares it with kubectl where there is one.
 * Fails: with the file and the field it does not know, or the target a patch does not find.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../tidy/source-tree.ts';
import { documentsOf, type Tree, treeOf } from './delivery-files.ts';

const KNOWN = [
  'apiVersion',
  'kind',
  'namespace',
  'labels',
  'resources',
  'configMapGenerator',
  'images',
  'patches',
];
/** Cluster-wide kinds, which are in no namespace. */
const WIDE = ['Namespace'];
/**
 * Lists that a strategic merge goes into, and by what; the API's other lists of ours are replaced.
 */
const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};

export function build(folder: string): Tree[] {
  const { objects, generated } = collect(folder);
  const renamed = new Map<string, string>();
  for (const object of objects) {
    if (!generated.has(object)) continue;
    const name = `${object.metadata.name}-${hashOf(object)}`;
    renamed.set(object.metadata.name, name);
    object.metadata.name = name;
  }
  for (const object of objects) renameReferences(object, renamed);
  return objects;
}

interface Collected {
  readonly objects: Tree[];
  readonly generated: Set<Tree>;
}

function collect(folder: string): Collected {
  const kustomization = treeOf(`${folder}/kustomization.yaml`);
  const unknown = Object.keys(kustomization).find((key) => !KNOWN.includes(key));
  if (unknown)
    throw new Error(`${folder}/kustomization.yaml: this subset of kustomize has no ${unknown}`);
  const objects: Tree[] = [];
  const generated = new Set<Tree>();
  for (const resource of kustomization.resources ?? []) {
    const path = posix.join(folder, resource);
    if (!existsSync(join(ROOT, path, 'kustomization.yaml'))) objects.push(...documentsOf(path));
    else {
      const below = collect(path);
      objects.push(...below.objects);
      for (const object of below.generated) generated.add(object);
    }
  }
  for (const { name, behavior, literals } of kustomization.configMapGenerator ?? []) {
    const data = Object.fromEntries(
      literals.map((literal: string) => /^([^=]+)=(.*)$/.exec(literal)!.slice(1)),
    );
    const known = objects.find(
      (object) => object.kind === 'ConfigMap' && object.metadata.name === name,
    );
    if ((behavior === 'merge') !== (known !== undefined))
      throw new Error(`${folder}: ${name} is merged exactly where it is there`);
    if (known) Object.assign(known.data, data);
    else {
      const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
      objects.push(made);
      generated.add(made);
    }
  }
  for (const { path, ...rest } of kustomization.patches ?? []) {
    if (Object.keys(rest).length > 0)
      throw new Error(`${folder}: patches are files, and name their target themselves`);
    for (const patch of documentsOf(posix.join(folder, path))) {
      const target = objects.find(
        (object) => object.kind === patch.kind && object.metadata.name === patch.metadata.name,
      );
      if (!target)
        throw new Error(`${folder}/${path}: there is no ${patch.kind} ${patch.metadata.name}`);
      merge(target, patch);
    }
  }
  for (const object of objects) {
    if (kustomization.namespace && !WIDE.includes(object.kind))
      object.metadata.namespace = kustomization.namespace;
    for (const { pairs, ...rest } of kustomization.labels ?? []) {
      if (Object.keys(rest).length > 0)
        throw new Error(`${folder}: labels are on the objects alone`);
      object.metadata.labels = { ...object.metadata.labels, ...pairs };
    }
    for (const container of containersOf(object)) {
      const image = (kustomization.images ?? []).find(
        ({ name }: { name: string }) => name === container.image,
      );
      if (image) container.image = `${image.newName ?? image.name}:${image.newTag}`;
    }
  }
  return { objects, generated };
}

function merge(target: Tree, patch: Tree): void {
  for (const [key, value] of Object.entries<Tree>(patch)) {
    const mergeKey = MERGE_KEYS[key];
    if (value === null) delete target[key];
    else if (Array.isArray(value) && mergeKey !== undefined && Array.isArray(target[key])) {
      for (const item of value) {
        const known = target[key].find((other: Tree) => other[mergeKey] === item[mergeKey]);
        if (known) merge(known, item);
        else target[key].push(item);
      }
    } else if (
      typeof value === 'object' &&
      !Array.isArray(value) &&
      typeof target[key] === 'object'
    )
      merge(target[key], value);
    else target[key] = value;
  }
}

/**
 * As kustomize names generated objects: SHA-256 over the sorted JSON of kind, name and data, ten
 * digits of it in letters that spell nothing. The name is empty there: kustomize looks for it under
 * a key that no object has, and its names stay what they were.
 */
function hashOf({ kind, data }: Tree): string {
  const sorted = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
  const escaped: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
  const json = JSON.stringify({ data: sorted, kind, name: '' }).replaceAll(
    /[<>&]/g,
    (character) => escaped[character]!,
  );
  const letters: Record<string, string> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  const digits = createHash('sha256').update(json).digest('hex').slice(0, 10);
  return [...digits].map((digit) => letters[digit] ?? digit).join('');
}

function renameReferences(tree: Tree, renamed: ReadonlyMap<string, string>): void {
  if (tree === null || typeof tree !== 'object') return;
  for (const [key, value] of Object.entries<Tree>(tree)) {
    if (['configMapRef', 'configMapKeyRef', 'configMap'].includes(key) && renamed.has(value?.name))
      value.name = renamed.get(value.name);
    renameReferences(value, renamed);
  }
}

export const podSpecOf = ({ kind, spec }: Tree): Tree =>
  kind === 'Deployment'
    ? spec.template.spec
    : kind === 'CronJob'
      ? spec.jobTemplate.spec.template.spec
      : null;

export const containersOf = (object: Tree): Tree[] => podSpecOf(object)?.containers ?? [];
