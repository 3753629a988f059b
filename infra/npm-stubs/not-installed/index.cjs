// Purpose: npm `overrides` point danfojs-node's `xlsx` and `request` here (see package.json and docs/decisions/0002).
// Headway reads neither spreadsheets nor URLs through danfojs, so the packages and their advisories stay out.
// Fails: any use throws and says so; nothing returns a made-up value.
const refuse = (name) => () => {
  throw new Error(
    `"${String(name)}" was called on a package Headway does not install (xlsx or request, see infra/npm-stubs/).`,
  );
};
module.exports = new Proxy(refuse('request'), {
  get: (target, name) => (name in target || typeof name === 'symbol' ? target[name] : refuse(name)),
});
