/**
 * Purpose: the command line's entry. The only place that hands the process's arguments and
 * environment to the program.
 * Invariants: results go to standard output, everything else to standard error; the exit status is
 * the error's own.
 * Fails: with one line that says what was wrong, where, and what to do (runtime/errors.ts).
 */
import { main } from './cli/main.ts';

// `headway panel export | head`: a reader that has gone ends the program, as it would end any other
// (128 + SIGPIPE).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

// The AWS SDK is pinned: what it will want next year is no news to whoever runs this.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await main(process.argv.slice(2), process.env);
