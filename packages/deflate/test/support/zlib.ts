// The result of zlib for a stream, and our code that corresponds to each of its messages.
import type { DeflateErrorCode } from '@framewire/deflate';
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';

/** The code of the rule that a message of zlib names. */
const CODES: Readonly<Record<string, DeflateErrorCode>> = {
  'invalid block type': 'ERR_INFLATE_BLOCK_TYPE',
  'invalid stored block lengths': 'ERR_INFLATE_STORED_LENGTH',
  'too many length or distance symbols': 'ERR_INFLATE_TOO_MANY_LENGTHS',
  'invalid code lengths set': 'ERR_INFLATE_PRECODE',
  'invalid bit length repeat': 'ERR_INFLATE_REPEAT',
  'invalid code -- missing end-of-block': 'ERR_INFLATE_NO_END_OF_BLOCK',
  'invalid literal/lengths set': 'ERR_INFLATE_LITLEN_CODE',
  'invalid distances set': 'ERR_INFLATE_DISTANCE_CODE',
  'invalid literal/length code': 'ERR_INFLATE_LITLEN_SYMBOL',
  'invalid distance code': 'ERR_INFLATE_DISTANCE_SYMBOL',
  'invalid distance too far back': 'ERR_INFLATE_TOO_FAR_BACK',
};

/** The result for a stream: its bytes and how many were read, or the rule that it breaks. */
export type Verdict = { data: string; consumed: number } | { code: string };

export function verdictOfZlib(stream: Uint8Array, options: ZlibOptions = {}): Verdict {
  try {
    // With `info`, zlib returns the engine with the data. The types do not declare it.
    const { buffer, engine } = inflateRawSync(stream, {
      ...options,
      finishFlush: constants.Z_SYNC_FLUSH,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { data: buffer.toString('hex'), consumed: engine.bytesWritten };
  } catch (error) {
    const { message } = error as Error;
    return { code: CODES[message] ?? message };
  }
}

/** Compresses with zlib. */
export function packed(data: Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(data, options);
}

/** Compresses with zlib, and flushes as in RFC 7692 §7.2.1. Keeps the four octets that the RFC removes. */
export function flushed(data: Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(data, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
}

/** Inflates a flushed stream. */
export function restored(stream: Uint8Array, options: ZlibOptions = {}): Buffer {
  return inflateRawSync(stream, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
}
