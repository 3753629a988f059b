/**
 * Purpose: an OpenAPI document without references, so that its schemas compile alone.
 * Invariants: `$ref` of this document only; nothing in it refers to itself.
 * Fails: with a TypeError where a reference leads nowhere.
 */

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of any shape is walked.
export type Json = any;

export function dereferenced(document: Json): Json {
  const resolve = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(resolve);
    if (node === null || typeof node !== 'object') return node;
    if (typeof node.$ref === 'string') return resolve(at(document, node.$ref));
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
  };
  return resolve(document);
}

/** What a reference such as `#/components/schemas/Problem` leads to. */
function at(document: Json, reference: string): Json {
  const names = reference.slice(2).split('/');
  const found = names.reduce(
    (node, name) => node?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
  if (found === undefined) throw new TypeError(`${reference} leads nowhere`);
  return found;
}
