// Pipes its input to the server, or what the server has to its output.
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
// A stream ends with its connection, however that ends: only a close frame says that all has come, or gone.
const closed = new Promise((resolve) => ws.once('close', resolve));
try {
  // Written before the connection is open, it waits. Neither side holds more than the other can take.
  if (way === 'upload') {
    // Nothing comes back but the close: it has to be read all the same, or the end is not seen.
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
