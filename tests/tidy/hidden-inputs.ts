/**
 * Purpose: finds what would make a run impossible to replay: asking the clock, drawing random
 * numbers, waiting, and reading the environment, anywhere but in `platform/`.
 * Invariants: reads the syntax tree, so that comments and strings do not count. `new Date(ms)` is
 * formatting and is fine; `randomUUID` makes a name that nobody else has, no number of a result
 * depends on it, and is fine.
 * Fails: never.
 */
import ts from 'typescript';
import { isTypeScript, isUnder, type SourceFile, type Violation } from './source-tree.ts';

const CLOCK =
  'Take a Clock (platform/clock.ts) as an argument and call now() or, for durations, elapsedMs()';
const RANDOM = 'Take a seed and use seededRandom(seedFrom(…)) of platform/random.ts';
const TIMER = 'Use sleep or repeat of platform/timers.ts, or take a Sleep as an argument';
const SETTINGS = 'Take the value from Settings (platform/settings/settings.ts) as an argument';

const MENDS: Record<string, string> = {
  'Date.now': CLOCK,
  'new Date()': CLOCK,
  'Date()': CLOCK,
  'performance.now': CLOCK,
  'performance.timeOrigin': CLOCK,
  'process.hrtime': CLOCK,
  'process.uptime': CLOCK,
  'Temporal.Now': CLOCK,
  'Math.random': RANDOM,
  randomBytes: RANDOM,
  randomInt: RANDOM,
  getRandomValues: RANDOM,
  setTimeout: TIMER,
  setInterval: TIMER,
  'node:timers': TIMER,
  'node:timers/promises': TIMER,
  'process.env': SETTINGS,
};

/** docs/client is copied into programs of other people, and imports nothing of ours. */
const FREE = ['platform', 'tests', 'clients'];

/**
 * `cli/headway.ts` and `infra/lambda/entry.ts` hand the environment to readSettings; the AWS app is deployed by
 * people whose account is in theirs.
 */
const mayReadEnvironment = (path: string): boolean =>
  path === 'cli/headway.ts' || path === 'infra/lambda/entry.ts' || isUnder(path, 'infra');

export function hiddenInputs(file: SourceFile): Violation[] {
  if (!isTypeScript(file) || isUnder(file.path, ...FREE)) return [];
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const violations: Violation[] = [];
  const visit = (node: ts.Node) => {
    const name = nameOf(node);
    const fix = name === null ? undefined : MENDS[name];
    if (fix !== undefined && !(name === 'process.env' && mayReadEnvironment(file.path))) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      violations.push({ path: file.path, line, problem: `${name} outside platform/`, fix });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return violations;
}

/** The name under which MENDS may list this piece of syntax. */
function nameOf(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) return propertyName(node);
  if (ts.isNewExpression(node))
    return isNamed(node.expression, 'Date') && !node.arguments?.length ? 'new Date()' : null;
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression))
    return node.expression.text === 'Date' ? 'Date()' : node.expression.text;
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return node.moduleSpecifier.text;
  return null;
}

function propertyName({ expression, name }: ts.PropertyAccessExpression): string {
  const bare = name.text;
  if (isNamed(expression, 'globalThis') || isNamed(expression, 'crypto')) return bare;
  if (ts.isPropertyAccessExpression(expression) && isNamed(expression.expression, 'globalThis'))
    return `${expression.name.text}.${bare}`;
  return ts.isIdentifier(expression) ? `${expression.text}.${bare}` : '';
}

const isNamed = (node: ts.Node, name: string): boolean =>
  ts.isIdentifier(node) && node.text === name;
