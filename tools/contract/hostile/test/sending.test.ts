// Invalid arguments from a careless program: no unintended byte reaches the wire.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { upgradeRequest } from '../../src/raw.ts';
import WebSocket, { WebSocketServer } from 'framewire';
import { expect, test } from 'vitest';
import { Attacker } from '../src/attacker.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

/** What the endpoint must put on the wire for each attempt, in hex. */
const WIRE = [
  // ping(100), pong(100), send(100), send(1e21): as text
  '8903313030',
  '8a03313030',
  '8103313030',
  '810531652b3231',
  // Two floats of 0; three bytes
  '82080000000000000000',
  '8203010203',
  // An object with a length, as a list of that many elements: a missing element is 0
  `8964${'00'.repeat(100)}`,
  `8264${'00'.repeat(100)}`,
  // Data of another type, and four invalid reasons: the endpoint sends the name of each TypeError
  ...Array<string>(5).fill('8109547970654572726f72'),
  // close(1000, 'end')
  '880503e8656e64',
].join('');

test('numbers are sent as text, invalid reasons and data are TypeErrors, and nothing else is on the wire', async () => {
  for (let count = 0; count < 10; count++) {
    const attacker = await setting.victim.upgrade('/misuse');
    expect(await attacker.hear(WIRE.length / 2)).toBe(WIRE);
    attacker.sayFrame({ opcode: 0x8 });
    expect(await attacker.hearAll()).toBe('');
  }
});

const EVIL = ['\r\nX-Injected: 1', '\nX-Injected: 1', '\0', '\u{100}'];

test.each<{ title: string; make: (url: string) => WebSocket }>([
  ...EVIL.flatMap((evil) => {
    const name = JSON.stringify(evil);
    return [
      {
        title: `${name} in a header`,
        make: (url: string) => new WebSocket(url, { headers: { 'X-A': `a${evil}` } }),
      },
      {
        title: `${name} in the name of a header`,
        make: (url: string) => new WebSocket(url, { headers: { [`X-A${evil}`]: 'a' } }),
      },
      {
        title: `${name} in the origin`,
        make: (url: string) => new WebSocket(url, { origin: `https://a${evil}` }),
      },
      { title: `${name} in a subprotocol`, make: (url: string) => new WebSocket(url, [`a${evil}`]) },
    ];
  }),
])('a client with $title throws, and sends no request', async ({ make }) => {
  const server = createServer(() => expect.fail('asked')).listen(0, '127.0.0.1');
  server.on('connection', () => expect.fail('connected'));
  await once(server, 'listening');
  try {
    expect(() => make(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)).toThrow();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The answer of a server with the options and the listener of a test, and the errors that it emits. */
async function answerOf(
  options: WebSocket.ServerOptions,
  change: (lines: string[]) => void = () => {},
): Promise<{ answer: string; errors: unknown[] }> {
  const wss = new WebSocketServer({ ...options, noServer: true });
  wss.on('headers', change);
  const errors: unknown[] = [];
  wss.on('wsClientError', (error) => errors.push(error));
  const server = createServer().listen(0, '127.0.0.1');
  server.on('upgrade', (request, socket, head) => {
    wss.handleUpgrade(request, socket, head, (ws) => ws.close());
  });
  await once(server, 'listening');
  const attacker = await Attacker.connect((server.address() as AddressInfo).port);
  attacker.sayText(upgradeRequest('/', 'Sec-WebSocket-Protocol: chat'));
  const answer = attacker.hearRest();
  attacker.end();
  const text = (await answer).toString('latin1');
  await new Promise((resolve) => server.close(resolve));
  return { answer: text, errors };
}

test.each<{ title: string; options: WebSocket.ServerOptions; change?: (lines: string[]) => void }>(
  EVIL.flatMap((evil) => {
    const name = JSON.stringify(evil);
    const refuse =
      (headers: Record<string, string>): WebSocket.VerifyClientCallbackAsync =>
      (_info, decide) =>
        decide(false, 401, 'no', headers);
    return [
      { title: `${name} in a line of headers`, options: {}, change: (lines) => lines.push(`X-A: a${evil}`) },
      { title: `${name} in a subprotocol`, options: { handleProtocols: () => `chat${evil}` } },
      {
        title: `${name} in a header of a refusal`,
        options: { verifyClient: refuse({ 'X-A': `a${evil}` }) },
      },
      {
        title: `${name} in the name of a header of a refusal`,
        options: { verifyClient: refuse({ [`X-A${evil}`]: 'a' }) },
      },
    ];
  }),
)('a server with $title answers 500, and emits the error', async ({ options, change }) => {
  const { answer, errors } = await answerOf(options, change);
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer).not.toMatch(/X-A|X-Injected|chat|\u0100|\0/);
  expect(errors).toEqual([expect.any(Error)]);
});

test('the message of a refusal is only in its body, whatever it contains', async () => {
  const text = 'no\r\n\r\nHTTP/1.1 200 OK\r\nX-Injected: 1\r\n\r\n';
  const { answer } = await answerOf({ verifyClient: (_info, decide) => decide(false, 401, text) });
  const [head = ''] = answer.split('\r\n\r\n', 1);
  expect(head).toContain(`\r\nContent-Length: ${text.length}`);
  expect(answer).toBe(`${head}\r\n\r\n${text}`);
});
