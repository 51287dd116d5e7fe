// Connections that open and close again: a TCP connection, the upgrade, the closing handshake, and the end of the TCP connection.
import { createHistogram } from 'node:perf_hooks';
import type { LoadReport } from '../plan.ts';
import { closeFrame, serverCloseFrame } from './frames.ts';
import { connectTo, upgradeRequest, type Target } from './open.ts';

/** Opens and closes connections for this time, `atOnce` at a time. */
export async function runUpgrades(target: Target, milliseconds: number, atOnce: number): Promise<LoadReport> {
  const request = upgradeRequest(target);
  const close = closeFrame();
  const answer = serverCloseFrame().toString('latin1');
  const latency = createHistogram();
  const began = performance.now();
  let messages = 0;
  let bytes = 0;

  const visit = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connectTo(target);
      const started = performance.now();
      let received = '';
      socket.write(request);
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        const isHead = received === '';
        received += chunk.toString('latin1');
        // A head this small arrives in one chunk.
        if (!isHead) return;
        latency.record(Math.max(1, Math.round((performance.now() - started) * 1e6)));
        socket.write(close);
      });
      socket.on('error', reject);
      // The server ends the connection first (RFC 6455 §7.1.1), and the socket then ends by itself.
      socket.on('close', () => {
        if (!received.startsWith('HTTP/1.1 101')) reject(new Error('the server refused an upgrade'));
        else if (!received.endsWith(answer)) reject(new Error('the server did not answer a close frame'));
        messages++;
        resolve();
      });
    });

  const visitor = async (): Promise<void> => {
    while (performance.now() - began < milliseconds) await visit();
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return {
    messages,
    seconds: (performance.now() - began) / 1000,
    p50: latency.percentile(50) / 1000,
    p99: latency.percentile(99) / 1000,
    bytes: bytes / Math.max(1, messages),
  };
}
