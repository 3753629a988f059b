/**
 * Purpose: read all partitions to their end, or until enough is gathered, and judge every record.
 * Invariants: of each partition next − first = used + rejected + markers + gaps. `completeTo` is
 * set from what was known to be published before the partition was found empty, never after.
 * Fails: as the event log does.
 */
import type { StreamFormat } from '../../domains/domain.ts';
import type { EventBatch, EventLog } from '../../platform/streams/event-log.ts';
import type { PartitionRange } from '../../storage/streams/stream-log.ts';
import { judgeRecord } from './judge-record.ts';
import { SegmentRows } from './segment-file.ts';
import type { PartitionStart, Start } from './start.ts';

/** Memory of one landing: values of about so many bytes. */
const MAX_BYTES = 128 << 20;

export interface Gathered {
  readonly partitions: readonly PartitionRange[];
  readonly rows: SegmentRows;
  readonly hours: ReadonlyMap<number, number>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly published: number | null;
  readonly begins: number | null;
  /** Whether all partitions were read to their end twice. */
  readonly isCaughtUp: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What is read, and how it is judged. */
export interface GatherOptions {
  readonly events: Pick<EventLog, 'read'>;
  readonly format: Pick<StreamFormat, 'eventTime'>;
  /** Records that were published later than this after their event are dead letters. */
  readonly maxLateMs: number;
  /** An entry holds as many records at most. */
  readonly maxRecords: number;
}

/**
 * Twice to the end of every partition: the second time it is known what was published elsewhere
 * before. A third time would find more in a topic that is written all the time.
 */
export async function gather(options: GatherOptions, start: Start): Promise<Gathered> {
  const found = new Gathering(options, start);
  const isAtEnd = (await readToEnd(options, found)) && (await readToEnd(options, found));
  return found.result(isAtEnd);
}

/** Reads the partitions in turn, each until it is at its end; false where that is too much. */
async function readToEnd(
  { events }: Pick<GatherOptions, 'events'>,
  found: Gathering,
): Promise<boolean> {
  const open = new Set(found.partitions.keys());
  while (open.size > 0) {
    for (const partition of open) {
      if (found.isFull) return false;
      const known = found.published;
      const batch = await events.read(partition, found.next(partition), found.room);
      found.add(partition, batch);
      if (!batch.isCaughtUp) continue;
      found.complete(partition, known);
      open.delete(partition);
    }
  }
  return true;
}

class Gathering {
  readonly #options: Pick<GatherOptions, 'format' | 'maxLateMs' | 'maxRecords'>;
  readonly #ranges: Mutable<PartitionRange>[];
  readonly #rows = new SegmentRows();
  readonly #hours = new Map<number, number>();
  readonly #reasons: Record<string, number> = {};
  readonly #begins: number | null;
  #oldest = Number.POSITIVE_INFINITY;
  #bytes = 0;
  published: number | null;

  constructor(options: GatherOptions, start: Start) {
    this.#options = options;
    this.#ranges = start.partitions.map(emptyRange);
    this.published = start.published;
    this.#begins = start.begins;
  }

  get isFull(): boolean {
    return this.room <= 0 || this.#bytes >= MAX_BYTES;
  }

  /** How many records fit in. */
  get room(): number {
    return this.#options.maxRecords - this.#rows.length;
  }

  next(partition: number): number {
    return this.#range(partition).next;
  }

  #range(partition: number): Mutable<PartitionRange> {
    return this.#ranges[partition] as Mutable<PartitionRange>;
  }

  get partitions(): readonly PartitionRange[] {
    return this.#ranges;
  }

  add(partition: number, { records, next, markers }: EventBatch): void {
    const range = this.#range(partition);
    const passed = next - range.next;
    for (const record of records) this.#addRecord(partition, range, record);
    range.markers += markers;
    // Aborted, compacted: offsets that no reader is given.
    range.gaps += passed - records.length - markers;
    range.next = next;
  }

  #addRecord(
    partition: number,
    range: Mutable<PartitionRange>,
    record: EventBatch['records'][number],
  ): void {
    const judged = judgeRecord(record, this.#options.format, this.#options.maxLateMs);
    const { offset, published, value } = record;
    const rows = this.#rows;
    rows.partition.push(partition);
    rows.offset.push(offset);
    rows.published.push(published);
    this.#bytes += value?.length ?? 0;
    if ('reason' in judged) {
      range.rejected++;
      this.#reasons[judged.reason] = (this.#reasons[judged.reason] ?? 0) + 1;
      rows.hour.push(null);
      rows.event.push(null);
      rows.reason.push(judged.reason);
      rows.evidence.push(value);
      return;
    }
    range.used++;
    const { hour, event } = judged;
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + 1);
    // A device whose clock is ahead moves no watermark ahead.
    const time = Math.min(judged.eventTime, published);
    range.eventTime = Math.max(range.eventTime ?? time, time);
    this.published = Math.max(this.published ?? published, published);
    this.#oldest = Math.min(this.#oldest, published);
    rows.hour.push(hour);
    rows.event.push(event);
    rows.reason.push(null);
    rows.evidence.push(null);
  }

  complete(partition: number, known: number | null): void {
    const range = this.#range(partition);
    if (known !== null) range.completeTo = Math.max(range.completeTo ?? known, known);
  }

  result(isCaughtUp: boolean): Gathered {
    const begins = this.#begins ?? (Number.isFinite(this.#oldest) ? this.#oldest : null);
    return {
      ...{ partitions: this.#ranges, rows: this.#rows, hours: this.#hours },
      ...{ reasons: this.#reasons, published: this.published, begins, isCaughtUp },
    };
  }
}

const emptyRange = (start: PartitionStart): Mutable<PartitionRange> => ({
  ...{ first: start.first, next: start.from, used: 0, rejected: 0, markers: 0 },
  ...{ gaps: start.from - start.first, lost: start.from - start.first },
  ...{ eventTime: start.eventTime, completeTo: start.completeTo },
});
