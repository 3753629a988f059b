/**
 * Purpose: finds what makes a run impossible to repeat: the clock, random numbers, timers and the
 * environment, outside `platform/` and, in the browser, `web/data/timers.ts`.
 * Invariants: reads the syntax tree, so that comments and strings do not count. `new Date(ms)` only
 * formats, and no result depends on `randomUUID`: both are allowed.
 */
import ts from 'typescript';
import { isTypeScript, isUnder, type SourceFile, type Violation } from './source-tree.ts';

const CLOCK =
  'Take a Clock (platform/clock.ts) as an argument and call now() or, for durations, elapsedMs()';
const RANDOM = 'Take a seed and use seededRandom(seedFrom(…)) of platform/random.ts';
const TIMER = 'Use sleep or repeat of platform/timers.ts, or take a Sleep as an argument';
const SETTINGS = 'Take the value from Settings (platform/settings/settings.ts) as an argument';

const FIXES: Record<string, string> = {
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

/** Most files hold none of these words: they need not be parsed. */
const MAY_MATCH =
  /Date|performance|hrtime|uptime|Temporal|random|Random|timers|set(Timeout|Interval)|env/;

/** In a browser there is no platform/: one module of the page stands for it. */
const PAGE_TIMERS = 'web/data/timers.ts';

/** The client is copied into other programs, and imports nothing of ours. */
const FREE = ['platform', 'tests', 'clients'];

/**
 * `cli/headway.ts` and `infra/lambda/entry.ts` pass the environment to readSettings; the AWS app
 * reads the account from it.
 */
const mayReadEnvironment = (path: string): boolean =>
  path === 'cli/headway.ts' || path === 'infra/lambda/entry.ts' || isUnder(path, 'infra');

export function hiddenInputs(file: SourceFile): Violation[] {
  if (!isTypeScript(file) || isUnder(file.path, ...FREE) || file.path === PAGE_TIMERS) return [];
  if (!MAY_MATCH.test(file.text)) return [];
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const violations: Violation[] = [];
  const visit = (node: ts.Node) => {
    const name = nameOf(node);
    const fix = name === null ? undefined : FIXES[name];
    if (fix !== undefined && !(name === 'process.env' && mayReadEnvironment(file.path))) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      violations.push({ path: file.path, line, problem: `${name} outside platform/`, fix });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return violations;
}

/** The name under which FIXES may list this node. */
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
