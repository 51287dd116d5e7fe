// `Receiver` with the interface of `ws`: a writable stream that decodes the bytes of a connection and emits its messages.
import { AsyncResource } from 'node:async_hooks';
import { Writable } from 'node:stream';
import { Opcode } from '@framewire/codec';
import {
  DEFAULTS,
  Inbound,
  toRawData,
  type BinaryType,
  type ConnectionOptions,
  type Extension,
  type InboundObserver,
} from '@framewire/connection';
import { extensionOf, type NegotiatedExtensions } from './per-message-deflate.ts';

const binaryTypeKey = Symbol('binaryType');
const inboundKey = Symbol('inbound');
const writtenKey = Symbol('written');

/** The options of a {@link Receiver}. */
export interface ReceiverOptions extends Pick<
  ConnectionOptions,
  'allowSynchronousEvents' | 'maxBufferedChunks' | 'maxFragments' | 'maxPayload' | 'skipUTF8Validation'
> {
  /** The type of binary messages. Default `nodebuffer`. */
  readonly binaryType?: BinaryType | undefined;
  /** The negotiated extensions. Default: none. */
  readonly extensions?: NegotiatedExtensions | undefined;
  /** Whether the bytes come from a client, and so must be masked. Default false. */
  readonly isServer?: boolean | undefined;
}

/**
 * The receiving side of a connection. Events: `message` (data, isBinary), `ping` and `pong` (payload), `conclude` (code, reason) for a
 * close frame, and `error` with the `code` of the broken rule. After the last two, it reads nothing more.
 *
 * @example
 * ```ts
 * const receiver = new Receiver({ isServer: true });
 * receiver.on('message', (data, isBinary) => console.log(isBinary ? data : data.toString()));
 * socket.pipe(receiver);
 * ```
 */
export class Receiver extends Writable {
  /** @internal */
  declare readonly [binaryTypeKey]: BinaryType;
  /** @internal */
  declare readonly [inboundKey]: Inbound;
  /** @internal The callback of the chunk that is being read. Requests the next chunk. */
  declare [writtenKey]: ((error?: Error) => void) | undefined;

  constructor(options: ReceiverOptions = {}) {
    super();
    const { binaryType = 'nodebuffer', isServer = false } = options;
    this[binaryTypeKey] = binaryType;
    const extension = extensionOf(options.extensions);
    this[inboundKey] = new Inbound(observerOf(this, extension), {
      role: isServer ? 'server' : 'client',
      allowRsv1: extension !== undefined,
      allowSynchronousEvents: options.allowSynchronousEvents ?? DEFAULTS.allowSynchronousEvents,
      maxPayload: options.maxPayload ?? 0,
      maxFragments: options.maxFragments,
      maxBufferedChunks: options.maxBufferedChunks ?? DEFAULTS.maxBufferedChunks,
      skipUtf8Validation: options.skipUTF8Validation ?? DEFAULTS.skipUTF8Validation,
      keepFragments: binaryType === 'fragments',
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error) => void): void {
    this[writtenKey] = callback;
    if (this[inboundKey].read(chunk)) finishChunk(this);
  }
}

function finishChunk(receiver: Receiver, error?: Error): void {
  const written = receiver[writtenKey];
  receiver[writtenKey] = undefined;
  written?.(error);
}

function observerOf(receiver: Receiver, extension: Extension | undefined): InboundObserver {
  return {
    context: new AsyncResource('Receiver'),
    extension,
    message(message) {
      receiver.emit('message', toRawData(message, receiver[binaryTypeKey]), message.opcode === Opcode.BINARY);
    },
    ping(payload) {
      receiver.emit('ping', payload);
    },
    pong(payload) {
      receiver.emit('pong', payload);
    },
    peerClosed({ code, reason }) {
      receiver.emit('conclude', code, reason);
      receiver.end();
    },
    peerFailed(error) {
      finishChunk(receiver, error);
    },
    caughtUp() {
      finishChunk(receiver);
    },
  };
}
