// A peer can vanish silently: someone pulls a cable, a phone sleeps, a firewall drops the connection. With `heartbeat` the server pings
// each client that is silent, and ends the connection if the client stays silent. client.js detects a dead server in the same way.
//
//   node index.js          then, in another terminal: node client.js
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  heartbeat: {
    /** How long a client may be silent before it is pinged, in ms. */
    interval: Number(process.env.INTERVAL ?? 20_000),
    /** How long it may be silent after that. */
    timeout: Number(process.env.TIMEOUT ?? 10_000),
  },
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  // For a client that has vanished: 'The peer has not answered a ping in time'.
  ws.on('error', (error) => console.error(error.message));
  ws.on('close', (code) => console.log(`a client left with code ${code}`));
});

process.once('SIGINT', () => server.shutdown());
