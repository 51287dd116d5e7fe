// The client process of the load test. On request, it opens the clients, sends a message on each, and closes them.
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import type { WebSocket } from 'ws';
import type { CrowdTarget } from './crowd.ts';
import { peerNamed } from './pairings.ts';

/** How many handshakes run concurrently. */
const CONCURRENT = 256;

const { WebSocket: Client } = peerNamed(process.argv[2]);
const clients: WebSocket[] = [];

/** Spreads the clients over four addresses, because each has only about 28,000 ports. Only Linux accepts all of 127.0.0.0/8. */
function localAddress(index: number): { localAddress?: string } {
  return process.platform === 'linux' ? { localAddress: `127.0.0.${2 + (index % 4)}` } : {};
}

function openOne(url: string, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = new Client(url, localAddress(index));
    clients.push(client);
    client.once('open', () => resolve());
    client.once('error', reject);
  });
}

async function openAll({ url, count }: CrowdTarget): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await openOne(url, next++);
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return clients.filter((client) => client.readyState === Client.OPEN).length;
}

async function talk(): Promise<{ echoed: number; wrong: number }> {
  let wrong = 0;
  const echoes = clients.map(
    (client, index) =>
      new Promise<void>((resolve) => {
        const text = `the word of client ${index}`;
        client.once('message', (data, isBinary) => {
          if (isBinary || (data as Buffer).toString() !== text) wrong++;
          resolve();
        });
        client.send(text);
      }),
  );
  await Promise.all(echoes);
  return { echoed: echoes.length, wrong };
}

async function closeAll(): Promise<Record<string, number>> {
  const closed: Record<string, number> = {};
  const closes = clients.map(
    (client) =>
      new Promise<void>((resolve) => {
        client.once('close', (code) => {
          closed[code] = (closed[code] ?? 0) + 1;
          resolve();
        });
        client.close(1000);
      }),
  );
  await Promise.all(closes);
  return closed;
}

answer({ open: openAll, talk, close: closeAll });
