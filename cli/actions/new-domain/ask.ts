/**
 * Purpose: asks what the data do not say.
 * Invariants: a blank reply takes what was guessed; what cannot be is asked again.
 * Fails: USAGE where nobody can reply, with the flags that settle each question, and where the
 * last reply is no or the input ends.
 */
import { createInterface } from 'node:readline/promises';
import type { Doubt, Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { HINT_OF, hintProblem } from './hints.ts';

/** Where a person reads and replies: the process itself. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
}

/** What a person replied; null where nothing is to be guessed again. */
export async function askFor(
  doubts: readonly Doubt[],
  { stdin, stdout }: Terminal = process,
): Promise<Hints | null> {
  if (stdin.isTTY !== true) {
    const flags = doubts.map(({ flag, chosen }) => `${flag} (now: ${chosen})`);
    throw new HeadwayError('USAGE', 'this cannot be confirmed: the input is not a terminal', {
      where: flags.join(', ') || 'new-domain',
      fix: 'Run it again with --yes to accept what is shown, or with the flags that correct it.',
    });
  }
  const terminal = createInterface({ input: stdin, output: stdout });
  // Ctrl-D, or a terminal that is gone: a question would wait for ever.
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  const ask = async (question: string): Promise<string> => {
    const reply = terminal.question(question, { signal: ended.signal });
    return (await reply.catch(() => Promise.reject(notConfirmed()))).trim();
  };
  try {
    const replies: Record<string, string> = {};
    for (const { flag, chosen, why } of doubts) {
      const [name = ''] = flag.split(' ');
      const hint = HINT_OF[name];
      if (hint === undefined) continue;
      for (;;) {
        const reply = await ask(`${name.slice(2)} (${why}) [${chosen}]: `);
        if (reply === '') break;
        const problem = await hintProblem(hint, reply);
        if (problem === null) {
          replies[hint] = reply;
          break;
        }
        stdout.write(`${problem}\n`);
      }
    }
    if (Object.keys(replies).length > 0) return replies as Hints;
    if (/^(y|yes)?$/i.test(await ask('Write this domain? [yes]: '))) return null;
    throw notConfirmed();
  } finally {
    terminal.close();
  }
}

const notConfirmed = (): HeadwayError =>
  new HeadwayError('USAGE', 'nothing was written', {
    fix: 'Run it again with the flags that correct what was shown (--help lists them).',
  });
