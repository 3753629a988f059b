/**
 * Purpose: entry of the command line. The only place that passes the process's arguments and
 * environment to the program, and that handles uncaught errors.
 * Invariants: results go to standard output, everything else to standard error; each error code has
 * its exit status. A log that cannot be written does not end the process; output that cannot be
 * written makes the exit status an error, and a service continues until it is stopped.
 * Fails: with one line: the error, where it is and the fix (platform/errors.ts).
 */

import { HeadwayError } from '../platform/errors.ts';
import { endOnSignals } from '../platform/jobs/stop-signal.ts';
import { handleUncaughtErrors } from '../platform/jobs/uncaught-errors.ts';
import { main, reportError } from './main.ts';

const args = process.argv.slice(2);
const fail = (error: unknown) => reportError(error, process.env);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `headway panel export | head`: a closed pipe ends the program, as usual (128 + SIGPIPE).
  if (error.code === 'EPIPE') process.exit(141);
  const code = error.code === 'ENOSPC' ? 'STORE_FULL' : 'INTERNAL';
  const message = `standard output cannot be written: ${error.message}`;
  process.exitCode = fail(
    new HeadwayError(code, message, { fix: 'Free disk space, or write to another place.' }),
  );
});
// The log and progress go there: a run does not depend on them.
process.stderr.on('error', () => {});

const isService = ['serve', 'start', 'schedule'].includes(args[0] ?? '');
const logging = isService ? await import('../platform/telemetry/logger.ts') : null;
const logger = logging?.createLogger({ level: 'error', pretty: false }) ?? null;
handleUncaughtErrors({ logger, fail });

if (process.pid === 1) endOnSignals(process);

// The AWS SDK is pinned: its warning about future Node versions is of no use to users.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await main(args, process.env);
// A service that has stopped waits for nothing more, such as a request to a store that hangs.
if (isService) process.exit();
