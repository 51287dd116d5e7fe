// The client's half: a server that has not pinged for longer than it should is dead, and the connection with it. Pings are
// answered without any code of ours.
//
//   node client.js [ws://127.0.0.1:8080]
import { WebSocket } from 'framewire';

/** The server's interval, and what the network may take on top, in ms. */
const PATIENCE_MS = Number(process.env.EVERY_MS ?? 30_000) + Number(process.env.GRACE_MS ?? 1000);

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080', { handshakeTimeout: 10_000 });

let timer;
/** Begins the wait anew. */
function heard() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    console.log('the server is dead');
    // close() would wait for an answer that does not come.
    ws.terminate();
  }, PATIENCE_MS);
}

ws.on('open', heard);
ws.on('ping', () => {
  console.log('the server lives');
  heard();
});
ws.on('error', (error) => console.error(error.message));
ws.on('close', (code) => {
  clearTimeout(timer);
  console.log(`closed with ${code}`);
});

process.once('SIGINT', () => ws.close(1000));
