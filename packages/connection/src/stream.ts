// A WebSocket as a stream of Node: one message for each chunk that is written, one chunk for each message that comes.
import { Duplex, type DuplexOptions } from 'node:stream';
import type { RawData } from './receiving/raw-data.ts';
import { CLOSED, CONNECTING } from './ready-state.ts';
import type { SendCallback } from './sending/send-callback.ts';

/** What a stream needs of a WebSocket: ours has it, and so has any other in the shape of `ws`. */
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
 * A stream over a WebSocket, open or still connecting. What is written is sent, a message for each chunk: binary, or text for
 * strings with `decodeStrings: false`; `end()` closes the connection. Messages are read as chunks, with `readableObjectMode` one
 * for each message, text as strings. Back-pressure holds both ways: who does not read pauses the socket, and a write is done when
 * its message has been handed to the kernel. An error of the connection destroys the stream with it, its close ends the readable
 * side; destroying the stream terminates the connection.
 *
 * @param options as of `stream.Duplex`; `objectMode` and `writableObjectMode` are ignored, as a message is text or bytes, and
 *   so is `emitClose`: a stream that is destroyed tells it, once its connection is closed
 * @example
 * ```ts
 * const duplex = createWebSocketStream(ws, { encoding: 'utf8' });
 * duplex.pipe(process.stdout);
 * process.stdin.pipe(duplex);
 * ```
 */
export function createWebSocketStream(ws: StreamableSocket, options?: DuplexOptions): Duplex {
  /** Whether the connection has ended itself: its last words are not to be cut off. */
  let failed = false;
  /** Tells that all has been written, where the stream has been ended. */
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
