/**
 * Purpose: what `npm run destroy` removes and what it keeps, read from the very templates that were
 * deployed.
 * Invariants: every resource of every template is in exactly one of the two lists; what AWS or `cdk
 * bootstrap` made outside the templates is named too, because a bill does not ask who made it.
 * Fails: never.
 */

export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Listed {
  readonly stack: string;
  readonly type: string;
  /** Its path in the app, as people see it in CloudFormation. */
  readonly name: string;
}

export interface Teardown {
  readonly removed: readonly Listed[];
  readonly kept: readonly Listed[];
}

/** @param templates stack → template, of the stacks that are destroyed */
export function teardownOf(templates: Readonly<Record<string, Template>>): Teardown {
  const removed: Listed[] = [];
  const kept: Listed[] = [];
  for (const [stack, { Resources = {} }] of Object.entries(templates))
    for (const [id, { Type, DeletionPolicy, Metadata }] of Object.entries(Resources)) {
      const path = Metadata?.['aws:cdk:path'];
      const name =
        typeof path === 'string' ? path.replace(/^[^/]*\//, '').replace(/\/Resource$/, '') : id;
      (staysBehind(Type, DeletionPolicy) ? kept : removed).push({ stack, type: Type, name });
    }
  return { removed, kept };
}

/** A version goes with its function, whatever the template says of it alone. */
const staysBehind = (type: string, deletionPolicy: string | undefined): boolean =>
  deletionPolicy?.startsWith('Retain') === true && type !== 'AWS::Lambda::Version';

/** What no template names. */
const OUTSIDE_TEMPLATES = [
  'the stack CDKToolkit with its bucket of assets, which `cdk bootstrap` made: other apps ' +
    'of this account may use it',
  'the rule StepFunctionsGetEventsForECSTaskRule, which Step Functions made and which costs ' +
    'nothing',
  'metrics (15 months) and traces (30 days), which cost nothing and end by themselves',
  'files on your own machine: the image, cdk.out/, the file of API keys',
];

/** The lists as text, with what to do about what is kept. */
export function describeTeardown(environment: string, { removed, kept }: Teardown): string {
  const lines = (listed: readonly Listed[]) => {
    const width = Math.max(0, ...listed.map(({ type }) => type.length));
    return listed.map(({ stack, type, name }) => `  ${type.padEnd(width)}  ${stack}  ${name}`);
  };
  const buckets = kept.filter(({ type }) => type === 'AWS::S3::Bucket');
  return [
    `Removed with ${environment}, for good (${removed.length}):`,
    ...lines(removed),
    '',
    `Kept (${kept.length}): features, models, forecasts, the log of who read them, and what ` +
      'keeps both closed',
    ...lines(kept),
    '',
    'Outside the templates, kept as well:',
    ...OUTSIDE_TEMPLATES.map((line) => `  ${line}`),
    '',
    ...(buckets.length === 0
      ? []
      : [
          'docs/deploy.md, "Teardown", has the commands that remove the buckets too. They ' +
            'cost what they hold: see `aws s3 ls`.',
        ]),
  ].join('\n');
}
