/**
 * Purpose: `node --import` this, and the packages named in REFUSED_PACKAGES are not there, as in an image without them.
 * Invariants: what a process starts inherits it. What other packages need of them by require() is theirs: npm keeps that.
 * Fails: the import of such a package, as Node does where it is missing.
 */
import { register } from 'node:module';

const refused = JSON.stringify((process.env.REFUSED_PACKAGES ?? '').split(','));
register(
  `data:text/javascript,${encodeURIComponent(`
    export async function resolve(specifier, context, next) {
      const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
      if (!${refused}.includes(name)) return next(specifier, context);
      throw Object.assign(new Error('refused: ' + specifier + ' from ' + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' });
    }`)}`,
);
