/**
 * Purpose: `npm run deploy`, `npm run diff` and `npm run destroy`: the CDK's command line with this
 * app's stacks and parameters.
 * Invariants: works on cdk.out/ as `npm run synth` has just made it; only stacks of the environment
 * that is named are touched; destroying first names all it removes and keeps, and goes on only when
 * the environment's name is typed.
 * Fails: with exit status 2 and the usage for a wrong word, 1 where it was not confirmed, else with
 * the CDK's own.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Configuration, ENVIRONMENTS, type EnvironmentName } from './configuration.ts';
import { environments } from './environments.ts';
import { describeTeardown, type Template, teardownOf } from './teardown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VERBS = ['deploy', 'diff', 'destroy'] as const;
const USAGE = `npm run deploy  -- ENVIRONMENT [--only STACK,STACK] [--image TAG] [--yes]
npm run diff    -- ENVIRONMENT [--only STACK,STACK]
npm run destroy -- ENVIRONMENT [--list]

ENVIRONMENT is ${ENVIRONMENTS.join(' or ')}; infra/aws/environments.ts says what it is.
--only   stacks by their last word: data, network, features, training, batch, stream,
         inference, monitoring, delivery
--image  the tag that was pushed; without it the one that is running stays
--yes    do not ask before permissions are widened
--list   say what would be removed and kept, and end
docs/deploy.md has the end-to-end run.`;

export interface Request {
  readonly verb: (typeof VERBS)[number];
  readonly environment: EnvironmentName;
  readonly only: readonly string[] | null;
  readonly image: string | null;
  readonly yes: boolean;
  readonly list: boolean;
}

/** @returns null where the usage is to be shown */
export function parseRequest(args: readonly string[]): Request | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { only: text, image: text, yes: flag, list: flag, help: flag },
    });
    const verb = VERBS.find((known) => known === positionals[0]);
    const environment = ENVIRONMENTS.find((known) => known === positionals[1]);
    if (verb === undefined || environment === undefined || positionals.length > 2 || values.help)
      return null;
    const { only, image, yes, list } = values;
    return {
      verb,
      environment,
      only: only?.split(',') ?? null,
      image: image ?? null,
      yes,
      list,
    };
  } catch {
    return null;
  }
}

const optionalStacks = (configuration: Configuration): string[] =>
  (['batch', 'stream'] as const).filter((name) => configuration[name] !== null);

/**
 * The CDK's arguments.
 * @param optional those of the optional stacks with an image that the environment has
 */
export function cdkArguments(
  { verb, environment, only, image, yes }: Request,
  optional = optionalStacks(environments[environment]),
): string[] {
  const stacks =
    only === null
      ? [`headway-${environment}-*`]
      : only.map((stack) => `headway-${environment}-${stack}`);
  const parameter = (stack: string, name: string, value: string) => [
    '--parameters',
    `headway-${environment}-${stack}:${name}=${value}`,
  ];
  const withImage = ['features', 'training', 'monitoring', ...optional];
  const isSelected = (stack: string) => only === null || only.includes(stack);
  const given =
    verb === 'deploy'
      ? [
          ...(image === null
            ? []
            : withImage.filter(isSelected).flatMap((stack) => parameter(stack, 'ImageTag', image))),
          ...['--require-approval', yes ? 'never' : 'broadening'],
        ]
      : [];
  // Compared by the role that may only look.
  const method = verb === 'diff' ? ['--method', 'template'] : [];
  // What is asked is asked here, with all that goes; the CDK would only name the stacks.
  const force = verb === 'destroy' ? ['--force'] : [];
  // Only what was named: the CDK would take with it every stack that a named one rests on.
  const exclusively = verb === 'deploy' && only !== null ? ['--exclusively'] : [];
  return [verb, '--app', 'cdk.out', ...stacks, ...given, ...method, ...force, ...exclusively];
}

function templatesOf(environment: string): Record<string, Template> {
  const beginning = `headway-${environment}-`;
  const files = readdirSync(join(ROOT, 'cdk.out')).filter(
    (file) => file.startsWith(beginning) && file.endsWith('.template.json'),
  );
  return Object.fromEntries(
    files.map((file) => [
      file.replace('.template.json', ''),
      JSON.parse(readFileSync(join(ROOT, 'cdk.out', file), 'utf8')) as Template,
    ]),
  );
}

async function isConfirmed(environment: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (
      (
        await terminal.question(`Type ${environment} to remove all that is listed first: `)
      ).trim() === environment
    );
  } finally {
    terminal.close();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const request = parseRequest(args);
  if (request === null) {
    console.error(USAGE);
    return args.includes('--help') ? 0 : 2;
  }
  if (request.verb === 'destroy') {
    console.log(
      describeTeardown(request.environment, teardownOf(templatesOf(request.environment))),
    );
    if (request.list) return 0;
    if (!(await isConfirmed(request.environment))) {
      console.log('Nothing was removed.');
      return 1;
    }
  }
  const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const { status } = spawnSync(process.execPath, [cdk, ...cdkArguments(request)], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
