// A client that sends to a sink as fast as the sink reads. It uses the class of framewire, ws, undici or the runtime, or a raw socket
// with frames that were masked in advance.
import { connect } from 'node:net';
import process from 'node:process';
import { setImmediate } from 'node:timers';
import { serveDriver, task } from './control.mjs';
import { clientPayload } from './texts.mjs';

const { library, url, size, count: batch } = task;
const payload = clientPayload(size);

/** Opens each kind of client. Returns a function that sends a batch, and one that sets the listener for the sink's answers. */
const opened = {
  /** `ws`, and libraries with its interface. */
  async wsLike() {
    const { WebSocket } = await import(library);
    const ws = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    ws.on('close', onClose);
    return { onAnswer: (listener) => ws.on('message', listener), sendBatch: () => sendEach(ws) };
  },
  async standard(WebSocket) {
    const ws = new WebSocket(url);
    await new Promise((resolve, reject) => Object.assign(ws, { onopen: resolve, onerror: reject }));
    ws.onclose = onClose;
    return { onAnswer: (listener) => (ws.onmessage = listener), sendBatch: () => sendEach(ws) };
  },
  async net() {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
    socket.on('close', onClose);
    const frames = Buffer.concat(Array.from({ length: batch }, maskedFrame));
    return { onAnswer: (listener) => socket.on('data', listener), sendBatch: () => socket.write(frames) };
  },
};

/** The sink closes the connection of a client that sends a wrong message. */
function onClose() {
  complain('the sink has closed the connection');
}

function complain(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function sendEach(ws) {
  for (let i = 0; i < batch; i++) ws.send(payload);
}

/** A masked binary frame (RFC 6455 §5.2), with a masking key of zeros. */
function maskedFrame() {
  const header = Buffer.alloc(size < 126 ? 6 : size < 65_536 ? 8 : 14);
  header[0] = 0x82;
  header[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (size >= 65_536) header.writeBigUInt64BE(BigInt(size), 2);
  else if (size >= 126) header.writeUInt16BE(size, 2);
  return Buffer.concat([header, payload]);
}

async function open() {
  // If the peer must use bufferutil and it is not installed, this fails.
  if (task.bufferutil) await import('bufferutil');
  if (library === 'net') return opened.net();
  if (library === 'undici') return opened.standard((await import('undici')).WebSocket);
  if (library === 'own' && globalThis.WebSocket === undefined) {
    complain(`Node ${process.versions.node} has no WebSocket of its own`);
  }
  if (library === 'own') return opened.standard(globalThis.WebSocket);
  return opened.wsLike();
}

const { onAnswer, sendBatch } = await open();
let answered = () => {};
// The next batch starts outside of the handler, because the scenario measures sending, not answering.
onAnswer(() => setImmediate(answered));

/** Sends batch after batch, each after the sink has received the one before. Returns the number of messages and the time. */
function run(milliseconds) {
  return new Promise((resolve) => {
    const began = performance.now();
    let messages = 0;
    answered = () => {
      messages += batch;
      const spent = performance.now() - began;
      if (spent >= milliseconds) resolve({ messages, seconds: spent / 1000 });
      else sendBatch();
    };
    sendBatch();
  });
}

const runtimes = { bun: 'Bun', deno: 'Deno' };
const name = Object.keys(runtimes).find((key) => process.versions[key] !== undefined);
serveDriver(
  {
    port: 0,
    runtime: name ? `${runtimes[name]} ${process.versions[name]}` : `Node ${process.versions.node}`,
  },
  { run },
);
