// Which language may have written the bytes of a model. What is told here is only where to begin: the language decides.
import { constants, gunzipSync } from 'node:zlib';
import type { RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';

/** Bytes of a compressed model that are looked into. */
const GLANCE_BYTES = 512;

const GZIP = '\x1f\x8b';
/** Text, binary and native form of `serialize()` and `saveRDS()`; those of `save()`. */
const R_STARTS = ['X\n', 'A\n', 'B\n', 'RDX', 'RDA', 'RDB'];
/** Pickles of protocol 2 and later; joblib's zlib and lzma. */
const PYTHON_STARTS = ['\x80', '\x78', '\x5d\x00\x00'];
/** bzip2 and xz, which both write. */
const COMMON_STARTS = ['BZh', '\xfd7zXZ\x00'];
const PROPRIETARY_START = 'blob';

/**
 * The languages that may read a model, the likelier first.
 *
 * @throws {ApiError} `API_PROPRIETARY_MODEL`, `API_BAD_MODEL` when there are no bytes.
 */
export function languagesOf(model: Buffer): readonly RuntimeType[] {
  if (model.length === 0) throw new ApiError('API_BAD_MODEL', 'The model has no bytes.');
  const start = model.toString('latin1', 0, GLANCE_BYTES);
  if (start.startsWith(PROPRIETARY_START)) {
    throw new ApiError(
      'API_PROPRIETARY_MODEL',
      'The model is of rxSerializeModel or rx_serialize_model, whose format cannot be read here. Send an R or scikit-learn model in its own binary form.',
    );
  }
  const inside = start.startsWith(GZIP) ? glance(model) : start;
  if (startsWithAny(inside, R_STARTS)) return ['R'];
  if (startsWithAny(inside, PYTHON_STARTS)) return ['Python'];
  return startsWithAny(inside, COMMON_STARTS) ? ['R', 'Python'] : ['Python', 'R'];
}

const startsWithAny = (text: string, starts: readonly string[]): boolean =>
  starts.some((start) => text.startsWith(start));

/** The first bytes of what is compressed; empty when it is no gzip after all. */
function glance(model: Buffer): string {
  try {
    const inside = gunzipSync(model.subarray(0, GLANCE_BYTES), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    return inside.toString('latin1', 0, GLANCE_BYTES);
  } catch {
    return ''; // the language that is asked next says what is wrong with it
  }
}
