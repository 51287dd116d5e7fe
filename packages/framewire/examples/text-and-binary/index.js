// Text and binary. The server answers a text in capitals, and bytes with their SHA-256, as bytes.
//
//   node index.js          then, in another terminal: node client.js
import { createHash } from 'node:crypto';
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));

  // Text comes as a Buffer too: isBinary says which it is.
  ws.on('message', (data, isBinary) => {
    const answer = isBinary ? createHash('sha256').update(data).digest() : data.toString().toUpperCase();
    // A string goes as text, bytes go as binary. { binary: true } or { binary: false } says otherwise.
    ws.send(answer);
    // A client that sends but does not read is not read either, until what it was sent has left.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
});

process.once('SIGINT', () => {
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
