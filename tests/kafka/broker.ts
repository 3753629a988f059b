/**
 * Purpose: a real Kafka broker for tests: the one that HEADWAY_TEST_KAFKA names (kafka://…), else
 * one of our own in KRaft mode from Maven's jars, which are fetched once.
 * Invariants: our own listens on loopback, on free ports, keeps its data in a temporary folder, and
 * ends with `stop`. Its heap is 768 MB at most.
 * Fails: never: where there is no Java, no Maven or no registry, the reason is returned.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../fixtures/free-port.ts';
import { comesUp, isThere } from '../fixtures/waiting.ts';

const run = promisify(execFile);

const JARS = join('node_modules', '.cache', 'headway-kafka-4.1.1');
const START_MS = 60_000;

export interface Broker {
  /** kafka://host:port */
  readonly address: string;
  /** The same over TLS with a user; null where another broker is named. */
  readonly secured: Secured | null;
  /** Kills the broker, and starts it again on the same data. Only of our own. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface Secured {
  /** kafkas://user@host:port */
  readonly address: string;
  readonly password: string;
  readonly mechanism: string;
  /** File of the authority that the broker's certificate is of. */
  readonly authority: string;
}

const [USER, PASSWORD, MECHANISM] = ['ana', 'pass-word', 'SCRAM-SHA-512'];

export async function startBroker(): Promise<Broker | { readonly unavailable: string }> {
  const named = process.env.HEADWAY_TEST_KAFKA;
  if (named !== undefined && named !== '')
    return {
      ...{ address: named, secured: null },
      ...{ restart: async () => undefined, stop: async () => undefined },
    };
  try {
    await fetchJars();
  } catch (error) {
    const reason = String((error as Error).message).split('\n')[0];
    return { unavailable: `no broker can be started: ${reason}` };
  }
  return ownBroker();
}

async function fetchJars(): Promise<void> {
  await run('java', ['-version']);
  const done = join(JARS, 'complete');
  if (await isThere(done)) return;
  await mkdir(JARS, { recursive: true });
  await run('mvn', [
    ...['-q', '-B', '-f', join('tests', 'kafka', 'pom.xml')],
    ...['dependency:copy-dependencies', `-DoutputDirectory=${join(process.cwd(), JARS)}`],
  ]);
  await writeFile(done, '');
}

async function ownBroker(): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-kafka-'));
  const [port, secure, controller] = [await freePort(), await freePort(), await freePort()];
  const settings = join(folder, 'server.properties');
  await writeFile(settings, propertiesOf(folder, { port, secure, controller }));
  await writeCertificate(folder);
  const java = (heap: string, ...args: readonly string[]) => [
    ...[`-Xmx${heap}`, '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
    ...['-cp', join(JARS, '*'), ...args],
  ];
  const id = randomBytes(16).toString('base64url');
  const user = `${MECHANISM}=[name=${USER},password=${PASSWORD}]`;
  const format = ['format', '-t', id, '-c', settings, '--add-scram', user];
  await run('java', java('256m', 'kafka.tools.StorageTool', ...format));
  const logFile = join(folder, 'broker.log');
  const start = async (): Promise<ChildProcess> => {
    const log = openSync(logFile, 'a');
    const child = spawn('java', java('768m', 'kafka.Kafka', settings), {
      stdio: ['ignore', log, log],
    });
    await listening(port, child, logFile);
    return child;
  };
  let child = await start();
  const kill = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return {
    address: `kafka://127.0.0.1:${port}`,
    secured: {
      ...{ address: `kafkas://${USER}@127.0.0.1:${secure}`, password: PASSWORD },
      ...{ mechanism: MECHANISM, authority: join(folder, CERTIFICATE) },
    },
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const [KEYS, CERTIFICATE] = ['broker.pem', 'certificate.pem'];

/** Its own authority, and the broker's at once. */
async function writeCertificate(folder: string): Promise<void> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, CERTIFICATE)];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ]);
  const pem = await Promise.all([key, certificate].map((file) => readFile(file, 'utf8')));
  await writeFile(join(folder, KEYS), pem.join(''));
}

interface Ports {
  readonly port: number;
  /** TLS and SCRAM. */
  readonly secure: number;
  readonly controller: number;
}

const propertiesOf = (folder: string, { port, secure, controller }: Ports): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${secure},` +
      `CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${secure}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name=PLAINTEXT',
    `sasl.enabled.mechanisms=${MECHANISM}`,
    `listener.name.sasl_ssl.${MECHANISM.toLowerCase()}.sasl.jaas.config=` +
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(folder, KEYS)}`,
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
  ].join('\n');

/** Until the broker replies to the client: a port that accepts is not enough after a restart. */
async function listening(port: number, child: ChildProcess, logFile: string): Promise<void> {
  const { Admin } = await import('@platformatic/kafka');
  const replies = async () => {
    const bootstrapBrokers = [`127.0.0.1:${port}`];
    const admin = new Admin({ clientId: 'test', bootstrapBrokers, retries: 0 });
    const isUp = await admin.listTopics().then(
      () => true,
      () => false,
    );
    await admin.close().catch(() => undefined);
    return isUp;
  };
  if (await comesUp(replies, () => child.exitCode !== null, START_MS)) return;
  throw new Error(`the broker did not start:\n${await readFile(logFile, 'utf8')}`);
}
