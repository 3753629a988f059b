/**
 * Purpose: what AWS's own Node runtime does around a handler, for tests and benches: load it, ask
 * the Runtime API for invocations, respond.
 * Invariants: knows nothing of Headway; the handler is loaded as an ES module from
 * LAMBDA_TASK_ROOT, by the name in _HANDLER; invocations come one after another.
 * Fails: what the handler's module throws goes to /init/error, and the process ends with status 1;
 * what it rejects with, to /error.
 */
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
    const asked = request(url, { method, agent }, async (reply) => {
      const blocks = [];
      for await (const block of reply) blocks.push(block);
      resolve({ headers: reply.headers, text: Buffer.concat(blocks).toString() });
    });
    asked.on('error', reject);
    asked.end(body);
  });

const reported = (error) =>
  JSON.stringify({
    errorType: error?.name,
    errorMessage: error?.message,
    trace: [String(error?.stack)],
  });

let handler;
try {
  const [file, name] = _HANDLER.split('.');
  const module = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)));
  handler = module[name];
  if (typeof handler !== 'function') throw new TypeError(`${_HANDLER} is no function`);
} catch (error) {
  await call('POST', 'init/error', reported(error));
  process.exit(1);
}

for (;;) {
  const { headers, text } = await call('GET', 'invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const context = {
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    callbackWaitsForEmptyEventLoop: true,
  };
  try {
    await call(
      'POST',
      `invocation/${id}/response`,
      JSON.stringify(await handler(JSON.parse(text), context)),
    );
  } catch (error) {
    await call('POST', `invocation/${id}/error`, reported(error));
  }
}
