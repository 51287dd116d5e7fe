// An echo of many short messages without a library, which shows what JavaScript on Node's sockets can reach. It reads frames in place,
// reports them with `emit()`, encodes replies into one slab and writes it once for each chunk. It checks no rule of the protocol.
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { acceptingHead } from './accept.mjs';
import { serveDriver } from './control.mjs';

// The constructor that `subarray()` uses, without its checks.
const View = Buffer[Symbol.species];
const SLAB_SIZE = 64 * 1024;
const FIN_TEXT = 0x81;
const HEADER = 6;

let slab = Buffer.allocUnsafeSlow(SLAB_SIZE);

class Connection extends EventEmitter {
  #socket;
  #rest = Buffer.alloc(0);
  #end = 0;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
  }

  /** Emits all messages of a chunk. Each has at most 125 bytes. */
  #read(data) {
    const chunk = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    const { buffer, byteOffset, length } = chunk;
    // A chunk starts at the start of its memory, or at least at a multiple of four.
    const words = new Int32Array(buffer, byteOffset, length >> 2);
    let offset = 0;
    while (offset + HEADER <= length) {
      const start = offset + HEADER;
      const end = start + (chunk[offset + 1] & 0x7f);
      if (end > length) break;
      unmask(chunk, words, start, end);
      this.emit('message', new View(buffer, byteOffset + start, end - start));
      offset = end;
    }
    this.#rest = chunk.subarray(offset);
    this.#flush();
  }

  send(payload) {
    if (this.#end + payload.length + 2 > SLAB_SIZE) this.#flush();
    slab[this.#end] = FIN_TEXT;
    slab[this.#end + 1] = payload.length;
    slab.set(payload, this.#end + 2);
    this.#end += 2 + payload.length;
  }

  #flush() {
    if (this.#end === 0) return;
    this.#socket.write(slab.subarray(0, this.#end));
    this.#end = 0;
    // Pending bytes are still in the slab.
    if (this.#socket.writableLength > 0) slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
  }
}

/** Unmasks four octets at a time, and single ones at both ends. */
function unmask(chunk, words, start, end) {
  let key = chunk[start - 4] | (chunk[start - 3] << 8) | (chunk[start - 2] << 16) | (chunk[start - 1] << 24);
  let i = start;
  for (; (i & 3) !== 0 && i < end; i++) {
    chunk[i] ^= key;
    key = (key >>> 8) | (key << 24);
  }
  for (; i + 3 < end; i += 4) words[i >> 2] ^= key;
  for (; i < end; i++, key >>>= 8) chunk[i] ^= key;
}

const server = createServer().on('upgrade', (request, socket) => {
  socket.setNoDelay();
  socket.write(acceptingHead(request.headers['sec-websocket-key']));
  const connection = new Connection(socket);
  connection.on('message', (payload) => connection.send(payload));
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  serveDriver({ port: server.address().port, runtime: `Node ${process.versions.node}` });
});
