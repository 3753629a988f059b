/**
 * Purpose: the duplicate check: which rows of a part repeat an earlier row, as a table that the
 * counting of events subtracts.
 * Invariants: rows are compared by the duplicate key itself and among usable rows only; a row that
 * lacks a column of its key is not a duplicate. Of rows with one key and several intervals or
 * series, the first of these counts. A hash narrows the rows down to duplicate candidates; the
 * engine partitions the hashes and spills, so memory is capped.
 * Fails: never; the statements may.
 */
import type { RawRows } from '../../../domains/domain.ts';
import { hasKeySql } from './interval-rules.ts';

/**
 * Statements that make `hw_again` (series, hw_interval, again): how many rows of a series and
 * interval are duplicates.
 * @param judged SQL of a relation's rows with their `hw_interval`
 * @param series SQL of a judged row's series, named `series`
 */
export function duplicateStatements(
  { relation, duplicateKey }: RawRows,
  judged: (relation: string) => string,
  series: string,
): string[] {
  const hash = `hash(${duplicateKey.join(', ')})`;
  const names = duplicateKey.map((_, index) => `k${index}`);
  const key = duplicateKey.map((column, index) => `${column} AS ${names[index]}`);
  const hasKey = hasKeySql(duplicateKey);
  const candidates =
    `(SELECT * FROM ${relation} WHERE ${hash} IN (SELECT candidate FROM hw_candidates) ` +
    `AND ${hasKey})`;
  const isNotNull = duplicateKey.map((column) => `(${column}) IS NOT NULL`).join(' AND ');
  return [
    `CREATE TEMP TABLE hw_candidates AS
     SELECT ${hash} AS candidate FROM ${relation} WHERE ${isNotNull}
     GROUP BY candidate HAVING count(*) > 1`,
    // Only candidates are judged: the reasons and the key of every row would be the most expensive.
    `CREATE TEMP TABLE hw_rows AS
     SELECT ${series}, hw_interval, ${key.join(', ')}, count(*) AS n
     FROM ${judged(candidates)} GROUP BY ALL`,
    `CREATE TEMP TABLE hw_again AS
     SELECT series, hw_interval, sum(n - is_first)::BIGINT AS again
     FROM (
       SELECT *, (row_number() OVER (
         PARTITION BY ${names.join(', ')} ORDER BY hw_interval, series) = 1)::BIGINT AS is_first
       FROM hw_rows WHERE hw_interval >= 0
     ) GROUP BY ALL`,
  ];
}
