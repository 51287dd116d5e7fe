// Sends a text and some bytes, prints the answers, and closes the connection.
//
//   node client.js [ws://127.0.0.1:8080]
import { WebSocket } from 'framewire';

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080');

ws.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});

ws.on('open', () => {
  ws.send('grüße');
  // Any container of bytes works: Buffer, Uint8Array or another view, ArrayBuffer, Blob.
  ws.send(new Uint8Array([1, 2, 3]));
});

let answers = 0;
ws.on('message', (data, isBinary) => {
  console.log(isBinary ? `bytes: ${data.toString('hex')}` : `text: ${data.toString()}`);
  answers += 1;
  if (answers === 2) ws.close(1000);
});
