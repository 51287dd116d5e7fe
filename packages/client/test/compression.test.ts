// Which compression a client offers, and which answers it accepts, compared with ws.
import type { WebSocket } from 'ws';
import { describe, expect, test } from 'vitest';
import { OurWebSocket, record, withBoth } from './support/recorder.ts';
import { headerOf, rawServer, switching, wsServer } from './support/servers.ts';

const EXTENSIONS = 'Sec-WebSocket-Extensions';

test.each([undefined, true, false, {}, { clientMaxWindowBits: 10 }, { serverNoContextTakeover: true }])(
  'perMessageDeflate: %j offers what ws offers',
  async (perMessageDeflate) => {
    await withBoth(async (Client) => {
      let offer: string | undefined;
      const { url } = await rawServer((head, socket) => {
        offer = headerOf(head, EXTENSIONS);
        socket.destroy();
      });
      await record(new Client(url, perMessageDeflate === undefined ? {} : { perMessageDeflate })).closed;
      return [String(offer)];
    });
  },
);

test('an accepted offer compresses both ways', async () => {
  const { url, wss } = await wsServer({ perMessageDeflate: { threshold: 0 } });
  const text = 'again and again '.repeat(20);
  wss.on('connection', (ws: WebSocket) => {
    ws.on('message', (data, binary) => ws.send(data, { binary }));
  });
  const log = await withBoth((Client) => {
    const ws = new Client(url, { perMessageDeflate: { threshold: 0 } });
    const { closed } = record(ws);
    ws.on('open', () => ws.send(text));
    ws.on('message', () => ws.close());
    return closed;
  });
  expect(log).toContain(`message ${text} false [OPEN]`);
  expect(log).toContain('open protocol= extensions=permessage-deflate [OPEN]');
});

describe('an answer is accepted or rejected as in ws:', () => {
  test.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits=12',
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; unknown',
    'permessage-deflate; client_max_window_bits=9; client_max_window_bits=9',
    'x-other',
    'permessage-deflate;',
  ])('%s', async (answer) => {
    const { url } = await rawServer((head, socket) => {
      socket.write(`${switching(head, `${EXTENSIONS}: ${answer}`)}\x88\x00`, 'latin1');
    });
    const log = await withBoth((Client) => record(new Client(url)).closed);
    expect(log.at(-1)).toMatch(/^close /);
  });
});

test.each([
  [{}, 'open'],
  [{ strict: undefined }, 'open'],
  [{ strict: false }, 'open'],
  [{ strict: true }, 'error'],
])('with %o, a server that does not grant what the client asked for causes "%s"', async (strict, event) => {
  const { url } = await rawServer((head, socket) => {
    socket.write(`${switching(head, `${EXTENSIONS}: permessage-deflate`)}\x88\x00`, 'latin1');
  });
  const perMessageDeflate = { serverNoContextTakeover: true, ...strict };
  const log = await record(new OurWebSocket(url, { perMessageDeflate })).closed;
  expect(log[1]?.split(' ')[0]).toBe(event);
});

test('an answer that names the extension twice is rejected, although ws accepts the first', async () => {
  const { url } = await rawServer((head, socket) => {
    socket.write(switching(head, `${EXTENSIONS}: permessage-deflate, permessage-deflate`));
  });
  const log = await record(new OurWebSocket(url)).closed;
  expect(log[1]).toBe('error Error: Invalid Sec-WebSocket-Extensions header [CLOSING]');
});
