// Streams. What is piped to /upload is hashed as it comes; /download pipes a million lines, as fast as they are read.
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
  const stream = createWebSocketStream(ws);
  try {
    if (request.url === '/upload') {
      const hash = createHash('sha256');
      // The stream ends where the client closes the connection.
      await pipeline(stream, hash);
      console.log(`uploaded: SHA-256 ${hash.read().toString('hex')}`);
    } else if (request.url === '/download') {
      // Lines are made only as fast as the client reads them. Ending the stream closes the connection.
      await pipeline(Readable.from(lines(1_000_000)), stream);
      console.log('downloaded');
    } else {
      ws.close(1008, 'there are /upload and /download');
      stream.resume();
    }
  } catch (error) {
    // The client has gone in the middle, or broken a rule: the pipeline has destroyed the stream, and so the connection.
    console.error(`given up: ${error.message}`);
  }
});

/** Lines with a number each, a thousand of them in a chunk: each chunk becomes a message. */
function* lines(count) {
  for (let first = 1; first <= count; first += 1000) {
    let chunk = '';
    for (let number = first; number < Math.min(first + 1000, count + 1); number += 1) chunk += `${number}\n`;
    yield chunk;
  }
}

process.once('SIGINT', () => {
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
