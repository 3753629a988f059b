/**
 * Purpose: the thread of an ONNX session (session.ts): loads onnxruntime-node and runs one graph.
 * Invariants: every message gets one reply, and the waiting thread is woken after it is sent.
 * Fails: never; an error of the library is a reply.
 */
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

const { port, done, library } = workerData;
let onnx = null;
let session = null;

async function open(graph) {
  // One thread: the sum of products has one order, and the same inputs give the same bits.
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
  // Loaded here, so that a library which does not fit this machine is a reply too.
  onnx = createRequire(import.meta.url)(library);
  session = await onnx.InferenceSession.create(graph, options);
  return { inputNames: session.inputNames, outputNames: session.outputNames };
}

async function run({ inputs, outputs }) {
  const feeds = Object.fromEntries(
    // The type of an array is the type of its tensor.
    Object.entries(inputs).map(([name, { shape, values }]) => [
      name,
      new onnx.Tensor(values, shape),
    ]),
  );
  const results = await session.run(feeds, outputs);
  return outputs.map((name) => ({
    shape: results[name].dims,
    values: Float32Array.from(results[name].data, Number),
  }));
}

port.on('message', async (message) => {
  const reply = await (message.graph ? open(message.graph) : run(message)).then(
    (result) => ({ result }),
    (error) => ({ problem: String(error?.message ?? error) }),
  );
  port.postMessage(reply);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
});
