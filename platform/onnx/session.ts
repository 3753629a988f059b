/**
 * Purpose: run an ONNX graph, and wait for it: onnxruntime-node in a thread, because its own calls
 * are asynchronous and a Forecaster is not.
 * Invariants: onnxruntime-node is loaded by the first session, never by an import; one call at a
 * time; the thread keeps no process alive.
 * Fails: PACKAGE_MISSING where onnxruntime-node is not installed; MODEL_INCOMPATIBLE with the
 * library's message where it refuses the graph or an input, or gives no reply in time; every later
 * call then fails, as its reply might be the one that came late.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { HeadwayError } from '../errors.ts';
import { requireOptional } from '../optional-package.ts';

export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | BigInt64Array;
}

export interface OnnxOutput {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @returns the outputs that were asked for, in that order, as floats */
  run(inputs: Readonly<Record<string, OnnxTensor>>, outputs: readonly string[]): OnnxOutput[];
  close(): Promise<void>;
}

const onnxRuntime = () => requireOptional('onnxruntime-node', 'a model that is an ONNX graph');

/** A plain module: the TypeScript loader does not reach threads on Node 20. */
const THREAD = new URL('./session-thread.mjs', import.meta.url);
/** A graph that takes longer is stuck. */
const TIMEOUT_MS = 300_000;

export interface OnnxOptions {
  /** The module that runs graphs, by its path; onnxruntime-node where absent. */
  readonly library?: string;
  /** Of a run. */
  readonly timeoutMs?: number;
}

/** @param where names the graph in errors */
export function openOnnxSession(
  graph: Uint8Array,
  where: string,
  { library = onnxRuntime(), timeoutMs = TIMEOUT_MS }: OnnxOptions = {},
): OnnxSession {
  const { port1: port, port2 } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, {
    workerData: { port: port2, done, library },
    transferList: [port2],
    execArgv: [],
  });
  // Nobody waits for an error of the thread but a call, which gets no reply.
  thread.on('error', () => undefined);
  thread.unref();
  port.unref();

  let isStuck = false;
  const refused = (problem: string): HeadwayError =>
    new HeadwayError('MODEL_INCOMPATIBLE', `onnxruntime refuses the graph: ${problem}`, {
      where,
      fix: 'Check the graph and its card in Python with `onnx.checker` and onnxruntime.',
    });

  function call<Result>(message: object, limitMs: number): Result {
    if (isStuck) throw refused('an earlier call got no reply');
    Atomics.store(done, 0, 0);
    port.postMessage(message);
    const outcome = Atomics.wait(done, 0, 0, limitMs);
    const reply = receiveMessageOnPort(port)?.message as
      | { readonly result: Result }
      | { readonly problem: string }
      | undefined;
    if (reply !== undefined && 'result' in reply) return reply.result;
    isStuck = reply === undefined;
    if (isStuck) void thread.terminate();
    throw refused(reply?.problem ?? `no reply (${outcome})`);
  }

  const names = call<Pick<OnnxSession, 'inputNames' | 'outputNames'>>({ graph }, TIMEOUT_MS);
  return {
    ...names,
    run: (inputs, outputs) => call<OnnxOutput[]>({ inputs, outputs }, timeoutMs),
    async close() {
      port.close();
      await thread.terminate();
    },
  };
}
