// Promises for the next events of one side of a connection: its messages, its close, and the callback of a send.
import { Buffer } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';

/** A message, as the event passed it. */
export interface Received {
  readonly data: RawData;
  readonly isBinary: boolean;
}

/** How a connection closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The next `count` messages, in order. Rejects if the connection closes before that. */
export function nextMessages(ws: WebSocket, count: number): Promise<Received[]> {
  return new Promise((resolve, reject) => {
    const received: Received[] = [];
    const onMessage = (data: RawData, isBinary: boolean): void => {
      received.push({ data, isBinary });
      if (received.length < count) return;
      ws.off('message', onMessage);
      ws.off('close', onClose);
      resolve(received);
    };
    const onClose = (code: number): void => {
      reject(new Error(`closed with ${code} after ${received.length} of ${count} messages`));
    };
    ws.on('message', onMessage);
    ws.on('close', onClose);
  });
}

/** The next message. */
export async function nextMessage(ws: WebSocket): Promise<Received> {
  const [message] = await nextMessages(ws, 1);
  return message as Received;
}

/** The code and the reason, after the connection has closed. Ignores errors. */
export function closed(ws: WebSocket): Promise<Closed> {
  ws.on('error', () => {});
  return new Promise((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}

/** The bytes of a message in hex, whatever its type. */
export function hex(data: RawData | Uint8Array): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('hex');
  return (
    data instanceof ArrayBuffer
      ? Buffer.from(data)
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  ).toString('hex');
}

/** `send()` as a promise. */
export function sent(ws: WebSocket, data: Parameters<WebSocket['send']>[0], options = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    ws.send(data, options, (error) => (error ? reject(error) : resolve()));
  });
}
