// The exchange of compressed messages between our server and a client of any engine, under each agreement.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WebSocketServer, type WebSocket } from 'framewire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** What each client sends. Also part of {@link EXCHANGE}, so it must not use anything from outside. */
function messages(): (string | Uint8Array)[] {
  const json = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, name: `name ${id % 17}` })));
  const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 2654435761) >>> 13);
  const bytes = new TextEncoder().encode(json(400));
  const some = json(30);
  return ['', 'a', some, some, some, noise, json(5000), bytes, some, 'é'.repeat(9000), json(40000), 'end'];
}

/** The client's program: sends all kinds of messages, and compares the echoes. */
export const EXCHANGE = `
  ${messages.toString()}
  const exchange = (url) => new Promise((resolve, reject) => {
    const sent = ${messages.name}();
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
/** The result that every client must report. */
export const ALL_WELL = { extensions: 'permessage-deflate', came: 12, wrong: 0, code: 1000 };

const BOTH = 'permessage-deflate';

/** The server's options, its response to every client, and the minimum number of messages that it compresses. */
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
  ['a window of the client of 1 KiB', { clientMaxWindowBits: 10 }, `${BOTH}; client_max_window_bits=10`, 8],
  ['a dropped context', { dropContextAfter: 1, deflateOffThreadFrom: 1000 }, BOTH, 8],
] as const;

/** A client that runs in another engine. `exchange` returns what it reports, and `close` ends it. */
export interface Client {
  exchange(url: string): Promise<unknown>;
  close(): Promise<void>;
}

/** An engine that runs a program. */
export function runtime(program: string, ...args: string[]): Client {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-peers-'));
  const script = join(folder, 'client.mjs');
  writeFileSync(
    script,
    `${EXCHANGE}\nconst result = await exchange(process.argv[2]);\nconsole.log(JSON.stringify(result));\n`,
  );
  return {
    exchange: async (url) => {
      const { stdout } = await run(program, [...args, script, url], {
        env: { HOME: folder },
        timeout: 45_000,
      });
      return JSON.parse(stdout) as unknown;
    },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}

/**
 * A client in another language. Its arguments are the URL and the path of a file with the messages. Each line has `text` or `binary`, a
 * space, and the content in Base64.
 *
 * @param build prepares the program in a folder, and returns its command line
 */
export async function program(
  build: (folder: string) => Promise<readonly [string, ...string[]]>,
): Promise<Client> {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-peers-'));
  const list = join(folder, 'messages.txt');
  const lines = messages().map((data) =>
    [typeof data === 'string' ? 'text' : 'binary', Buffer.from(data).toString('base64')].join(' '),
  );
  writeFileSync(list, `${lines.join('\n')}\n`);
  const [path, ...args] = await build(folder);
  return {
    exchange: async (url) => {
      const { stdout } = await run(path, [...args, url, list], { timeout: 45_000 });
      return JSON.parse(stdout) as unknown;
    },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}

/** What is different about an engine. */
interface Traits {
  /** Whether the engine is not installed. */
  isMissing?: boolean;
  /** Whether the engine compresses messages. */
  compresses?: boolean;
  /** Whether it accepts a window of less than 15 bits that it did not request. */
  acceptsWindows?: boolean;
  /** Whether it can compress with a window of less than 15 bits. */
  limitsWindow?: boolean;
}

/** Tests the exchange with an engine under each agreement. */
export function exchanges(
  name: string,
  { isMissing = false, compresses = true, acceptsWindows = true, limitsWindow = true }: Traits,
  start: () => Client | Promise<Client>,
): void {
  const agreements = AGREEMENTS.filter(
    ([, , extensions]) =>
      (acceptsWindows || !extensions.includes('window_bits')) &&
      (limitsWindow || !extensions.includes('client_max_window_bits')),
  );
  describe.skipIf(isMissing)(name, () => {
    let client: Client;
    beforeAll(async () => {
      client = await start();
    }, 120_000);
    afterAll(() => client.close());

    test.each(agreements)(
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
