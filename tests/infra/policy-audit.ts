/**
 * Purpose: reads the policies of a template as AWS would be given them, and finds what allows more
 * than it names.
 * Invariants: looks at every "Statement" anywhere in a template, of roles and of resources alike; a
 * refusal cannot allow too much, and is not looked at.
 * Fails: never.
 */
import { WILDCARDS } from '../../infra/wildcards.ts';

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

const many = <T>(value: T | readonly T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? [...value] : [value as T];

/** A resource with its references as <…>, so that what is written out can be seen. */
export function flat(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const [[name, value] = ['', '']] = Object.entries(resource as Record<string, unknown>);
  if (name === 'Fn::Join')
    return ((value as [string, unknown[]])[1] ?? [])
      .map(flat)
      .join((value as [string, unknown[]])[0]);
  return `<${name === 'Fn::GetAtt' ? (value as string[]).join('.') : String(value)}>`;
}

/** Every statement in it that allows something, with the resource it belongs to. */
export function allowances(template: {
  Resources?: Record<string, unknown>;
}): { owner: string; statement: Statement }[] {
  const found: { owner: string; statement: Statement }[] = [];
  const visit = (owner: string, value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    const { Statement: statements } = value as { Statement?: Statement | Statement[] };
    for (const statement of many(statements))
      if (statement.Effect === 'Allow') found.push({ owner, statement });
    for (const child of Object.values(value)) visit(owner, child);
  };
  for (const [owner, resource] of Object.entries(template.Resources ?? {})) visit(owner, resource);
  return found;
}

const isKnownWildcard = (action: string): boolean =>
  Object.values(WILDCARDS).some(({ actions }) => (actions as readonly string[]).includes(action));

/**
 * All that ends where only its beginning is named, but which says whose it is: a folder of a
 * bucket, a family, a cluster's tasks, a machine's executions and those of its map.
 */
const isScoped = (resource: string): boolean => {
  const own = resource.replaceAll(/<[^>]*>/g, '<>').replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/, '');
  const isOneFolder = /^<?[^/*]+>?\/[^*]*[^*/][^*]*\/\*$/.test(own);
  const isOneFamily = /^(task-definition|task)\/[\w-]+[:/]\*$/.test(own);
  return (
    !resource.includes('*') ||
    isOneFolder ||
    isOneFamily ||
    /^execution:[\w-]+(\/\w+)?:\*$/.test(own)
  );
};

/** What is wrong with a statement that allows something; nothing where it names what it allows. */
export function tooWide({
  Action,
  NotAction,
  Resource,
  NotResource,
  Principal,
  NotPrincipal,
  Condition,
}: Statement): string[] {
  const problems: string[] = [];
  const actions = many(Action);
  if (NotAction !== undefined || NotResource !== undefined || NotPrincipal !== undefined)
    problems.push('allows all but what it names');
  for (const action of actions) if (action.includes('*')) problems.push(`the action ${action}`);
  for (const resource of many(Resource as string).map(flat)) {
    if (resource === '*') {
      const unknown = actions.filter((action) => !isKnownWildcard(action));
      if (unknown.length > 0)
        problems.push(
          `${unknown.join(', ')} on every resource, without a reason in infra/wildcards.ts`,
        );
    } else if (!isScoped(resource)) problems.push(`the resource ${resource}`);
  }
  const principals =
    typeof Principal === 'string'
      ? [Principal]
      : Object.values(Principal ?? {}).flatMap((each) => many(each as string));
  if (principals.some((principal) => flat(principal) === '*') && Condition === undefined)
    problems.push('everybody, without a condition');
  return problems;
}
