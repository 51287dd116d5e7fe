// How the bytes of a connection are read.
import type { Extension } from '@framewire/codec';
import { DEFAULTS, type ConnectionOptions } from '../options.ts';

/** Connections with equal options share their readers. */
export interface ReadingOptions {
  readonly role: 'client' | 'server';
  readonly allowRsv1: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number | undefined;
  readonly maxBufferedChunks: number;
  readonly skipUtf8Validation: boolean;
  /** Whether several events may be emitted in one turn of the event loop. */
  readonly allowSynchronousEvents: boolean;
  /** Whether messages come with their fragments. */
  readonly keepFragments: boolean;
}

/** Returns how a connection reads, from its options and the result of the opening handshake. */
export function readingOptions(
  options: ConnectionOptions,
  role: 'client' | 'server',
  extension: Extension | undefined,
): ReadingOptions {
  return {
    role,
    allowRsv1: extension !== undefined,
    allowSynchronousEvents: options.allowSynchronousEvents ?? DEFAULTS.allowSynchronousEvents,
    maxPayload: options.maxPayload ?? DEFAULTS.maxPayload,
    maxFragments: options.maxFragments,
    maxBufferedChunks: options.maxBufferedChunks ?? DEFAULTS.maxBufferedChunks,
    skipUtf8Validation: options.skipUTF8Validation ?? DEFAULTS.skipUTF8Validation,
    keepFragments: false,
  };
}

export function isSameReading(one: ReadingOptions, other: ReadingOptions): boolean {
  return (
    one.role === other.role &&
    one.allowRsv1 === other.allowRsv1 &&
    one.maxPayload === other.maxPayload &&
    one.maxFragments === other.maxFragments &&
    one.maxBufferedChunks === other.maxBufferedChunks &&
    one.skipUtf8Validation === other.skipUtf8Validation &&
    one.allowSynchronousEvents === other.allowSynchronousEvents &&
    one.keepFragments === other.keepFragments
  );
}
