/** Purpose: the type of an import of a stylesheet, which esbuild bundles. */
declare module '*.css';
