// A WebSocket as a Node stream: each chunk that is written is a message, and each message that arrives is a chunk.
import { Duplex, type DuplexOptions } from 'node:stream';
import type { RawData } from './receiving/raw-data.ts';
import { CLOSED, CONNECTING } from './ready-state.ts';
import type { SendCallback } from './sending/send-callback.ts';

/** The part of a WebSocket that a stream needs. Any class with the interface of `ws` has it. */
export interface StreamableSocket {
  readonly readyState: number;
  readonly isPaused: boolean;
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  once(event: 'open' | 'close', listener: () => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  send(data: string | Uint8Array, callback: SendCallback): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/**
 * Returns a stream over a WebSocket that is open or still connecting.
 *
 * - Each chunk that is written is sent as a binary message. With `decodeStrings: false`, strings are sent as text.
 * - Messages are read as bytes. With `readableObjectMode`, each message is one chunk, and text is a string.
 * - When the read buffer of the stream is full, the connection is paused. A write completes when its message has been handed to the kernel.
 * - `end()` closes the connection. When the connection closes, the readable side ends.
 * - An error of the connection destroys the stream. Destroying the stream terminates the connection. The stream emits `close` when the
 *   connection has closed.
 *
 * @param options those of `stream.Duplex`. `emitClose` is ignored, and so are `objectMode` and `writableObjectMode`, because a message
 *   is text or bytes.
 * @example
 * ```ts
 * const duplex = createWebSocketStream(ws, { encoding: 'utf8' });
 * duplex.pipe(process.stdout);
 * process.stdin.pipe(duplex);
 * ```
 */
export function createWebSocketStream(ws: StreamableSocket, options?: DuplexOptions): Duplex {
  /** Whether the connection has failed. If so, it closes by itself. Terminating it could lose its close frame. */
  let failed = false;
  /** The callback of `final()`, after `end()`. */
  let finish: (() => void) | undefined;

  const whenOpen = (action: () => void): void => {
    if (ws.readyState === CONNECTING) ws.once('open', action);
    else action();
  };
  const stream = new Duplex({
    ...options,
    emitClose: true,
    objectMode: false,
    writableObjectMode: false,

    read() {
      if (ws.isPaused) ws.resume();
    },
    write(chunk: string | Uint8Array, _encoding, done) {
      whenOpen(() => {
        ws.send(chunk, done);
      });
    },
    final(done) {
      whenOpen(() => {
        if (ws.readyState === CLOSED) {
          done();
          return;
        }
        finish = done;
        ws.close();
      });
    },
    destroy(error, done) {
      if (ws.readyState === CLOSED) {
        done(error);
        return;
      }
      let reason = error;
      ws.once('error', (late: Error) => {
        reason ??= late;
      });
      ws.once('close', () => {
        done(reason);
      });
      if (!failed) ws.terminate();
    },
  });

  ws.on('message', (data, isBinary) => {
    const chunk = !isBinary && stream.readableObjectMode ? (data as Buffer).toString() : data;
    if (!stream.push(chunk)) ws.pause();
  });
  ws.once('error', (error) => {
    failed = true;
    stream.destroy(error);
  });
  ws.once('close', () => {
    finish?.();
    if (!stream.destroyed) stream.push(null);
  });
  return stream;
}
