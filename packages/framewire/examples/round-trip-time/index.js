// The round-trip time, measured by the server: a ping that holds its time comes back in the pong. Each client is told its own.
// client.js measures it from the other side.
//
//   node index.js          then, in another terminal: node client.js
import { WebSocketServer } from 'framewire';

const EVERY_MS = 1000;

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));

  /** When the ping that is on its way was sent, and by which it is known: undefined for none. */
  let ping;
  let count = 0;
  const measure = () => {
    // One at a time: pings to a client that does not answer would only pile up.
    if (ping !== undefined) return;
    count += 1;
    ping = { id: String(count), sentAt: performance.now() };
    ws.ping(ping.id);
  };
  ws.on('pong', (data) => {
    // A client may send pongs that nobody asked for.
    if (data.toString() !== ping?.id) return;
    const milliseconds = performance.now() - ping.sentAt;
    ping = undefined;
    ws.send(JSON.stringify({ roundTrip: Number(milliseconds.toFixed(3)) }));
  });

  measure();
  const timer = setInterval(measure, EVERY_MS);
  ws.on('close', () => clearInterval(timer));
});

process.once('SIGINT', () => {
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
