/**
 * Purpose: `headway stream status`: what was landed of a topic, with every offset accounted for.
 * Invariants: reads the store only: the brokers need not respond.
 * Fails: SOURCE_NOT_FOUND where nothing was landed; as the stream log does.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { CommandContext } from '../../context.ts';

const COUNTS = ['used', 'rejected', 'markers', 'gaps', 'lost'] as const;

export async function statusCommand(
  context: CommandContext,
  { topic }: { readonly topic: string },
): Promise<void> {
  const entries = await (await context.stream(topic)).entries();
  const head = entries.at(-1);
  if (head === undefined) {
    throw new HeadwayError('SOURCE_NOT_FOUND', `nothing was landed from ${topic}`, {
      where: `streams of the domain ${context.domain.name}`,
      fix: 'Run `headway stream land` first.',
    });
  }
  const partitions = head.partitions.map(({ next, eventTime, completeTo }, partition) => {
    const counts = { used: 0, rejected: 0, markers: 0, gaps: 0, lost: 0 };
    for (const entry of entries)
      for (const name of COUNTS) counts[name] += entry.partitions[partition]?.[name] ?? 0;
    return { partition, next, ...counts, eventTime, completeTo };
  });
  const reasons: Record<string, number> = {};
  for (const entry of entries)
    for (const [reason, n] of Object.entries(entry.reasons))
      reasons[reason] = (reasons[reason] ?? 0) + n;
  const { clusterId, topicId } = head;
  context.print(`${topic}: ${entries.length} entries of cluster ${clusterId}, topic ${topicId}`);
  for (const { partition, next, eventTime, ...counts } of partitions) {
    const newest = eventTime === null ? 'no event' : `newest event ${utcText(eventTime)}`;
    const account = COUNTS.map((name) => `${name} ${counts[name]}`).join(', ');
    context.print(`partition ${partition}: next offset ${next}; ${account}; ${newest}`);
  }
  for (const [reason, n] of Object.entries(reasons)) context.print(`rejected, ${reason}: ${n}`);
  context.printJson({ topic, entries: entries.length, clusterId, topicId, partitions, reasons });
}
