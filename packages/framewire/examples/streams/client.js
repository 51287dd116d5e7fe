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

const stream = createWebSocketStream(new WebSocket(`${url}/${way}`));
try {
  // Written before the connection is open, it waits. Neither side holds more than the other can take.
  if (way === 'upload') {
    // Nothing comes back but the close: it has to be read all the same, or the end is not seen.
    stream.resume();
    await pipeline(process.stdin, stream);
  } else {
    await pipeline(stream, process.stdout);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
