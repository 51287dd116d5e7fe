// Compression with peers that are not ours, nor of `ws`: browsers, Bun, and the client that Node has built in.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { bunBinary, launchChromium, launchFirefox, requirement } from '@framewire/testing';
import { WebSocket, WebSocketServer } from 'framewire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** What a client of any engine does: sends all kinds of messages, and compares what comes back. */
const EXCHANGE = `
  const exchange = (url) => new Promise((resolve, reject) => {
    const json = (count) => JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, name: 'name ' + id % 17 })));
    const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 2654435761) >>> 13);
    const sent = ['', 'a', json(30), json(30), json(30), noise, json(5000), new TextEncoder().encode(json(400)), json(30),
      'é'.repeat(9000), json(40000), 'end'];
    const ws = new WebSocket(url);
    ws.binaryType = 'arraybuffer';
    let next = 0;
    let wrong = 0;
    const isSame = (data, other) => typeof other === 'string' ? data === other
      : data.byteLength === other.length && new Uint8Array(data).every((byte, i) => byte === other[i]);
    ws.onopen = () => sent.forEach((message) => ws.send(message));
    ws.onmessage = ({ data }) => {
      if (!isSame(data, sent[next++])) wrong++;
      if (next === sent.length) ws.close(1000);
    };
    ws.onerror = () => reject(new Error('failed after ' + next));
    ws.onclose = ({ code }) => resolve({ extensions: ws.extensions.split(';')[0], came: next, wrong, code });
  });`;
/** What all of them must find. */
const ALL_WELL = { extensions: 'permessage-deflate', came: 12, wrong: 0, code: 1000 };

const BOTH = 'permessage-deflate';

/** What our server is set to, what it answers to all of them, and how many messages it compresses at least. */
const AGREEMENTS = [
  ['takeover', true, BOTH, 8],
  ['no takeover', 'shared', `${BOTH}; server_no_context_takeover; client_no_context_takeover`, 4],
  [
    'takeover by the client alone',
    { serverNoContextTakeover: true },
    `${BOTH}; server_no_context_takeover`,
    4,
  ],
  [
    'takeover by the server alone',
    { clientNoContextTakeover: true },
    `${BOTH}; client_no_context_takeover`,
    8,
  ],
  ['windows of 1 KiB', { serverMaxWindowBits: 10 }, `${BOTH}; server_max_window_bits=10`, 8],
  ['windows of 512 bytes', { serverMaxWindowBits: 9 }, `${BOTH}; server_max_window_bits=9`, 8],
  ['windows of 256 bytes', { serverMaxWindowBits: 8 }, `${BOTH}; server_max_window_bits=8`, 8],
  ['a dropped context', { dropContextAfter: 1, deflateOffThreadFrom: 1000 }, BOTH, 8],
] as const;

let folder: string;
let script: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-peers-'));
  script = join(folder, 'client.mjs');
  writeFileSync(
    script,
    `${EXCHANGE}\nconst result = await exchange(process.argv[2]);\nconsole.log(JSON.stringify(result));\n`,
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A client of some engine: what it found. Ends with `close`. */
interface Client {
  exchange(url: string): Promise<unknown>;
  close(): Promise<void>;
}

function runtime(program: string, ...args: string[]): Client {
  return {
    exchange: async (url) => {
      const { stdout } = await run(program, [...args, script, url], {
        env: { HOME: folder },
        timeout: 45_000,
      });
      return JSON.parse(stdout) as unknown;
    },
    close: () => Promise.resolve(),
  };
}

/** A page of a browser, of either kind of driver. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
}

/** A browser, of either kind of driver. */
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

async function browser(launch: () => Promise<Browser>): Promise<Client> {
  const http = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Compression</title>');
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const launched = await launch();
  const page = await launched.newPage();
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  return {
    exchange: (url) => page.evaluate(`(() => { ${EXCHANGE}\n return exchange('${url}'); })()`),
    close: async () => {
      await launched.close();
      http.closeAllConnections();
      http.close();
    },
  };
}

/** By name: whether it is missing here, whether it compresses what it sends, and how it starts. */
const clients: [string, boolean, boolean, () => Client | Promise<Client>][] = [
  [
    'the client of Node',
    false,
    false,
    () => runtime(process.execPath, '--experimental-websocket', '--no-warnings'),
  ],
  ['Bun', false, true, () => runtime(bunBinary())],
  ['Chromium', requirement('chromium').missing, true, () => browser(launchChromium)],
  ['Firefox', requirement('firefox').missing, true, () => browser(launchFirefox)],
];

for (const [name, isMissing, compresses, start] of clients) {
  describe.skipIf(isMissing)(name, () => {
    let client: Client;
    beforeAll(async () => {
      client = await start();
    }, 120_000);
    afterAll(() => client.close());

    test.each(AGREEMENTS)(
      'exchanges compressed messages with our server, set to %s',
      async (_agreement, perMessageDeflate, extensions, least) => {
        const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate });
        await once(server, 'listening');
        const answer = once(server, 'headers') as Promise<[string[]]>;
        const ended = (async () => {
          const [ws] = (await once(server, 'connection')) as [WebSocket];
          ws.on('message', (data, isBinary) => {
            ws.send(data, { binary: isBinary });
          });
          await once(ws, 'close');
          return ws.compression!;
        })();
        const { port } = server.address() as AddressInfo;
        expect(await client.exchange(`ws://127.0.0.1:${port}/`)).toEqual(ALL_WELL);
        expect((await answer)[0]).toContain(`Sec-WebSocket-Extensions: ${extensions}`);
        const { sent, received } = await ended;
        expect(sent.messages).toBeGreaterThanOrEqual(least);
        expect(received.messages > 0).toBe(compresses);
        server.close();
        await once(server, 'close');
      },
      60_000,
    );
  });
}

describe('a server of Bun', () => {
  const SERVER = `
    const server = Bun.serve({
      port: 0, hostname: '127.0.0.1',
      fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 400 })),
      websocket: { perMessageDeflate: JSON.parse(process.argv[2]), message: (ws, data) => void ws.send(data, true) },
    });
    console.log(server.port);`;

  test.each([
    ['true', true],
    ['true', 'shared'],
    ['{"compress":"shared","decompress":"shared"}', true],
    ['{"compress":"16KB","decompress":"16KB"}', { clientMaxWindowBits: 10 }],
  ] as const)(
    'set to %s exchanges compressed messages with our client, set to %j',
    async (theirs, perMessageDeflate) => {
      const path = join(folder, 'server.mjs');
      writeFileSync(path, SERVER);
      const server = spawn(bunBinary(), [path, theirs], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as string[];
        const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate });
        await once(client, 'open');
        expect(client.extensions).toBe('permessage-deflate');
        const json = JSON.stringify(
          Array.from({ length: 300 }, (_, id) => ({ id, name: `name ${id % 17}` })),
        );
        const sent = ['', 'a', json, json, 'é'.repeat(9000), json.repeat(20), json, 'end'];
        const received: string[] = [];
        client.on('message', (data: Buffer) => received.push(data.toString()));
        for (const message of sent) client.send(message);
        while (received.length < sent.length) await once(client, 'message');
        expect(received).toEqual(sent);
        const statistics = client.compression!;
        expect(statistics.sent.messages).toBeGreaterThan(4);
        expect(statistics.received.messages).toBeGreaterThan(4);
        client.terminate();
        await once(client, 'close');
      } finally {
        server.kill();
        await once(server, 'exit');
      }
    },
  );
});
