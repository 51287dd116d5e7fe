// A process with one of several servers. It subscribes its clients to topics, and publishes what they send.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import { connectToNats } from '@framewire/nats';
import { connectToRedis } from '@framewire/redis';
import { BrokerError, Topics, type Broker } from '@framewire/topics';
import { WebSocketServer, type WebSocket } from 'framewire';
import { createClient } from 'redis';
import type { Reply, Request, Way } from './protocol.ts';

const [, , redisPort, natsPort] = process.argv;
const troubles: string[] = [];

const redis = createClient({ socket: { host: '127.0.0.1', port: Number(redisPort) } });
const nats = { servers: `127.0.0.1:${natsPort}` };
/** Long enough for the longest run. */
const history = { messages: 1000, milliseconds: 3_600_000 };
/** The tests start Redis with `appendfsync always`. */
const durable = { ...history, durable: true };
/** Long, because a busy machine is slow to answer. The broker notices a killed engine without it. */
const timeout = 60_000;
const topics: Readonly<Record<Way, Topics>> = {
  redis: topicsOn(await connectToRedis(redis, { timeout })),
  'redis-history': topicsOn(await connectToRedis(redis, { history: durable, timeout })),
  nats: topicsOn(await connectToNats(nats, { timeout })),
  'nats-history': topicsOn(await connectToNats(nats, { history, timeout })),
};

function topicsOn(broker: Broker): Topics {
  return new Topics({
    broker,
    // More than the clients publish concurrently.
    maxQueued: 2 ** 20,
    encode: (data, { epoch, offset }) =>
      JSON.stringify({ ...(JSON.parse(data.toString()) as object), epoch, offset }),
    onMissed: (topic) => troubles.push(`messages of ${topic} are missing`),
  });
}

const http = createServer((_request, response) => response.end());
const server = new WebSocketServer({ server: http });

server.on('connection', (ws) => {
  ws.on('error', ({ message }) => troubles.push(message));
  ws.on('message', (data: Buffer) => {
    const { id, ...request } = JSON.parse(data.toString()) as Request & { readonly id: number };
    handle(ws, request).then(
      (reply) => send(ws, { id, ...reply }),
      (error: unknown) => send(ws, { id, error: codeOf(error) }),
    );
  });
});

async function handle(ws: WebSocket, request: Request): Promise<Omit<Reply, 'id'>> {
  if ('publish' in request) {
    const { way, topic } = request.publish;
    await topics[way].publish(topic, JSON.stringify(request.publish));
    return {};
  }
  const { subscribe, way, since } = request;
  const { recovered, position } = await topics[way].subscribe(ws, subscribe, { since });
  return { recovered, ...(position && { position }) };
}

function send(ws: WebSocket, reply: Reply): void {
  if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(reply));
}

answer({
  async listen() {
    http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(http, 'listening');
    return (http.address() as AddressInfo).port;
  },
  connections: () => server.clients.size,
  troubles: () => troubles,
});

function codeOf(error: unknown): string {
  return error instanceof BrokerError ? error.code : String(error);
}
