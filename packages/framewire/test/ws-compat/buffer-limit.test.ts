// maxBufferedAmount also applies to frames that the program encodes itself.
import { Duplex } from 'node:stream';
import { Sender, WebSocket } from 'framewire';
import { expect, test } from 'vitest';

test('a frame of _sender ends the connection if more than maxBufferedAmount bytes wait', async () => {
  // The other end reads nothing.
  const stuck = new Duplex({ read() {}, write() {} });
  const ws = new WebSocket(null, undefined, { maxBufferedAmount: 99 });
  ws.setSocket!(stuck, Buffer.alloc(0), { role: 'server' });
  const codes: unknown[] = [];
  ws.on('error', (error: Error & { code?: string }) => codes.push(error.code));
  const closed = new Promise((resolve) => ws.on('close', resolve));
  const frame = Sender.frame(Buffer.alloc(98), { opcode: 2, fin: true });
  const send = (): Promise<Error | undefined> =>
    new Promise((resolve) => ws._sender?.sendFrame(frame, resolve));
  void send();
  // The peer has had the chance to read.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(ws.readyState).toBe(WebSocket.OPEN);
  const { message } = (await send()) ?? {};
  expect(message).toBe('Max buffered amount exceeded');
  expect(await closed).toBe(1006);
  expect(codes).toEqual(['WS_ERR_BUFFERED_AMOUNT_EXCEEDED']);
});
