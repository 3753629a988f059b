/**
 * Purpose: etcd, the API server, its controllers and kubectl for tests, compiled once (a quarter
 * of an hour on two cores) from the Go module k8s.io/kubernetes that the schemas are made of.
 * Invariants: nothing is fetched but Go modules. The etcd is the one that Kubernetes requires.
 * Fails: with the line of `go`; a later call goes on from what is compiled.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KUBERNETES_VERSION } from '../fixtures/delivery/api-schemas.ts';
import { isThere } from '../fixtures/waiting.ts';

const run = promisify(execFile);

const FOLDER = join(
  process.cwd(),
  'node_modules',
  '.cache',
  `headway-kubernetes-${KUBERNETES_VERSION}`,
);
const PACKAGES = [
  'go.etcd.io/etcd/server/v3',
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kube-controller-manager',
  'k8s.io/kubernetes/cmd/kubectl',
];

export interface Programs {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllers: string;
  readonly kubectl: string;
}

/** @param source the folder of the module k8s.io/kubernetes */
export async function buildPrograms(source: string): Promise<Programs> {
  const done = join(FOLDER, 'complete');
  if (!(await isThere(done))) {
    await mkdir(FOLDER, { recursive: true });
    const required = await readFile(join(source, 'go.mod'), 'utf8');
    await writeFile(join(FOLDER, 'go.mod'), moduleOf(required));
    await run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', `${FOLDER}/`, ...PACKAGES], {
      cwd: FOLDER,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
    });
    await writeFile(done, '');
  }
  return {
    // Named after its package.
    etcd: join(FOLDER, 'server'),
    apiServer: join(FOLDER, 'kube-apiserver'),
    controllers: join(FOLDER, 'kube-controller-manager'),
    kubectl: join(FOLDER, 'kubectl'),
  };
}

/** Kubernetes' own go.mod gives its parts the version v0.0.0: they are folders of a workspace. */
function moduleOf(required: string): string {
  const go = /^go .*$/m.exec(required)?.[0] ?? '';
  const parts = [...required.matchAll(/^\s*(k8s\.io\/\S+) v0\.0\.0$/gm)].map(([, name]) => name);
  const version = KUBERNETES_VERSION.replace(/^1/, 'v0');
  return [
    ...['module control-plane', go, `require k8s.io/kubernetes v${KUBERNETES_VERSION}`],
    ...parts.map((name) => `replace ${name} => ${name} ${version}`),
    '',
  ].join('\n');
}
