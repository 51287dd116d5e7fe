// Ends the connection of a client whose upgrade the proxy or the backend rejected. Nothing that the client sends after that is forwarded.
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { formatRefusal, headerRecord, type Refusal, type ResponseHead } from '@framewire/handshake';

/** Sends a refusal by the proxy. */
export function refuse(client: Socket, refusal: Refusal, timeout: number): void {
  client.end(formatRefusal(refusal));
  linger(client, timeout);
}

/** Forwards the body of the backend's refusal after its head, and ends both connections. */
export async function passBody(
  head: ResponseHead,
  backend: Socket,
  client: Socket,
  timeout: number,
): Promise<void> {
  linger(client, timeout);
  try {
    const signal = AbortSignal.timeout(timeout);
    await pipeline(backend, (source: AsyncIterable<Buffer>) => atMost(bodyLength(head), source), client, {
      signal,
    });
  } catch {
    // One of the two broke or was too slow, and pipeline has destroyed both.
  } finally {
    backend.destroy();
  }
}

/** The length of the body. Without one, the body ends with the connection. */
function bodyLength({ statusCode, headers }: ResponseHead): number {
  if (statusCode === 204 || statusCode === 304) return 0;
  return Number(headerRecord(headers)['content-length'] ?? Infinity);
}

async function* atMost(length: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = length;
  if (left === 0) return;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/**
 * Discards what a client sends until it has ended its side, or until the timeout. Destroying the socket immediately, with unread bytes,
 * would discard the response on its way.
 */
function linger(client: Socket, timeout: number): void {
  if (client.destroyed) return;
  const timer = setTimeout(() => client.destroy(), timeout);
  client.once('close', () => clearTimeout(timer));
  client.resume();
}
