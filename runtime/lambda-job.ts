/**
 * Purpose: the image's commands as a Lambda function. Each event runs the command that this entry was started with, in a child process, as
 * a person would (docs/decisions/0004). Any image does: this file speaks Lambda's Runtime API itself.
 *   node --import tsx runtime/lambda-job.ts schedule --only features --once
 * Invariants: one event at a time, each answered exactly once: with {"done": command}, or with the error's code and message; the child
 * outlives no event. Where the function runs out of time, Lambda itself ends all of it.
 * Fails: where there is no Runtime API to ask: this entry is for AWS Lambda alone.
 */
import { runChildJob } from './child-job.ts';
import { describeError, HeadwayError, isHeadwayError } from './errors.ts';
import { createLogger } from './logger.ts';

const runtimeApi = process.env.AWS_LAMBDA_RUNTIME_API;
const args = process.argv.slice(2);
const logger = createLogger({ level: 'info', pretty: false });

if (runtimeApi === undefined) {
  const fix = 'Run the command itself with headway.ts; this entry is what a Lambda function starts.';
  process.stderr.write(`${describeError(new HeadwayError('USAGE', 'there is no AWS_LAMBDA_RUNTIME_API', { fix }))}\n`);
  process.exitCode = 2;
} else {
  const invocations = `http://${runtimeApi}/2018-06-01/runtime/invocation`;
  // Lambda ends this process: there is no last event.
  for (;;) await answerNext(invocations);
}

async function answerNext(invocations: string): Promise<void> {
  const next = await fetch(`${invocations}/next`);
  await next.arrayBuffer();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  if (!next.ok || id === null)
    throw new HeadwayError('INTERNAL', `Lambda's Runtime API answered ${next.status}`, { where: `${invocations}/next` });
  const answer = (kind: 'response' | 'error', body: object) =>
    fetch(`${invocations}/${id}/${kind}`, { method: 'POST', body: JSON.stringify(body) });
  try {
    await runChildJob({ args, entry: 'headway.ts', logger });
    await answer('response', { done: args.join(' ') });
  } catch (error) {
    logger.error({ err: error, awsRequestId: id }, describeError(error));
    await answer('error', {
      errorType: isHeadwayError(error) ? error.code : 'INTERNAL',
      errorMessage: describeError(error),
    });
  }
}
