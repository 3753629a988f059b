/**
 * Purpose: runs the commands of the image as a Lambda function. Each event runs the command that
 * this entry was started with, in a child process (docs/decisions/0004). Any base image works: this
 * file is a client of Lambda's Runtime API.
 *   node --import tsx platform/jobs/lambda-job.ts schedule --only features --once
 *   node --import tsx platform/jobs/lambda-job.ts forecast --shard {shard} with the event {"shard":
 *   "3/8"}
 * Invariants: one event at a time, each with exactly one response: {"done": command}, or the
 * error's code and message; the child ends with its event. An event gives values where the command
 * has a {name}, never a flag or another command. At its time limit Lambda ends all of it.
 * Fails: where there is no Runtime API: this entry is for AWS Lambda only.
 */

import { describeError, HeadwayError, isHeadwayError } from '../errors.ts';
import { createLogger } from '../telemetry/logger.ts';
import { runChildJob } from './child-job.ts';

const runtimeApi = process.env.AWS_LAMBDA_RUNTIME_API;
const command = process.argv.slice(2);
/** A value of an event; it cannot look like a flag. */
const VALUE = /^\w[\w./:-]{0,63}$/;
const logger = createLogger({ level: 'info', pretty: false });

if (runtimeApi === undefined) {
  const fix = 'Run the command with cli/headway.ts; this entry is for a Lambda function.';
  process.stderr.write(
    `${describeError(new HeadwayError('USAGE', 'there is no AWS_LAMBDA_RUNTIME_API', { fix }))}\n`,
  );
  process.exitCode = 2;
} else {
  const invocations = `http://${runtimeApi}/2018-06-01/runtime/invocation`;
  // Lambda ends this process.
  for (;;) await respondNext(invocations);
}

async function respondNext(invocations: string): Promise<void> {
  const next = await fetch(`${invocations}/next`);
  const event = await next.text();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  if (!next.ok || id === null)
    throw new HeadwayError('INTERNAL', `Lambda's Runtime API returned ${next.status}`, {
      where: `${invocations}/next`,
    });
  const respond = (kind: 'response' | 'error', body: object) =>
    fetch(`${invocations}/${id}/${kind}`, { method: 'POST', body: JSON.stringify(body) });
  try {
    const args = filled(event);
    await runChildJob({ args, entry: 'cli/headway.ts', logger });
    await respond('response', { done: args.join(' ') });
  } catch (error) {
    logger.error({ err: error, awsRequestId: id }, describeError(error));
    await respond('error', {
      errorType: isHeadwayError(error) ? error.code : 'INTERNAL',
      errorMessage: describeError(error),
    });
  }
}

/** The command with the event's value in place of each {name}. */
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
        fix: `Set "${name}" to at most 64 letters, digits or . / : _ -, not beginning with -.`,
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
