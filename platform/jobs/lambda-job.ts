/**
 * Purpose: the image's commands as a Lambda function. Each event runs the command that this entry
 * was started with, in a child process, as a person would (docs/decisions/0004). Any image does:
 * this file speaks Lambda's Runtime API itself.
 *   node --import tsx platform/jobs/lambda-job.ts schedule --only features --once
 *   node --import tsx platform/jobs/lambda-job.ts forecast --shard {shard} with the event {"shard":
 *   "3/8"}
 * Invariants: one event at a time, each answered exactly once: with {"done": command}, or with the
 * error's code and message; the child outlives no event. An event gives values where the command
 * has a {name}, never a flag or another command. Where the function runs out of time, Lambda itself
 * ends all of it.
 * Fails: where there is no Runtime API to ask: this entry is for AWS Lambda alone.
 */

import { describeError, HeadwayError, isHeadwayError } from '../errors.ts';
import { createLogger } from '../telemetry/logger.ts';
import { runChildJob } from './child-job.ts';

const runtimeApi = process.env.AWS_LAMBDA_RUNTIME_API;
const command = process.argv.slice(2);
/** Of an event: nothing that could be taken for a flag. */
const VALUE = /^\w[\w./:-]{0,63}$/;
const logger = createLogger({ level: 'info', pretty: false });

if (runtimeApi === undefined) {
  const fix =
    'Run the command itself with cli/headway.ts; this entry is what a Lambda function starts.';
  process.stderr.write(
    `${describeError(new HeadwayError('USAGE', 'there is no AWS_LAMBDA_RUNTIME_API', { fix }))}\n`,
  );
  process.exitCode = 2;
} else {
  const invocations = `http://${runtimeApi}/2018-06-01/runtime/invocation`;
  // Lambda ends this process: there is no last event.
  for (;;) await respondNext(invocations);
}

async function respondNext(invocations: string): Promise<void> {
  const next = await fetch(`${invocations}/next`);
  const event = await next.text();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  if (!next.ok || id === null)
    throw new HeadwayError('INTERNAL', `Lambda's Runtime API answered ${next.status}`, {
      where: `${invocations}/next`,
    });
  const answer = (kind: 'response' | 'error', body: object) =>
    fetch(`${invocations}/${id}/${kind}`, { method: 'POST', body: JSON.stringify(body) });
  try {
    const args = filled(event);
    await runChildJob({ args, entry: 'cli/headway.ts', logger });
    await answer('response', { done: args.join(' ') });
  } catch (error) {
    logger.error({ err: error, awsRequestId: id }, describeError(error));
    await answer('error', {
      errorType: isHeadwayError(error) ? error.code : 'INTERNAL',
      errorMessage: describeError(error),
    });
  }
}

/** The command with what the event says in place of each {name}. */
function filled(event: string): string[] {
  return command.map((arg) => {
    const name = /^\{(\w+)\}$/.exec(arg)?.[1];
    if (name === undefined) return arg;
    const value = fieldOf(event, name);
    if (typeof value === 'string' && VALUE.test(value)) return value;
    throw new HeadwayError(
      'USAGE',
      `the event's ${name} is ${JSON.stringify(value) ?? 'missing'}`,
      {
        where: 'the event',
        fix: `Give "${name}" as a string of at most 64 letters, digits and any of . / : _ -, which does not begin with -.`,
      },
    );
  });
}

function fieldOf(event: string, name: string): unknown {
  try {
    const fields: unknown = JSON.parse(event);
    return typeof fields === 'object' && fields !== null && Object.hasOwn(fields, name)
      ? (fields as Record<string, unknown>)[name]
      : undefined;
  } catch (cause) {
    throw new HeadwayError('USAGE', 'the event is not JSON', { where: 'the event', cause });
  }
}
