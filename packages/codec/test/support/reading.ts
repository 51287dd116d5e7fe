// Reads bytes as a connection does, in chunks of any size, and returns all results as plain data.
import { expect } from 'vitest';
import type { Frame, FrameDecoderOptions, Message, MessageAssemblerOptions } from '@framewire/codec';
import type { Codec } from './codecs.ts';
import { toHex } from './hex.ts';

/** The results of a reader up to the end of the bytes or an error. */
export interface Outcome {
  /** The frames that decoder and assembler accepted. */
  frames: { fin: boolean; rsv1: boolean; opcode: number; payload: string }[];
  messages: { opcode: number; compressed: boolean; data: string }[];
  error?: { name: string; code: string; closeCode: number; message: string };
  /** How many chunks had been pushed when the error was thrown. */
  after?: number;
}

/** A reader of frames, and of messages if there is an assembler. */
export interface Reader extends FrameDecoderOptions {
  assembler?: MessageAssemblerOptions;
}

/** Reads one chunk at a time: all its frames, and the part of the next frame. */
export function read(codec: Codec, reader: Reader, chunks: Uint8Array[]): Outcome {
  const outcome: Outcome = { frames: [], messages: [] };
  const decoder = new codec.FrameDecoder(reader);
  const assembler = reader.assembler && new codec.MessageAssembler(reader.assembler);
  let pushed = 0;
  try {
    for (const chunk of chunks) {
      decoder.push(chunk.slice());
      pushed++;
      for (let frame; (frame = decoder.next());) {
        const message = codec.isControl(frame.opcode) ? undefined : assembler?.add(frame);
        outcome.frames.push(plainFrame(frame));
        if (message) outcome.messages.push(plainMessage(message));
      }
      if (assembler && decoder.partial) assembler.preview(decoder.partial);
    }
  } catch (error) {
    if (!codec.isProtocolError(error)) throw error;
    const { name, code, closeCode, message } = error;
    outcome.error = { name, code, closeCode, message };
    outcome.after = pushed;
  }
  return outcome;
}

/** The part of the results that must not depend on the chunks. */
export function withoutPlace({ frames, messages, error }: Outcome): Omit<Outcome, 'after'> {
  return error ? { frames, messages, error } : { frames, messages };
}

/** Reads the bytes whole, a byte at a time, and cut in two at each of the first 64 positions. The results must be the same. */
export function readEveryWay(codec: Codec, reader: Reader, bytes: Uint8Array): Omit<Outcome, 'after'> {
  const whole = withoutPlace(read(codec, reader, [bytes]));
  expect(withoutPlace(read(codec, reader, byteByByte(bytes))), 'a byte at a time').toEqual(whole);
  for (let at = 1; at < Math.min(bytes.length, 64); at++) {
    const halves = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(withoutPlace(read(codec, reader, halves)), `cut at ${at}`).toEqual(whole);
  }
  return whole;
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** How many bytes a reader takes before it throws, if they arrive one by one. */
export function bytesUntilError(
  codec: Codec,
  reader: Reader,
  bytes: Uint8Array,
): [code: string, bytes: number] {
  const { error, after } = read(codec, reader, byteByByte(bytes));
  if (!error || after === undefined) throw new Error('no error was thrown');
  return [error.code, after];
}

function plainFrame({ fin, rsv1, opcode, payload }: Frame): Outcome['frames'][number] {
  return { fin, rsv1, opcode, payload: toHex(payload) };
}

function plainMessage({ opcode, compressed, data }: Message): Outcome['messages'][number] {
  return { opcode, compressed, data: toHex(data) };
}
