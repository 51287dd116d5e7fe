// A server in a process or thread of its own. It publishes what its clients send, and sends its port to its parent. On request, it checks
// the brokers of its process.
import { once } from 'node:events';
import process from 'node:process';
import { parentPort } from 'node:worker_threads';

// A thread does not inherit the TypeScript loader of its parent.
if (parentPort !== null && !process.env.FRAMEWIRE_BUILT) (await import('tsx/esm/api')).register();
const { Topics } = await import('@framewire/topics');
const { brokerContract } = await import('@framewire/topics/contract');
const { connectToHub } = await import('@framewire/topics/processes');
const { WebSocketServer } = await import('framewire');

const topics = new Topics({ broker: await connectToHub() });
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', async (ws) => {
  ws.on('message', (data, isBinary) => {
    topics.publish('news', data, { binary: isBinary }).catch((error) => ws.send(error.code));
  });
  await topics.subscribe(ws, 'news');
  ws.send('subscribed');
});
await once(server, 'listening');
const { port } = server.address();
if (parentPort === null) process.send({ port });
else parentPort.postMessage({ port });

process.on('message', async (message) => {
  if (message !== 'check the contract') return;
  const failures = [];
  const cases = brokerContract({ connect: () => connectToHub(), hasHistory: true, overflow: 100 });
  for (const { title, run } of cases) {
    await run().catch((error) => failures.push(`${title}: ${error.message}`));
  }
  process.send({ failures, count: cases.length });
});
