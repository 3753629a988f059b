/**
 * Purpose: the command line's entry. The only place that hands the process's arguments and
 * environment to the program, and that decides what an uncaught error does.
 * Invariants: results go to standard output, everything else to standard error; the exit status is
 * the error's own. A log that cannot be written ends nothing; output that cannot be written makes
 * the exit status an error, and a service goes on until then.
 * Fails: with one line that says what was wrong, where, and what to do (platform/errors.ts).
 */

import { HeadwayError } from '../platform/errors.ts';
import { handleUncaughtErrors } from '../platform/jobs/uncaught-errors.ts';
import { main, reportError } from './main.ts';

const args = process.argv.slice(2);
const fail = (error: unknown) => reportError(error, process.env);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `headway panel export | head`: a reader that has gone ends the program, as it would end any
  // other (128 + SIGPIPE).
  if (error.code === 'EPIPE') process.exit(141);
  const code = error.code === 'ENOSPC' ? 'STORE_FULL' : 'INTERNAL';
  const message = `standard output cannot be written: ${error.message}`;
  process.exitCode = fail(
    new HeadwayError(code, message, { fix: 'Free disk space, or send it somewhere else.' }),
  );
});
// What goes there is the log and what people read meanwhile: a run does not depend on it.
process.stderr.on('error', () => {});

const isService = ['serve', 'start', 'schedule'].includes(args[0] ?? '');
const logging = isService ? await import('../platform/telemetry/logger.ts') : null;
const logger = logging?.createLogger({ level: 'error', pretty: false }) ?? null;
handleUncaughtErrors({ logger, fail });

// The AWS SDK is pinned: what it will want next year is no news to whoever runs this.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await main(args, process.env);
