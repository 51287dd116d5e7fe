// Refuses an upgrade: sends a short HTTP response and ends the connection.
import type { Duplex } from 'node:stream';
import { clearDeadline, isAttached, setDeadline } from '@framewire/connection';
import { formatRefusal, type Refusal } from '@framewire/handshake';

/**
 * Sends the refusal and ends the connection, so that data after a refused upgrade is never read as another request.
 *
 * @param closeTimeout how long writing the response may take, in ms. If the client does not read, it would otherwise never end
 */
export function refuse(socket: Duplex, refusal: Refusal, closeTimeout: number): void {
  const response = formatRefusal(refusal);
  // If the socket has become a WebSocket connection in the meantime, an HTTP response would break it.
  if (socket.destroyed || isAttached(socket)) return;
  const deadline = setDeadline(closeTimeout, destroy, socket);
  socket.once('close', () => clearDeadline(deadline));
  destroyWhenWritten(socket);
  // The application may have sent its own answer.
  if (!socket.writableEnded) socket.end(response);
}

/** Destroys the socket after everything is written, so that a peer that keeps its side open cannot hold the socket. */
export function destroyWhenWritten(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy();
  else socket.once('finish', () => destroy(socket));
}

/** Makes an error destroy the socket until a connection owns it. Without a listener, the error would be an uncaught exception. */
export function destroyOnError(socket: Duplex): void {
  if (!socket.listeners('error').includes(onError)) socket.on('error', onError);
}

/** Removes the listener of {@link destroyOnError}, because the connection now handles errors. */
export function removeErrorListener(socket: Duplex): void {
  socket.removeListener('error', onError);
}

/** Runs application code for a request. If it throws, nothing else answers the client, so the socket is destroyed. */
export function destroyOnThrow(socket: Duplex, ask: () => void): void {
  try {
    ask();
  } catch (error) {
    if (!isAttached(socket)) socket.destroy();
    throw error;
  }
}

/** @throws `Error` if the socket already carries a WebSocket, because any other write would break that connection */
export function requireUnattached(socket: Duplex): void {
  if (!isAttached(socket)) return;
  throw new Error(
    'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
  );
}

function onError(this: Duplex): void {
  this.destroy();
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
