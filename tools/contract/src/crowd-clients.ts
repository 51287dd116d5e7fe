// The process of the clients of the load test: on request, opens them, sends a message on each, and closes them.
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import type { WebSocket } from 'ws';
import { peerNamed } from './pairings.ts';

/** How many handshakes run concurrently. */
const AT_ONCE = 256;

const [name, url = '', count = '0'] = process.argv.slice(2);
const { WebSocket: Client } = peerNamed(name);
const clients: WebSocket[] = [];

/** An address has about 28,000 local ports. On Linux, every address of 127.0.0.0/8 can be used. */
function localAddress(index: number): { localAddress?: string } {
  return process.platform === 'linux' ? { localAddress: `127.0.0.${2 + (index % 4)}` } : {};
}

function openOne(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = new Client(url, localAddress(index));
    clients.push(client);
    client.once('open', () => resolve());
    client.once('error', reject);
  });
}

async function openAll(): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < Number(count)) await openOne(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
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
