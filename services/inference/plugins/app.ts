/**
 * Purpose: the type of the app, and how a plugin is made for the whole app.
 * Fails: never.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

/** A Fastify instance whose schemas are types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests are logged at debug and not traced: probes and page files would drown the rest. */
    quiet?: boolean;
  }
}

/** A plugin whose hooks and decorators hold for the whole app, not only for its own scope. */
export function appPlugin<Options extends object>(
  name: string,
  plugin: (app: App, options: Options) => Promise<void>,
) {
  return Object.assign((app: App, options: Options) => plugin(app, options), {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
  });
}
