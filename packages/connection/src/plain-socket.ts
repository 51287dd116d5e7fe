// What becomes of bytes that a stream is given: whether it only reads them, and when it has let go of them.
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

// As Node makes them. A tool that puts its own in their place may keep the bytes for later.
/* eslint-disable @typescript-eslint/unbound-method -- they are compared, never called */
const { _write, _writev } = Socket.prototype;
const { write } = Duplex.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/**
 * Whether a stream is a TCP or IPC socket as Node makes it, of which `writableLength === 0` right after a write proves that the
 * kernel has the bytes. A TLS socket or any other stream may still read them, and so may whoever has put a `write` of his own
 * in the place of Node's, at whatever time: to be asked anew for each write.
 */
export function isPlainSocket(socket: Duplex): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    socket.write === write &&
    socket._write === _write &&
    socket._writev === _writev
  );
}

/**
 * Whether a stream hands on what it is given in a turn of its own. Any other may do so at once, to somebody who answers at once,
 * so that more is sent while something is being sent.
 */
export function handsOnLater(stream: Duplex & { readonly encrypted?: unknown }): boolean {
  return isPlainSocket(stream) || (isSocket(stream) && stream.encrypted === true);
}

/** Whether a stream is a socket of any kind, which reads what it is given; another may hand the very bytes on to somebody who changes them. */
export function isSocket(stream: Duplex): boolean {
  return stream instanceof Socket;
}
