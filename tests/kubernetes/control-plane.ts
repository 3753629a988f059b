/**
 * Purpose: a real control plane of Kubernetes for tests: etcd, the API server with its usual
 * admission and RBAC, and the controllers. There is no scheduler and no node, so no container runs.
 * Invariants: all of it listens on loopback, on free ports, its data is in a temporary folder, and
 * it ends with `stop`. The API server makes its own certificate; the administrator has a token.
 * Fails: never: where there is no Go or no registry, the reason is returned.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../fixtures/aws/cloud-tools.ts';
import { fetchApiModules } from '../fixtures/delivery/api-schemas.ts';
import { freePort } from '../fixtures/free-port.ts';
import { comesUp } from '../fixtures/waiting.ts';
import { ROOT } from '../tidy/source-tree.ts';
import { buildPrograms, type Programs } from './programs.ts';

const START_MS = 180_000;

export interface ControlPlane {
  /** As administrator, in the root of the repository. */
  kubectl(args: readonly string[], input?: string): ReturnType<typeof runTool>;
  /** Stops the controllers, so that nobody but the caller changes an object, until `release`. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
  /** The module of the Prometheus operator, with the definitions of its kinds. */
  readonly operator: string;
}

export async function startControlPlane(): Promise<
  ControlPlane | { readonly unavailable: string }
> {
  try {
    const modules = fetchApiModules();
    if ('unavailable' in modules) throw new Error(modules.unavailable);
    const programs = await buildPrograms(modules.kubernetes);
    return { ...(await started(programs)), operator: modules.operator };
  } catch (error) {
    const reason = String((error as Error).message).split('\n')[0];
    return { unavailable: `no control plane can be started: ${reason}` };
  }
}

async function started(programs: Programs): Promise<Omit<ControlPlane, 'operator'>> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-kubernetes-'));
  const children: ChildProcess[] = [];
  const start = (name: string, program: string, args: readonly string[]): ChildProcess => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
    children.push(child);
    return child;
  };
  const stop = async () => {
    for (const child of children.toReversed()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [store, peers, port] = [await freePort(), await freePort(), await freePort()];
    const token = randomBytes(16).toString('hex');
    await writeSecrets(folder, token, port);
    start('etcd', programs.etcd, etcdArguments(folder, store, peers));
    const server = start('server', programs.apiServer, serverArguments(folder, port, store));
    const access = [`--kubeconfig=${join(folder, ACCESS)}`, `--cache-dir=${join(folder, 'cache')}`];
    const kubectl = (args: readonly string[], input = '') =>
      runTool(programs.kubectl, [...access, ...args], { cwd: ROOT, input });
    const isUp = () => kubectl(['get', '--raw', '/readyz']).status === 0;
    if (!(await comesUp(isUp, () => server.exitCode !== null, START_MS)))
      throw new Error((await readFile(join(folder, 'server.log'), 'utf8')).slice(-500));
    const certificates = await readFile(join(folder, CERTIFICATE), 'utf8');
    const authority = certificates.slice(certificates.lastIndexOf('-----BEGIN'));
    await writeFile(join(folder, AUTHORITY), authority);
    const controllers = start('controllers', programs.controllers, controllerArguments(folder));
    const hold = () => void controllers.kill('SIGSTOP');
    const release = () => void controllers.kill('SIGCONT');
    return { kubectl, hold, release, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const [ACCESS, TOKENS, KEY, PUBLIC_KEY] = ['access.json', 'tokens.csv', 'key.pem', 'public.pem'];
/** Made by the API server in its --cert-dir; the last in it is that of the authority. */
const CERTIFICATE = 'apiserver.crt';
const AUTHORITY = 'authority.crt';

async function writeSecrets(folder: string, token: string, port: number): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const name = 'test';
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority': join(folder, CERTIFICATE),
  };
  const access = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
    clusters: [{ name, cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  const put = (file: string, text: string) => writeFile(join(folder, file), text, { mode: 0o600 });
  await put(KEY, privateKey);
  await put(PUBLIC_KEY, publicKey);
  await put(TOKENS, `${token},admin,admin,system:masters\n`);
  await put(ACCESS, JSON.stringify(access));
}

const etcdArguments = (folder: string, port: number, peers: number): string[] => [
  ...[`--data-dir=${join(folder, 'etcd')}`, '--unsafe-no-fsync', '--log-level=error'],
  ...['listen-client-urls', 'advertise-client-urls'].map(
    (flag) => `--${flag}=http://127.0.0.1:${port}`,
  ),
  ...['listen-peer-urls', 'initial-advertise-peer-urls'].map(
    (flag) => `--${flag}=http://127.0.0.1:${peers}`,
  ),
  `--initial-cluster=default=http://127.0.0.1:${peers}`,
];

const serverArguments = (folder: string, port: number, store: number): string[] => [
  `--etcd-servers=http://127.0.0.1:${store}`,
  ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
  `--cert-dir=${folder}`,
  `--token-auth-file=${join(folder, TOKENS)}`,
  '--authorization-mode=RBAC',
  // So that it is the namespace which refuses a privileged pod.
  '--allow-privileged',
  '--service-cluster-ip-range=10.0.0.0/24',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${join(folder, PUBLIC_KEY)}`,
  `--service-account-signing-key-file=${join(folder, KEY)}`,
  // Its own address is a loopback one, which no endpoint may have.
  '--endpoint-reconciler-type=none',
];

const controllerArguments = (folder: string): string[] => [
  ...[`--kubeconfig=${join(folder, ACCESS)}`, '--leader-elect=false', '--secure-port=0'],
  `--service-account-private-key-file=${join(folder, KEY)}`,
  `--root-ca-file=${join(folder, AUTHORITY)}`,
  '--horizontal-pod-autoscaler-sync-period=1s',
];
