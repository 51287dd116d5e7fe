// Upgrade requests that try to crash the server, to keep it busy, to be accepted although they are invalid, or to hide another request.
import { describe, expect, test } from 'vitest';
import { head, KEY, upgradeRequest } from '../../src/raw.ts';
import { MiB } from '../src/frames.ts';
import { underAttack } from './support.ts';

const setting = underAttack();

/** The status of the answer to a raw request. */
async function statusOf(request: string, port?: number): Promise<string> {
  const attacker = await setting.victim.connect(port);
  attacker.sayText(request);
  const status = (await attacker.hearHead()).slice(9, 12);
  attacker.end();
  return status;
}

describe('a name that every object has', () => {
  const names = ['constructor', '__proto__', 'hasOwnProperty', 'toString', 'prototype'];

  test.each(names)('is an unknown extension: %s', async (name) => {
    for (const value of [name, `${name}; ${name}=${name}`, `permessage-deflate, ${name}`]) {
      expect(await statusOf(upgradeRequest('/deflate', `Sec-WebSocket-Extensions: ${value}`))).toBe('101');
    }
  });

  test.each(names)('is an unknown parameter: %s', async (name) => {
    const offer = `Sec-WebSocket-Extensions: permessage-deflate; ${name}`;
    expect(await statusOf(upgradeRequest('/deflate', offer))).toBe('400');
  });

  test.each(names)('is a header or a subprotocol like any other: %s', async (name) => {
    const request = upgradeRequest('/echo', `${name}: ${name}`, `Sec-WebSocket-Protocol: ${name}`);
    expect(await statusOf(request)).toBe('101');
  });
});

describe('the cost of a header grows linearly with its length:', () => {
  const fillings = [
    ' ',
    '\t',
    'a',
    ',',
    ';',
    '"',
    '\\',
    '"\\',
    'a;',
    'a,',
    'a=',
    'a="b";',
    'permessage-deflate,',
    'permessage-deflate;a',
    'a; b="\\',
  ];
  const fields = [
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Key',
    'Upgrade',
    'Origin',
  ];

  /** The CPU time of twenty requests: four for each field, with a value of the given length in that field. */
  async function workOf(filling: string, length: number): Promise<number> {
    const value = filling.repeat(Math.ceil(length / filling.length)).slice(0, length);
    const before = await setting.victim.work();
    for (const field of fields) {
      for (let count = 0; count < 4; count++) {
        // A letter at each end, so that spaces are not trimmed before they reach our parsers.
        await statusOf(upgradeRequest('/deflate', `${field}: a${value}a`));
      }
    }
    return (await setting.victim.work()) - before;
  }

  test.each(fillings)('many %j', async (filling) => {
    await workOf(filling, 1024);
    const short = Math.max(await workOf(filling, 8 * 1024), 20_000);
    const long = await workOf(filling, 64 * 1024);
    // The length is eight times as much. With a quadratic cost, the CPU time would be sixty-four times as much.
    expect(long / short).toBeLessThan(24);
  });
});

describe('a head that is too large', () => {
  test('with more than 2,000 headers is refused if Node drops a required one', async () => {
    const many = Array.from({ length: 2_100 }, (_, index) => `X-${index}: a`);
    // The headers of the handshake come last, so Node drops them.
    const request = head(
      'GET /echo HTTP/1.1',
      ...many,
      ...upgradeRequest('/echo').split('\r\n').slice(1, -2),
    );
    expect(await statusOf(request)).toBe('400');
    for (const name of ['Upgrade', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Protocol']) {
      const others = upgradeRequest('/echo')
        .split('\r\n')
        .slice(1, -2)
        .filter((line) => !line.startsWith(name));
      const more = many.slice(0, 2_000 - others.length);
      const dropped = `${name}: ${name === 'Sec-WebSocket-Key' ? KEY : 'a,a'}`;
      const status = await statusOf(head('GET /echo HTTP/1.1', ...others, ...more, dropped));
      expect([name, status]).toEqual([name, name === 'Sec-WebSocket-Protocol' ? '101' : '400']);
    }
  });

  test("is refused with 431 on the server's own port", async () => {
    const request = upgradeRequest('/', `X-Large: ${'x'.repeat(32 * 1024)}`);
    expect(await statusOf(request, setting.victim.ports.own)).toBe('431');
  });

  test('without an end is refused as soon as it is too long, and its memory is freed', async () => {
    for (const [port, bytes] of [
      [setting.victim.ports.own, 16 * 1024],
      [setting.victim.ports.heads, 64 * 1024],
    ] as const) {
      const attacker = await setting.victim.connect(port);
      const answered = attacker.hearHead();
      await attacker.pour(Buffer.from(`GET / HTTP/1.1\r\nX-Endless: ${'x'.repeat(bytes)}`));
      expect((await answered).slice(9, 12)).toBe('431');
    }
    expect((await setting.victim.growth()).held).toBeLessThan(4 * MiB);
  });
});

describe('a head that arrives a byte at a time', () => {
  test.each([
    { title: 'a long header', of: (filling: string) => upgradeRequest('/', `X-Long: ${filling}`) },
    { title: 'a long name', of: (filling: string) => upgradeRequest('/', `${filling}: a`) },
    { title: 'a long target', of: (filling: string) => upgradeRequest(`/${filling}`) },
  ])('has linear cost in our parser, at 64 KiB as at 8 KiB: $title', async ({ of }) => {
    const [small, large] = [of('x'.repeat(8 * 1024)), of('x'.repeat(64 * 1024))];
    await setting.victim.costOfHead(small, 80);
    const short = await setting.victim.costOfHead(small, 80);
    const long = await setting.victim.costOfHead(large, 10);
    // Each byte is copied when it arrives, and again each time the memory is doubled.
    for (const [{ copied }, { length }] of [
      [short, small],
      [long, large],
    ] as const) {
      expect(copied).toBeLessThan(4 * length);
    }
    // Both parse the same number of bytes in all. With a quadratic cost, the long heads would take eight times as much.
    expect(long.work / Math.max(short.work, 20_000)).toBeLessThan(4);
  });

  test.each(['own', 'heads'] as const)('is parsed correctly, at a linear cost (%s)', async (port) => {
    const workOf = async (length: number): Promise<number> => {
      const attacker = await setting.victim.connect(setting.victim.ports[port]);
      const before = await setting.victim.work();
      const request = upgradeRequest('/long', `X-Long: ${'x'.repeat(length)}`);
      await attacker.pour(Buffer.from(request), 1);
      expect(await attacker.hear(9)).toBe(
        Buffer.from(port === 'own' ? 'HTTP/1.1 ' : 'whole: /l').toString('hex'),
      );
      return (await setting.victim.work()) - before;
    };
    await workOf(1000);
    const short = Math.max(await workOf(1_500), 20_000);
    const long = await workOf(12_000);
    expect(long / short).toBeLessThan(24);
  });
});

describe('only a page whose origin is listed can connect:', () => {
  test.each([
    ['https://example.com', '101'],
    ['https://evil.example', '403'],
    ['https://example.com.evil.example', '403'],
    ['http://example.com', '403'],
    ['null', '403'],
    ['', '403'],
    [undefined, '403'],
  ])('the origin %s gets %s', async (origin, status) => {
    const lines = origin === undefined ? [] : [`Origin: ${origin}`];
    expect(await statusOf(upgradeRequest('/page', ...lines))).toBe(status);
  });
});

describe('a request that follows a refused upgrade', () => {
  const wrong = (name: string, value: string, path = '/echo'): string =>
    upgradeRequest(path).replace(new RegExp(`^${name}: .*$`, 'm'), `${name}: ${value}`);

  test.each<{ title: string; request: string; status: string }>([
    { title: '405', request: upgradeRequest('/echo').replace('GET', 'POST'), status: '405' },
    { title: '400 for its key', request: wrong('Sec-WebSocket-Key', 'x'), status: '400' },
    { title: '400 for its version', request: wrong('Sec-WebSocket-Version', '777'), status: '400' },
    { title: '400 for its upgrade', request: wrong('Upgrade', 'h2c'), status: '400' },
    { title: '400 for its path', request: upgradeRequest('/nowhere'), status: '400' },
    { title: '401', request: upgradeRequest('/refused'), status: '401' },
    { title: '401, later', request: upgradeRequest('/late'), status: '401' },
    { title: '403', request: upgradeRequest('/page'), status: '403' },
    { title: '503', request: upgradeRequest('/undecided'), status: '503' },
    { title: '418 of a listener', request: wrong('Sec-WebSocket-Key', 'x', '/answered'), status: '418' },
  ])('is never read: $title ends the connection', async ({ request, status }) => {
    const attacker = await setting.victim.connect();
    attacker.sayText(`${request}GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const answer = (await attacker.hearRest()).toString('latin1');
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
    expect(await setting.victim.requests()).not.toContain('/hidden');
    await setting.victim.attackersAreGone();
  });
});

test('of servers that share an HTTP server, only the one with the path of a request answers it', async () => {
  for (const [path, status] of [
    ['/echo', '101'],
    ['/small', '101'],
    ['/nowhere', '400'],
  ] as const) {
    const attacker = await setting.victim.connect();
    attacker.sayText(upgradeRequest(path));
    const first = await attacker.hearHead();
    attacker.sayFrame({ opcode: 0x8 });
    const answers = `${first}${(await attacker.hearRest()).toString('latin1')}`.match(/HTTP\/1\.1 \d+/g);
    expect([path, answers]).toEqual([path, [`HTTP/1.1 ${status}`]]);
  }
});
