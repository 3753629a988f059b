/**
 * Purpose: a program that parses SQL by Trino's grammar: a JSON list of statements comes in, a list
 * of what is wrong with each goes out.
 * Invariants: a process of its own, for the parser's package is ES modules without saying so, which
 * tsx reads and Jest does not.
 * Fails: never; what does not parse is in the answer.
 */
import { text } from 'node:stream/consumers';
import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';

const parser = new TrinoSQL();
const statements = JSON.parse(await text(process.stdin)) as string[];
console.log(
  JSON.stringify(statements.map((sql) => parser.validate(sql).map(({ message }) => message))),
);
