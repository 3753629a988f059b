/**
 * Purpose: which version wins when, of whatever files a snapshot is made of: against a search
 * through every segment at every moment.
 * Invariants: pure; packs come before objects, and the segments of a pack are in their order, as a
 * commit and a compaction leave them.
 * Fails: with the files for which the two differ.
 */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DataFile, isPack } from '../../../../../storage/features/manifest.ts';
import {
  lastRank,
  winningSpans,
} from '../../../../../storage/features/reading/version-coverage.ts';
import type { SegmentIndex } from '../../../../../storage/features/segments/segment-index.ts';
import { coveredBy } from '../../../../../storage/features/time-spans.ts';

const LAST = 14;

interface ResolvedSpan {
  readonly span: { readonly start: number; readonly end: number };
  readonly availableAt: number;
}

const version = fc
  .record({
    start: fc.integer({ min: 0, max: LAST - 1 }),
    length: fc.integer({ min: 1, max: 4 }),
    availableAt: fc.integer({ min: 0, max: 5 }),
  })
  .map(
    ({ start, length, availableAt }): ResolvedSpan => ({
      span: { start, end: start + length },
      availableAt,
    }),
  );

const snapshots = fc
  .record({
    packs: fc.array(fc.array(version, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
    objects: fc.array(version, { maxLength: 4 }),
  })
  .map(({ packs, objects }) => {
    const tables = new Map<string, SegmentIndex>();
    const made = packs.map((given, number) => {
      const segments = [...given].sort((a, b) => a.availableAt - b.availableAt);
      const key = `pack ${number}`;
      tables.set(key, {
        segments,
        firsts: new Map(),
        covered: coveredBy(segments.map(({ span }) => span)),
      } as unknown as SegmentIndex);
      const span = {
        start: Math.min(...segments.map((one) => one.span.start)),
        end: Math.max(...segments.map((one) => one.span.end)),
      };
      return {
        key,
        span,
        availableAt: segments.at(-1)?.availableAt,
        segments: { count: segments.length },
      };
    });
    const files = [
      ...made,
      ...objects.map((object, number) => ({ key: `object ${number}`, ...object })),
    ];
    return { files: files as unknown as DataFile[], tables };
  });

const segmentsOf = (
  file: DataFile,
  tables: ReadonlyMap<string, SegmentIndex>,
): readonly ResolvedSpan[] =>
  isPack(file) ? (tables.get(file.key) as SegmentIndex).segments : [file];

const covers = ({ span }: ResolvedSpan, t: number): boolean => span.start <= t && t < span.end;

describe('winning versions', () => {
  test.each([
    ['all versions', () => Number.POSITIVE_INFINITY] as const,
    ['versions known at a time', (at: number) => at] as const,
  ])('%s: every instant has the segment that a linear search finds', (_name, known) => {
    fc.assert(
      fc.property(snapshots, fc.integer({ min: 0, max: 5 }), ({ files, tables }, at) => {
        const knownAt = known(at);
        const segments = winningSpans(files, tables, knownAt);
        for (let t = 0; t <= LAST + 4; t++) {
          // The latest known; of equals the one in the later file, and there the later segment.
          let winner: { file: DataFile; rank: number; availableAt: number } | null = null;
          for (const file of files) {
            for (const [rank, segment] of segmentsOf(file, tables).entries()) {
              const { availableAt } = segment;
              if (
                !covers(segment, t) ||
                availableAt > knownAt ||
                (winner && availableAt < winner.availableAt)
              )
                continue;
              winner = { file, rank, availableAt };
            }
          }
          const speaking = segments.filter(({ start, end }) => start <= t && t < end);
          expect(speaking.map(({ file }) => file.key)).toEqual(winner ? [winner.file.key] : []);
          const [segment] = speaking;
          if (!segment || !winner) continue;
          // Rows that are valid at a rank are those of the last segment up to it that covers the
          // moment.
          expect(segment.rank).toBeLessThanOrEqual(lastRank(segment.file));
          const upTo = segmentsOf(segment.file, tables).slice(0, segment.rank + 1);
          expect(upTo.findLastIndex((segment) => covers(segment, t))).toBe(winner.rank);
        }
        for (const [i, { start, file, rank }] of segments.entries()) {
          const before = segments[i - 1];
          if (!before) continue;
          expect(before.end).toBeLessThanOrEqual(start);
          // else one segment would do
          expect(before.end === start && before.file === file && before.rank === rank).toBe(false);
        }
      }),
    );
  });

  test('merges a history of hourly parts in one file into one segment', () => {
    const hours = Array.from({ length: 1000 }, (_, hour) => ({
      span: { start: hour, end: hour + 1 },
      availableAt: hour,
    }));
    const covered = coveredBy(hours.map(({ span }) => span));
    const pack = {
      key: 'p',
      span: { start: 0, end: 1000 },
      availableAt: 999,
      segments: { count: 1000 },
    } as unknown as DataFile;
    const table = { segments: hours, firsts: new Map(), covered } as unknown as SegmentIndex;
    expect(winningSpans([pack], new Map([['p', table]]))).toEqual([
      { start: 0, end: 1000, file: pack, rank: 999 },
    ]);
  });
});
