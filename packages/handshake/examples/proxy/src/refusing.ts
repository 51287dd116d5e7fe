// Ends the connection of a client whose upgrade was refused, by the proxy or by the backend. Nothing that such a client
// sends any more goes anywhere.
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { formatRefusal, headerRecord, type Refusal, type ResponseHead } from '@framewire/handshake';

/** Answers with a refusal of the proxy's own. */
export function refuse(client: Socket, refusal: Refusal, timeout: number): void {
  client.end(formatRefusal(refusal));
  linger(client, timeout);
}

/** Passes the body of the backend's refusal on, behind the head, and ends both connections. */
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
    // One of the two broke or was too slow: pipeline has destroyed both.
  } finally {
    backend.destroy();
  }
}

/** How many bytes of body follow; without a length they end with the connection, or with a client that saw the end. */
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
 * Throws away what a client sends until it has ended its side too, and ends it itself when that takes too long.
 * Destroying the socket at once, with bytes unread, would take back the response that is still on its way.
 */
function linger(client: Socket, timeout: number): void {
  if (client.destroyed) return;
  const timer = setTimeout(() => client.destroy(), timeout);
  client.once('close', () => clearTimeout(timer));
  client.resume();
}
