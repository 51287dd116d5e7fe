// Listeners of a WebSocket: each event with each method of Node and of the DOM.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

const ws = new WebSocket('ws://127.0.0.1:1/');

ws.on('open', function () {
  // `this` is the WebSocket.
  this.send('hello');
});
ws.on('message', function (data, isBinary) {
  const text: string = data.toString();
  this.send(isBinary ? data : text, { binary: isBinary });
});
ws.on('message', function message(data: WebSocket.RawData) {
  console.log('received: %s', data);
});
ws.on('message', (data: Buffer) => data.byteLength);
ws.on('message', (data: ArrayBuffer) => data.byteLength);
ws.on('message', (data: Buffer[]) => Buffer.concat(data));
ws.on('close', (code, reason) => console.log(code.toFixed(), reason.toString('utf8')));
ws.on('error', console.error);
ws.on('error', (error: Error & { code?: string }) => error.code);
ws.on('upgrade', (response) => response.headers['x-header']);
ws.on('ping', (data) => ws.pong(data));
ws.on('pong', (data) => data.readUInt8(0));
for (const event of ['ping', 'pong'] as const) ws.on(event, (data) => data.length);
ws.on('redirect', (url, request) => {
  if (url.startsWith('wss:')) request.removeHeader('authorization');
});
ws.on('unexpected-response', (request, response) => {
  response.resume();
  request.destroy();
});
// An event that the program defines.
const own = Symbol('own');
ws.on(own, (first: number, second: string) => console.log(first + second.length));
ws.on('heartbeat', function () {
  this.ping();
});
ws.emit('heartbeat');
ws.emit('message', Buffer.from('data'), false);
ws.emit('close', 1000, Buffer.from(''));

ws.once('open', () => ws.close());
ws.once('message', (data, isBinary) => [data, isBinary]);
ws.once('close', (code: number, reason: Buffer) => [code, reason]);
ws.once('error', (error) => error.message);
ws.once('upgrade', (response: IncomingMessage) => response.statusCode);
ws.once('ping', (data: Buffer) => data);
ws.once('redirect', (url: string, request: ClientRequest) => [url, request]);
ws.once('unexpected-response', (_request, { statusCode }) => statusCode);
ws.once('heartbeat', (beat: number) => beat);

const onMessage = (data: WebSocket.RawData, isBinary: boolean): void => console.log(data, isBinary);
const onClose = (code: number, reason: Buffer): void => console.log(code, reason);
ws.addListener('message', onMessage)
  .addListener('close', onClose)
  .addListener('pong', (data) => data);
ws.removeListener('message', onMessage).removeListener('close', onClose);
ws.off('message', onMessage)
  .off('close', onClose)
  .off('heartbeat', () => undefined);
ws.addListener('open', () => undefined).addListener('error', (error) => error.name);
ws.addListener('upgrade', ({ headers }) => headers).addListener('redirect', (url) => url.length);
ws.addListener('unexpected-response', (request, response) => [request.path, response.statusCode]);
ws.removeAllListeners('message');

ws.onopen = () => undefined;
ws.onopen = (event) => event.target.send('hello');
ws.onmessage = ({ data, type, target }) => {
  if (typeof data === 'string') target.send(data + type);
  else if (data instanceof ArrayBuffer) target.send(data);
  else if (Array.isArray(data)) target.send(Buffer.concat(data));
  else target.send(data.subarray(1));
};
ws.onerror = (event: WebSocket.ErrorEvent) => console.log(event.error.code, event.message);
ws.onclose = (event: WebSocket.CloseEvent) => console.log(event.code, event.reason, event.wasClean);
ws.onclose = null;

const onEvent = (event: WebSocket.MessageEvent): WebSocket.Data => event.data;
ws.addEventListener('open', (event) => event.target.readyState);
ws.addEventListener('message', onEvent);
ws.addEventListener('message', ({ data }) => data, { once: true });
ws.addEventListener('error', ({ error, message }) => [error.code, message]);
ws.addEventListener('close', {
  handleEvent: ({ code, reason, wasClean }) => console.log(code, reason, wasClean),
});
ws.removeEventListener('message', onEvent);

const listening: WebSocket.EventListenerOptions = { once: true };
const made: WebSocket.MessageEvent = { data: 'text', type: 'message', target: ws };
export const events: (WebSocket.Event | keyof WebSocket.WebSocketEventMap)[] = [made, 'open'];
export const listened = { listening, type: made.type };

/** Distinguishes the three kinds of data. */
export function toBuffer(data: WebSocket.RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return data;
}
