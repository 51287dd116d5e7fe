// Text and binary data. The server answers text with the text in capitals, and bytes with their SHA-256 as bytes.
//
//   node index.js          then, in another terminal: node client.js
import { createHash } from 'node:crypto';
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));

  // Text also arrives as a Buffer. `isBinary` distinguishes the two.
  ws.on('message', (data, isBinary) => {
    const answer = isBinary ? createHash('sha256').update(data).digest() : data.toString().toUpperCase();
    // A string is sent as text, and bytes are sent as binary data, unless the option `binary` is set.
    ws.send(answer);
    // If the client does not read the answers, stop reading its messages until the answers have been written.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
});

process.once('SIGINT', () => server.shutdown());
