/**
 * Purpose: what makes the folder of an exported model an MLflow model, which
 * `mlflow models serve` accepts.
 * Invariants: the flavour is MLflow's own `onnx`; the signature has the names, types and shapes of
 * the graph, so that MLflow refuses other inputs; the same model gives the same bytes.
 * Fails: never.
 */
import type { GraphPort } from '../../../forecasting/models/onnx/graph.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';

/** What the folder was tried with. */
const PYTHON = '3.11';
const PACKAGES = { mlflow: '3.17.2', onnx: '1.23.2', onnxruntime: '1.32.0' };
const TYPES: Readonly<Record<string, string>> = { float: 'float32', int64: 'int64' };

interface Ports {
  readonly inputs: readonly GraphPort[];
  readonly output: GraphPort;
}

/** JSON is YAML. */
const yaml = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export function mlflowFiles(
  card: { readonly modelVersion: string; readonly createdAt: number },
  { inputs, output }: Ports,
): Record<string, string> {
  const requirements = Object.entries(PACKAGES).map(([name, version]) => `${name}==${version}`);
  const id = sha256(card.modelVersion).slice(0, 32);
  return {
    MLmodel: yaml({
      flavors: {
        onnx: {
          ...{ data: 'model.onnx', onnx_version: PACKAGES.onnx, code: null },
          ...{ providers: ['CPUExecutionProvider'], onnx_session_options: null },
        },
        python_function: {
          ...{ loader_module: 'mlflow.onnx', data: 'model.onnx', python_version: PYTHON },
          env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        },
      },
      mlflow_version: PACKAGES.mlflow,
      model_uuid: id,
      signature: { inputs: signatureOf(inputs), outputs: signatureOf([output]), params: null },
      utc_time_created: new Date(card.createdAt).toISOString().replace('T', ' ').replace('Z', ''),
      metadata: { headwayModelVersion: card.modelVersion },
    }),
    'requirements.txt': `${requirements.join('\n')}\n`,
    'python_env.yaml': yaml({ python: PYTHON, dependencies: ['-r requirements.txt'] }),
    'conda.yaml': yaml({
      ...{ name: 'headway', channels: ['conda-forge'] },
      dependencies: [`python=${PYTHON}`, 'pip', { pip: requirements }],
    }),
  };
}

/** Of a name as dimension any size is right. */
const signatureOf = (ports: readonly GraphPort[]): string =>
  JSON.stringify(
    ports.map(({ name, type, shape }) => ({
      name,
      type: 'tensor',
      'tensor-spec': {
        dtype: TYPES[type],
        shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
      },
    })),
  );
