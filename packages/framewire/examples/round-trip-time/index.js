// The server measures the round-trip time. With `heartbeat`, each ping carries its time, and `latency` is the last round trip. The server
// sends each client its own. client.js measures it from the other side.
//
//   node index.js          then, in another terminal: node client.js
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  // The server pings a client only while the client is silent.
  heartbeat: { interval: Number(process.env.INTERVAL ?? 1000) },
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('pong', () => {
    // Undefined while the client has only sent pongs that answer no ping.
    if (ws.latency !== undefined) ws.send(JSON.stringify({ roundTrip: ws.latency }));
  });
});

process.once('SIGINT', () => server.shutdown());
