/** A client that echoes, with one of the stacks of this workspace: requests all cases of a fuzzing server, then the reports. */

import { WebSocket as FramewireSocket } from 'framewire';
import { WebSocket as WsSocket } from 'ws';
import type { RawData } from 'ws';

const [stack, url = 'ws://127.0.0.1:9001', agent = 'client', jobs = '8'] = process.argv.slice(2);
const Socket: typeof WsSocket = stack === 'ws' ? WsSocket : FramewireSocket;

const count = Number(await ask('/getCaseCount'));
const numbers = Array.from({ length: count }, (_, i) => i + 1);
await Promise.all(Array.from({ length: Number(jobs) }, work));
// The original suite ends without an answer to this request, so an error here is not a failure.
await ask(`/updateReports?agent=${encodeURIComponent(agent)}&shutdownOnComplete=true`).catch(() => {});

async function work(): Promise<void> {
  for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
    await echo(`/runCase?case=${number}&agent=${encodeURIComponent(agent)}`);
  }
}

/** Requests a path, and resolves to the last message of the answer. */
function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = new Socket(`${url}${path}`);
    socket.on('message', (data: Buffer) => (answer = data.toString('utf8')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** Resolves when the case has ended. */
function echo(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = new Socket(`${url}${path}`);
    socket.on('message', (data: RawData, isBinary: boolean) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}
