// A client that sends half of an upgrade request, and then waits.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';

/** A request that was sent in part. */
export interface HalfRequest {
  /** Resolves to everything that the server has sent, after it has closed the connection. */
  readonly answer: Promise<string>;
}

/** @param ca the certificate authority of an HTTPS server */
export async function sendHalfRequest(url: string, ca?: string): Promise<HalfRequest> {
  const { hostname: host, port } = new URL(url);
  const at = { host, port: Number(port) };
  const socket = ca === undefined ? net.connect(at) : tls.connect({ ...at, ca });
  onTestFinished(() => void socket.destroy());
  await once(socket, ca === undefined ? 'connect' : 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nHost: loc');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1'))).on('error', () => {});
  return { answer: new Promise((resolve) => socket.once('close', () => resolve(answer))) };
}
