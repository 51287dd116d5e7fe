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
 * Whether a stream only reads what it is given, as a socket does that leads to the kernel or encrypts. Any other may hand the very
 * bytes on to somebody who changes them.
 */
export function onlyReads(stream: Duplex): boolean {
  return isPlainSocket(stream) || isTlsSocket(stream);
}

/** Whether a stream is a TLS socket, over whatever stream. */
export function isTlsSocket(stream: Duplex & { readonly encrypted?: unknown }): boolean {
  return stream.encrypted === true && stream instanceof Socket;
}
