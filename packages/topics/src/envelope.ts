// A message on its way between servers: which server published it, how to send it, and its payload. In bytes:
//
//   1  the version of this format
//   1  flags: binary, may be compressed, conflate, has a key
//   8  the server that published it
//   6  its number among the messages of that server, big-endian
//   2  if there is a key: its length in UTF-16 code units, big-endian, and then the units, little-endian
//      the payload
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { ConflationKey } from './backlog.ts';

/** What one server sends to the others for each message. */
export interface Envelope {
  readonly binary: boolean;
  readonly compress: boolean;
  readonly conflate: ConflationKey | false;
  readonly sender: ServerId;
  readonly number: number;
  readonly payload: Uint8Array;
}

/** The identifier of a server, as Latin-1. */
export type ServerId = string;

const VERSION = 1;
const BINARY = 1;
const COMPRESS = 2;
const CONFLATE = 4;
const KEYED = 8;
const ID_LENGTH = 8;
const NUMBER_AT = 2 + ID_LENGTH;
const HEADER_LENGTH = NUMBER_AT + 6;
/** UTF-8 would turn keys that differ only in lone surrogates into the same key. */
const KEY_ENCODING = 'utf16le';
const UNIT = 2;
const MAX_KEY = 0xffff;

export function newServerId(): ServerId {
  return randomBytes(ID_LENGTH).toString('latin1');
}

/** @throws `RangeError` for a key of more than 65,535 UTF-16 code units */
export function encodeEnvelope(envelope: Omit<Envelope, 'payload'>, payload: string | Uint8Array): Buffer {
  const { binary, compress, conflate, sender, number } = envelope;
  const key = typeof conflate === 'string' ? conflate : undefined;
  if (key !== undefined && key.length > MAX_KEY)
    throw new RangeError('The key of conflate must not be longer than 65535 characters');
  const start = HEADER_LENGTH + (key === undefined ? 0 : 2 + UNIT * key.length);
  const isText = typeof payload === 'string';
  const bytes = Buffer.allocUnsafe(start + (isText ? Buffer.byteLength(payload) : payload.length));
  bytes[0] = VERSION;
  bytes[1] =
    (binary ? BINARY : 0) |
    (compress ? COMPRESS : 0) |
    (conflate === false ? 0 : CONFLATE) |
    (key === undefined ? 0 : KEYED);
  bytes.write(sender, 2, 'latin1');
  bytes.writeUIntBE(number, NUMBER_AT, 6);
  if (key !== undefined) {
    bytes.writeUInt16BE(key.length, HEADER_LENGTH);
    bytes.write(key, HEADER_LENGTH + 2, KEY_ENCODING);
  }
  if (isText) bytes.write(payload, start);
  else bytes.set(payload, start);
  return bytes;
}

/** Returns undefined for bytes that are not in this format. */
export function decodeEnvelope(data: Uint8Array): Envelope | undefined {
  if (data.length < HEADER_LENGTH || data[0] !== VERSION) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const flags = bytes.readUInt8(1);
  let start = HEADER_LENGTH;
  let conflate: ConflationKey | false = (flags & CONFLATE) !== 0;
  if ((flags & KEYED) !== 0) {
    if (bytes.length < start + 2) return undefined;
    const end = start + 2 + UNIT * bytes.readUInt16BE(start);
    if (bytes.length < end) return undefined;
    conflate = bytes.toString(KEY_ENCODING, start + 2, end);
    start = end;
  }
  return {
    binary: (flags & BINARY) !== 0,
    compress: (flags & COMPRESS) !== 0,
    conflate,
    sender: bytes.toString('latin1', 2, NUMBER_AT),
    number: bytes.readUIntBE(NUMBER_AT, 6),
    payload: bytes.subarray(start),
  };
}
