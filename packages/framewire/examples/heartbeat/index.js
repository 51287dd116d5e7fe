// A peer can vanish without a word: a cable is pulled, a phone sleeps, a firewall forgets. The server pings each client and
// ends those that have not answered by the next round. client.js finds a dead server by the absence of those pings.
//
//   node index.js          then, in another terminal: node client.js
import { WebSocketServer } from 'framewire';

/** How often each client is asked, in ms. One that has not answered by the next time is gone. */
const EVERY_MS = Number(process.env.EVERY_MS ?? 30_000);

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

/** The clients that have been asked and have not answered. */
const silent = new Set();

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  // Whatever comes from a client shows that it lives, but only pongs come for certain.
  ws.on('pong', () => silent.delete(ws));
  ws.on('close', (code) => {
    silent.delete(ws);
    console.log(`a client has gone with ${code}`);
  });
});

const timer = setInterval(() => {
  for (const ws of server.clients) {
    // No close(): there is nobody to answer it.
    if (silent.has(ws)) ws.terminate();
    else {
      silent.add(ws);
      // Does nothing when the client is closing.
      ws.ping();
    }
  }
}, EVERY_MS);

process.once('SIGINT', () => {
  clearInterval(timer);
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
