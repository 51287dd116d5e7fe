// Streams. /upload hashes data while it arrives. /download sends a million lines, as fast as the client reads them.
//
//   node index.js          then, in another terminal: node client.js upload < some-file
//                                                     node client.js download > lines.txt
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, WebSocketServer } from 'framewire';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', async (ws, request) => {
  const way = ways.get(request.url);
  if (way === undefined) {
    ws.on('error', (error) => console.error(error.message));
    ws.close(1008, 'there are /upload and /download');
    return;
  }
  // The stream ends when the connection ends, even if it was cut. Only a close frame shows that all data has arrived.
  const closed = new Promise((resolve) => ws.once('close', resolve));
  try {
    const result = await way(createWebSocketStream(ws));
    const code = await closed;
    if (code === 1006) throw new Error('the connection was cut');
    console.log(result);
  } catch (error) {
    // The client disconnected too early or broke a rule. The pipeline has destroyed its streams.
    console.error(`failed: ${error.message}`);
  }
});

const ways = new Map([
  ['/upload', upload],
  ['/download', download],
]);

async function upload(stream) {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return `uploaded: SHA-256 ${hash.read().toString('hex')}`;
}

async function download(stream) {
  // Lines are created only as fast as the client reads them. Ending the stream closes the connection.
  await pipeline(Readable.from(lines(1_000_000)), stream);
  return 'downloaded';
}

/** Yields numbered lines, a thousand in each chunk. Each chunk becomes a message. */
function* lines(count) {
  for (let first = 1; first <= count; first += 1000) {
    let chunk = '';
    for (let number = first; number < Math.min(first + 1000, count + 1); number += 1) chunk += `${number}\n`;
    yield chunk;
  }
}

process.once('SIGINT', () => server.shutdown());
