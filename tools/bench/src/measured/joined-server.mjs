// One of several servers that a broker joins. The URL of a client names the topic that it publishes or subscribes to. The server sends
// the client a message when it may begin.
import { createServer } from 'node:http';
import process from 'node:process';

const task = JSON.parse(process.argv.at(-1));
const HOST = '127.0.0.1';
const READY = 'ready'.padEnd(64);

function announce(server) {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ question }) => {
    if (question !== 'cpu') return;
    const { user, system } = process.cpuUsage();
    process.send({ cpu: user + system });
  });
  process.send({ port: server.address().port });
}

/** The topic and the role in the URL of a client. */
function queryOf(url) {
  const query = new URL(url, 'ws://host').searchParams;
  return { topic: query.get('topic'), isPublisher: query.get('role') === 'publisher' };
}

async function brokerOf({ broker, port, history }) {
  if (broker === 'redis') {
    const [{ connectToRedis }, { createClient }] = await Promise.all([
      import('@framewire/redis'),
      import('redis'),
    ]);
    return connectToRedis(createClient({ socket: { port } }), { history });
  }
  if (broker === 'nats') {
    const { connectToNats } = await import('@framewire/nats');
    return connectToNats({ servers: `${HOST}:${port}` }, { history });
  }
  const { connectToHub } = await import('@framewire/topics/processes');
  return connectToHub();
}

async function framewire() {
  const [{ Topics }, { WebSocketServer }] = await Promise.all([
    import('@framewire/topics'),
    import('framewire'),
  ]);
  const topics = new Topics({ broker: await brokerOf(task) });
  const server = new WebSocketServer({ host: HOST, port: 0 });
  server.on('connection', async (ws, request) => {
    const { topic, isPublisher } = queryOf(request.url);
    if (isPublisher) ws.on('message', (data, binary) => void topics.publish(topic, data, { binary }));
    else await topics.subscribe(ws, topic);
    ws.send(READY);
  });
  server.on('listening', () => announce(server));
}

async function socketIo() {
  const [{ Server }, { createAdapter }, { createClient }] = await Promise.all([
    import('socket.io'),
    import('@socket.io/redis-adapter'),
    import('redis'),
  ]);
  const clients = [1, 2].map(() => createClient({ socket: { port: task.port } }));
  await Promise.all(clients.map((client) => client.connect()));
  const server = createServer();
  // The interval is so long that no ping of socket.io arrives during the measurement.
  const io = new Server(server, {
    adapter: createAdapter(...clients),
    transports: ['websocket'],
    pingInterval: 600_000,
  });
  io.on('connection', async (socket) => {
    const { topic, isPublisher } = queryOf(socket.request.url);
    if (isPublisher) socket.on('m', (text) => io.to(topic).emit('m', text));
    else await socket.join(topic);
    socket.emit('m', READY);
  });
  server.listen(0, HOST, () => announce(server));
}

/**
 * The floor: the broker's client, and sockets that forward frames unchanged. As in framewire, everything that a subscriber receives in a
 * turn is one write.
 */
async function raw() {
  const FRAME = 66;
  const { publish, subscribe } = await (task.broker === 'redis' ? rawRedis() : rawNats());
  const subscribers = new Map();
  const deliver = (topic, frame) => {
    for (const socket of subscribers.get(topic)) {
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      socket.write(frame);
    }
  };
  const server = createServer();
  server.on('upgrade', async ({ url }, socket) => {
    const { topic, isPublisher } = queryOf(url);
    socket.setNoDelay(true).on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    if (isPublisher) {
      let rest = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let at = 0;
        for (; at + FRAME <= bytes.length; at += FRAME) publish(topic, bytes.subarray(at, at + FRAME));
        rest = bytes.subarray(at);
      });
    } else if (subscribers.has(topic)) subscribers.get(topic).add(socket);
    else {
      subscribers.set(topic, new Set([socket]));
      await subscribe(topic, (frame) => deliver(topic, frame));
    }
    socket.on('close', () => subscribers.get(topic)?.delete(socket)).resume();
    socket.write(Buffer.concat([Buffer.from([0x81, READY.length]), Buffer.from(READY)]));
  });
  server.listen(0, HOST, () => announce(server));
}

async function rawRedis() {
  const { createClient } = await import('redis');
  // A time limit for each command costs more than the rest.
  const options = { socket: { port: task.port }, commandOptions: { timeout: 0 } };
  const [commands, subscriptions] = [1, 2].map(() => createClient(options));
  await Promise.all([commands.connect(), subscriptions.connect()]);
  return {
    publish: (topic, frame) => void commands.sPublish(topic, frame),
    subscribe: (topic, listener) => subscriptions.sSubscribe(topic, listener, true),
  };
}

async function rawNats() {
  const { connect } = await import('@nats-io/transport-node');
  const connection = await connect({ servers: `${HOST}:${task.port}` });
  return {
    publish: (topic, frame) => connection.publish(topic, frame),
    subscribe(topic, listener) {
      connection.subscribe(topic, { callback: (_error, message) => listener(message.data) });
      return connection.flush();
    },
  };
}

await { framewire, 'socket.io': socketIo, raw }[task.library]();
