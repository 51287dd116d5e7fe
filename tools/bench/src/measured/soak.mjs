// The load of the soak: clients of ws with compression. They send messages of mixed sizes, compare the echoes, and reconnect from time to
// time.
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { serveDriver, task } from './control.mjs';
import { numbers } from './numbers.mjs';

/** How many messages each connection has in flight. */
const IN_FLIGHT = 4;
/** After this many messages, a new connection replaces the old one. */
const LIFE = 2000;
/** Lengths of messages, in bytes. Most are short. */
const SIZES = [20, 64, 200, 200, 500, 500, 1000, 2000, 4000, 16_000, 64_000, 250_000];

const source = JSON.stringify(
  Array.from({ length: 24_000 }, (_, id) => ({ id, name: `name ${(id * 7919) % 997}`, done: id % 3 === 0 })),
);

/** The counts so far. */
const sums = { messages: 0, bytes: 0, connections: 0, wrong: 0 };
const next = numbers(1);

function nextMessage() {
  const size = SIZES[next(SIZES.length)];
  const start = next(source.length - size);
  return source.slice(start, start + size);
}

/** Runs one connection from start to end. */
async function live(port) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`);
  const sent = [];
  let left = LIFE;
  const sendNext = () => {
    if (left-- <= 0) return;
    const message = nextMessage();
    sent.push(message);
    ws.send(message);
  };
  ws.on('open', () => {
    sums.connections++;
    for (let i = 0; i < IN_FLIGHT; i++) sendNext();
  });
  ws.on('message', (data) => {
    if (data.toString() !== sent.shift()) sums.wrong++;
    sums.messages++;
    sums.bytes += data.length;
    sendNext();
    if (sent.length === 0) ws.close(1000);
  });
  await new Promise((resolve, reject) => {
    ws.on('error', reject);
    ws.on('close', resolve);
  });
}

async function keepAlive(port) {
  for (;;) {
    await live(port);
    await setTimeout(1);
  }
}

for (let i = 0; i < task.connections; i++) {
  keepAlive(task.port).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
serveDriver({}, { sums: () => sums });
