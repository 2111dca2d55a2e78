// Models of realtime services: read once by a process of their language when they are published, to know that they can
// be; then kept as they came, and scored by a resident process.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { assetPath } from '../../base/index.js';
import type { Runtime, RuntimeFactory, RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { languagesOf } from './model-format.js';

/** The scorers read it under this name. */
const MODEL_FILE = 'model.bin';

/** What a realtime service takes and gives. @see rserver-api section 7.1 */
export const REALTIME_INPUTS = [{ name: 'inputData', type: 'data.frame' }];
export const REALTIME_OUTPUTS = [{ name: 'outputData', type: 'data.frame' }];

/** What makes a process score a model. */
export interface Scorer {
  /** Reads the model. */
  readonly initCode: string;
  /** Predicts for `inputData`. */
  readonly code: string;
}

const SCORERS: Readonly<Record<RuntimeType, { file: string; code: string; forget: string }>> = {
  R: {
    file: './r/scorer.R',
    code: 'outputData <- .realtime$score(inputData)',
    forget: 'rm(.realtime)',
  },
  Python: {
    file: './python/scorer.py',
    code: 'outputData = _realtime.score(inputData)',
    forget: 'del _realtime, _Realtime',
  },
};

/** The scorer of a language. */
export function scorerOf(runtimeType: RuntimeType): Scorer {
  const { file, code } = SCORERS[runtimeType];
  return { initCode: readFileSync(assetPath(import.meta.url, file), 'utf8'), code };
}

/** A model that its language has read. */
export interface ReadModel {
  readonly runtimeType: RuntimeType;
  /** Writes it into an empty folder, as content of a service. */
  readonly write: (folder: string) => Promise<void>;
  /** Ends the process that has read it. */
  readonly close: () => Promise<void>;
}

/**
 * Finds the language of a model and lets it read the model.
 *
 * @throws {ApiError} `API_PROPRIETARY_MODEL`; `API_BAD_MODEL` with the words of the languages.
 */
export async function readModel(runtimes: RuntimeFactory, model: Buffer): Promise<ReadModel> {
  const refusals: string[] = [];
  for (const runtimeType of languagesOf(model)) {
    const runtime = await runtimes.acquire(runtimeType);
    const refusal = await refusalOf(runtime, model).catch(async (error: unknown) => {
      await runtime.close();
      throw error;
    });
    if (refusal === undefined) {
      return {
        runtimeType,
        write: (folder) => runtime.saveSnapshot(folder),
        close: () => runtime.close(),
      };
    }
    await runtime.close();
    refusals.push(`${runtimeType}: ${refusal}`);
  }
  throw new ApiError('API_BAD_MODEL', `The model cannot be read. ${refusals.join('; ')}`);
}

/** What the language says against the model; undefined when it can predict with it. */
async function refusalOf(runtime: Runtime, model: Buffer): Promise<string | undefined> {
  const { initCode } = scorerOf(runtime.runtimeType);
  await runtime.writeFile(MODEL_FILE, Readable.from([model]));
  const refusal = await failureOf(runtime, initCode);
  if (refusal !== undefined) return refusal;
  // Only the file is kept: the model in the workspace would be kept twice.
  return failureOf(runtime, SCORERS[runtime.runtimeType].forget);
}

async function failureOf(runtime: Runtime, code: string): Promise<string | undefined> {
  const execution = { code, inputParameters: [], outputParameters: [] };
  const { success, errorMessage } = await runtime.execute(execution, () => undefined);
  return success ? undefined : errorMessage;
}
