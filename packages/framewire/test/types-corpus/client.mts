// Clients as programs written for `ws` create them: each constructor, option, method and overload.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import WebSocket, { createWebSocketStream } from 'ws';

const address = 'ws://127.0.0.1:1/';

export const byString = new WebSocket(address);
export const byUrl = new WebSocket(new URL(address), 'chat');
export const byProtocols = new WebSocket(address, ['chat', 'superchat'], { origin: 'https://example.com' });
export const byOptions = new WebSocket(address, { perMessageDeflate: false });
export const byRequestArgs = new WebSocket(address, {
  auth: 'user:password',
  timeout: 5,
} satisfies http.ClientRequestArgs);
export const unconnected = new WebSocket(null);

const options: WebSocket.ClientOptions = {
  protocol: 'chat',
  followRedirects: true,
  generateMask(mask: Buffer) {
    mask.fill(0);
  },
  handshakeTimeout: 1000,
  maxRedirects: 3,
  perMessageDeflate: { threshold: 1024, concurrencyLimit: 10, clientNoContextTakeover: true },
  localAddress: '127.0.0.1',
  protocolVersion: 13,
  headers: { Cookie: 'a=b' },
  origin: 'https://example.com',
  agent: new http.Agent({ keepAlive: true }),
  host: 'example.com',
  family: 4,
  checkServerIdentity(servername: string, cert: WebSocket.CertMeta) {
    return servername.length > 0 && cert.length > 0;
  },
  rejectUnauthorized: false,
  allowSynchronousEvents: false,
  autoPong: true,
  maxPayload: 1024 * 1024,
  maxBufferedChunks: 0,
  maxFragments: 0,
  skipUTF8Validation: true,
  createConnection: net.createConnection,
  ca: readFileSync('/dev/null'),
  cert: 'certificate',
  key: [Buffer.from('key')],
  finishRequest(request, ws) {
    request.setHeader('X-Late', ws.url);
    request.end();
  },
};
options.headers = { ...options.headers, Authorization: 'Basic x' };
export const secure = new WebSocket('wss://127.0.0.1:1/', options);
export const throughAgent = new WebSocket('wss://127.0.0.1:1/', { agent: new https.Agent() });

const finish: WebSocket.FinishRequestCallback = (request: http.ClientRequest, ws: WebSocket) => {
  ws.once('open', () => request.destroy());
};
export const finished = new WebSocket(address, { finishRequest: finish });

const ws = byString;

// The states, on the class and on the instance.
const states: number[] = [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED];
states.push(ws.CONNECTING, ws.OPEN, ws.CLOSING, ws.CLOSED);
export const isOpen: boolean = ws.readyState === WebSocket.OPEN;
export const told: [string, string, string, number, boolean] = [
  ws.url,
  ws.protocol,
  ws.extensions,
  ws.bufferedAmount,
  ws.isPaused,
];
export const state: 0 | 1 | 2 | 3 = ws.readyState;
ws.binaryType = 'arraybuffer';
ws.binaryType = 'fragments';
ws.binaryType = 'nodebuffer';

// Everything that can be sent.
const bytes = new Uint8Array([1, 2, 3]);
for (const data of ['text', 7, Buffer.from('b'), bytes, bytes.buffer, new DataView(bytes.buffer), [1, 2]]) {
  ws.send(data);
}
ws.send(new Float32Array(1));
ws.send(new Blob(['blob']));
ws.send(new SharedArrayBuffer(1));
ws.send({ valueOf: () => 'text' });
ws.send({ [Symbol.toPrimitive]: () => 'text' });
ws.send('text', (error) => {
  if (error) console.error(error.message);
});
ws.send('text', (error?: Error) => error?.stack);
ws.send('text', { mask: true, binary: false, compress: true, fin: true });
ws.send(bytes, { binary: true }, (error) => error?.message);

const anything: unknown = JSON.parse('{}');
ws.ping();
ws.ping('data');
ws.ping(anything);
ws.ping(bytes, true, (error: Error) => error);
ws.pong();
ws.pong(undefined, false, () => undefined);
ws.pong(Buffer.from('data'), true, (error) => error);

ws.pause();
ws.resume();
ws.close();
ws.close(1000);
ws.close(1000, 'done');
ws.close(4000, Buffer.from('done'));
ws.terminate();

const duplex = createWebSocketStream(ws, { encoding: 'utf8', readableObjectMode: true });
duplex.pipe(process.stdout);
process.stdin.pipe(createWebSocketStream(ws));
