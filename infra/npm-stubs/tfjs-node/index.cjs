// Purpose: danfojs-node asks for `@tensorflow/tfjs-node` and uses only tensor1d, tensor2d, scalar and moments of it.
// Its own version would download a native binary at install time and load a second TensorFlow.js; npm `overrides` point it
// here instead (docs/decisions/0002). The native backend proper is the optional dependency `tfjs-node-native`.
// Fails: a function that tfjs-core lacks is `undefined`, and danfojs throws where it calls it.
module.exports = require('@tensorflow/tfjs-core');
