// Answers the pings of a server on idle connections.
import type { Socket } from 'node:net';
import { frameLength, pongTo } from './replies.ts';

export class Pongs {
  /** How many have been sent so far. */
  sent = 0;

  /** Answers all later pings on a socket. */
  answerOn(socket: Socket): void {
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let length; (length = frameLength(bytes)) <= bytes.length; bytes = bytes.subarray(length)) {
        const pong = pongTo(bytes.subarray(0, length));
        if (pong === undefined) continue;
        socket.write(pong);
        this.sent++;
      }
      rest = Buffer.from(bytes);
    });
  }
}
