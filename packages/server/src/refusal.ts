// How an upgrade is refused: a short HTTP response, and the end of the connection.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { formatRefusal, type Refusal } from '@framewire/handshake';

/**
 * Answers with the refusal and ends the connection: whatever the client sends behind a refused upgrade is never read as
 * another request.
 */
export function refuse(socket: Duplex, refusal: Refusal): void {
  socket.once('finish', destroy);
  socket.end(Buffer.from(formatRefusal(refusal)));
}

/** Until a connection has its owner, an error on its socket is nobody's: the socket goes, the process lives. */
export function destroyOnError(socket: Duplex): void {
  socket.on('error', destroy);
}

/** The socket has an owner now. */
export function leaveErrors(socket: Duplex): void {
  socket.removeListener('error', destroy);
}

function destroy(this: Duplex): void {
  this.destroy();
}
