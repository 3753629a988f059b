/**
 * Purpose: the command line in a process that stays, for the many commands of a test: loading costs
 * seconds, a command does not. Reads {"args", "env"} as one line of JSON, runs `main` as headway.ts
 * does, and answers with one line: exit status and output.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { main } from '../../../cli/main.ts';

/** Collects what is written to a stream until it is asked for. */
function collect(stream: NodeJS.WriteStream): () => string {
  let text = '';
  stream.write = ((chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return true;
  }) as typeof stream.write;
  return () => {
    const all = text;
    text = '';
    return all;
  };
}

const [takeOutput, takeErrors] = [collect(process.stdout), collect(process.stderr)];
for await (const line of createInterface({ input: process.stdin })) {
  const { args, env } = JSON.parse(line) as { args: string[]; env: Record<string, string> };
  process.exitCode = 0;
  const code = await main(args, env);
  process.exitCode = 0;
  const answer = `${JSON.stringify({ code, signal: null, stdout: takeOutput(), stderr: takeErrors() })}\n`;
  // A pipe takes as much as it has room for.
  for (let rest = Buffer.from(answer); rest.length > 0; ) rest = rest.subarray(writeSome(rest));
}

function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
