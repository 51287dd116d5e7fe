// The answers of idle connections to the pings of a server.
import type { Socket } from 'node:net';
import { frameLength, pongTo } from './replies.ts';

/** Answers all pings that come on these sockets. Returns a function that says how many have been answered so far. */
export function answerPings(sockets: readonly Socket[]): () => number {
  let answered = 0;
  for (const socket of sockets) {
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let length; (length = frameLength(bytes)) <= bytes.length; bytes = bytes.subarray(length)) {
        const pong = pongTo(bytes.subarray(0, length));
        if (pong === undefined) continue;
        socket.write(pong);
        answered++;
      }
      rest = Buffer.from(bytes);
    });
  }
  return () => answered;
}
