// Pipes standard input to the server, or the data of the server to standard output.
//
//   node client.js upload|download [ws://127.0.0.1:8080]
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, WebSocket } from 'framewire';

const [way, url = 'ws://127.0.0.1:8080'] = process.argv.slice(2);
if (way !== 'upload' && way !== 'download') {
  console.error('Usage: node client.js upload|download [URL]');
  process.exit(2);
}

const ws = new WebSocket(`${url}/${way}`);
const stream = createWebSocketStream(ws);
// The stream ends when the connection ends, even if it was cut. Only a close frame shows that all data has arrived.
const closed = new Promise((resolve) => ws.once('close', resolve));
try {
  // Data that is written before the connection is open waits. Back-pressure limits what each side buffers.
  if (way === 'upload') {
    // The server sends no data, but the stream must be read: otherwise it never reaches its end.
    stream.resume();
    await pipeline(process.stdin, stream);
  } else {
    await pipeline(stream, process.stdout);
  }
  if ((await closed) === 1006) throw new Error('the connection was cut');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
