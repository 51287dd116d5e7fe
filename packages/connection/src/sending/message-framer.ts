// Turns messages into frames when an extension may compress them, or when they are sent in fragments.
import {
  firstByte as firstByteOf,
  Opcode,
  type Extension,
  type MaskingKey,
  type SharedMessage,
} from '@framewire/codec';
import { compress, type Compressed } from './compress.ts';
import type { Output } from './output.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { SendCallback } from './send-callback.ts';
import type { SendMode } from './send-options.ts';

/** The part of the sending side that a {@link MessageFramer} uses. */
export interface FramerOwner {
  readonly extension: Extension | undefined;
  /** A message could not be encoded. Nothing can be sent after it, because the peer would not notice the loss. */
  fail(error: Error, done: SendCallback | undefined): void;
}

/** Created for the first message that needs it: most connections send whole messages that nothing compresses. */
export class MessageFramer {
  readonly #output: Output;
  readonly #owner: FramerOwner;
  /** Whether a message is being sent in fragments, and whether it is compressed. */
  #unfinished: 'none' | 'plain' | 'compressed' = 'none';

  constructor(output: Output, owner: FramerOwner) {
    this.#output = output;
    this.#owner = owner;
  }

  /** Whether the next fragment starts a message. */
  get isBetweenMessages(): boolean {
    return this.#unfinished === 'none';
  }

  /**
   * Sends a message, or a fragment of one, after compressing it if that was negotiated and `mode` allows it.
   *
   * @returns a promise if the extension needs time. It resolves with false if the stream was destroyed or ended first, and never rejects.
   */
  send(
    data: string | Uint8Array,
    mode: SendMode,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): Promise<boolean> | undefined {
    const isFirst = this.isBetweenMessages;
    const { extension } = this.#owner;
    if (extension === undefined || !(isFirst ? mode.compress : this.#unfinished === 'compressed')) {
      this.sendFragment(data, data, mode, key, false, done);
      return undefined;
    }
    const outcome = compress(extension, { data, first: isFirst, fin: mode.fin });
    if (!(outcome instanceof Promise)) {
      this.sendCompressed(outcome, data, mode, key, done);
      return undefined;
    }
    // The caller may change bytes after this returns. The extension has copied them, so the closure references only text.
    const text = typeof data === 'string' ? data : undefined;
    return outcome.then((late) => {
      if (this.#output.isOver) return false;
      this.sendCompressed(late, text, mode, key, done);
      return true;
    });
  }

  /** Like {@link MessageFramer.send}, for a message that is sent on many connections. */
  sendPrepared(
    message: PreparedMessage,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): Promise<boolean> | undefined {
    const { shared, opcode, compress: mayCompress } = message;
    const isWhole = this.isBetweenMessages;
    const compressed = isWhole && mayCompress ? this.compressShared(shared) : null;
    // After a fragment with `fin: false`, this is the last fragment of the same message.
    if (!isWhole || compressed === undefined) {
      const mode: SendMode = { opcode, fin: true, compress: mayCompress, masked: key !== undefined };
      return this.send(shared.data, mode, key, done);
    }
    try {
      const frame = message.frame(compressed);
      if (key === undefined) this.#output.sendEncoded(frame, done);
      else this.#output.sendOwn(frame.firstByte, frame.payload, key, done);
    } catch (unsent) {
      if (compressed === null) throw unsent;
      // The message may have become part of the extension's state. If so, the peer could not inflate the messages after it.
      this.#owner.fail(unsent as Error, done);
    }
    return undefined;
  }

  /**
   * Compresses a whole message for all connections with the same parameters. Returns null to send it as it is, and undefined if the result
   * cannot be shared.
   */
  private compressShared(message: SharedMessage): Uint8Array | null | undefined {
    const { extension } = this.#owner;
    return extension === undefined ? null : extension.compressShared?.(message);
  }

  /** Sends what the extension made of a fragment, or the fragment itself if the extension leaves the message as it is. */
  private sendCompressed(
    { error, data, original }: Compressed,
    uncompressed: string | Uint8Array | undefined,
    mode: SendMode,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    const payload = data ?? original ?? uncompressed;
    if (error !== null || payload === undefined) {
      this.#owner.fail(error ?? new Error('The extension did not return the data'), done);
      return;
    }
    try {
      this.sendFragment(payload, uncompressed, mode, key, data !== undefined, done);
    } catch (unsent) {
      // As in `sendPrepared()`.
      this.#owner.fail(unsent as Error, done);
    }
  }

  /** Frames a fragment. The first has the opcode and, if it is compressed, RSV1. The others are continuations (§5.4). */
  private sendFragment(
    payload: string | Uint8Array,
    uncompressed: string | Uint8Array | undefined,
    mode: SendMode,
    key: MaskingKey | undefined,
    isCompressed: boolean,
    done: SendCallback | undefined,
  ): void {
    const before = this.#unfinished;
    const isFirst = before === 'none';
    const opcode = isFirst ? mode.opcode : Opcode.CONTINUATION;
    const firstByte = firstByteOf(opcode, mode.fin, isFirst && isCompressed);
    // Bytes may change after the call. An extension returns the same bytes again only for a text.
    const isConstant = isCompressed
      ? typeof uncompressed === 'string' && this.#owner.extension?.sharesTexts === true
      : typeof payload === 'string';
    // Set before the write: a stream may deliver synchronously, and its receiver may make this end send something.
    this.#unfinished = mode.fin ? 'none' : isCompressed ? 'compressed' : 'plain';
    try {
      this.#output.send(firstByte, payload, key, isConstant, done);
    } catch (error) {
      this.#unfinished = before;
      throw error;
    }
  }
}
