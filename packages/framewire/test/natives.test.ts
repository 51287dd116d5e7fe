// The optional native modules: used if installed and not disabled, never required. Each case runs in a process of its own, in a folder in
// which the built packages are installed.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const packages = fileURLToPath(new URL('../../', import.meta.url));
const NATIVES = ['bufferutil', 'utf-8-validate'] as const;
type Native = (typeof NATIVES)[number];

/** Echoes short and long texts and bytes, masked and unmasked. Prints a digest of them and the native modules that were loaded. */
const SCRIPT = `
  import { createHash } from 'node:crypto';
  import { once } from 'node:events';
  import { createRequire } from 'node:module';
  import { WebSocket, WebSocketServer } from 'framewire';

  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })));
  await once(server, 'listening');
  const ws = new WebSocket('ws://127.0.0.1:' + server.address().port, { generateMask: (mask) => mask.fill(0x5a) });
  await once(ws, 'open');
  const digest = createHash('sha256');
  for (const message of ['é', 'é'.repeat(40_000), Buffer.alloc(1000, 7), Buffer.alloc(100_000, 7)]) {
    ws.send(message);
    const [data, isBinary] = await once(ws, 'message');
    digest.update(data).update(String(isBinary));
  }
  const connection = [...server.clients][0];
  connection.on('error', ({ code }) => digest.update(code));
  // Invalid UTF-8 must be detected with and without the native modules.
  ws.send(Buffer.concat([Buffer.alloc(2000, 'a'), Buffer.of(0xff)]), { binary: false });
  const [code] = await once(ws, 'close');
  server.close();
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  const natives = ['bufferutil', 'utf-8-validate'].filter((name) => loaded.some((file) => file.includes(name)));
  console.log(digest.digest('hex').slice(0, 16), code, natives.join() || 'none');
`;

/** The packages that the umbrella consists of. */
const LAYERS = ['codec', 'handshake', 'deflate', 'permessage-deflate', 'connection', 'client', 'server'];
const folders = new Map<string, string>();
/** The digest without native modules. */
let digest: string;

/** A folder with the built packages and the given native modules. */
function installed(natives: readonly Native[]): string {
  const known = folders.get(natives.join());
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'framewire-natives-'));
  folders.set(natives.join(), folder);
  for (const name of [...LAYERS, 'framewire']) {
    const target = join(folder, 'node_modules', name === 'framewire' ? name : `@framewire/${name}`);
    mkdirSync(target, { recursive: true });
    for (const part of ['dist', 'package.json']) {
      cpSync(join(packages, name, part), join(target, part), { recursive: true });
    }
  }
  for (const name of natives) link(folder, name, dirname(require.resolve(`${name}/package.json`)));
  writeFileSync(join(folder, 'script.mjs'), SCRIPT);
  return folder;
}

function link(folder: string, name: string, target: string): void {
  symlinkSync(target, join(folder, 'node_modules', name), 'junction');
}

/** The output of the script: digest, close code, and the native modules that were loaded. */
async function outputWith(natives: readonly Native[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['script.mjs'], {
    cwd: installed(natives),
    env: { PATH: process.env['PATH'], ...env },
  });
  return stdout.trim();
}

beforeAll(async () => {
  [digest = ''] = (await outputWith([])).split(' ');
});

afterAll(() => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true });
});

describe('installed', () => {
  test.each<[natives: Native[], used: string]>([
    [[], 'none'],
    [['bufferutil'], 'bufferutil'],
    // Node validates UTF-8 itself with `buffer.isUtf8()`. Like ws, we do not load the module.
    [['utf-8-validate'], 'none'],
    [['bufferutil', 'utf-8-validate'], 'bufferutil'],
  ])('%j: delivers the same messages, using %s', async (natives, used) => {
    expect(await outputWith(natives)).toBe(`${digest} 1007 ${used}`);
  });
});

describe('switched off', () => {
  test.each<[variables: string[], used: string]>([
    [[], 'bufferutil'],
    [['WS_NO_BUFFER_UTIL'], 'none'],
    [['WS_NO_UTF_8_VALIDATE'], 'bufferutil'],
    [['WS_NO_BUFFER_UTIL', 'WS_NO_UTF_8_VALIDATE'], 'none'],
  ])('by %j: delivers the same messages, using %s', async (variables, used) => {
    const env = Object.fromEntries(variables.map((name) => [name, '1']));
    expect(await outputWith(NATIVES, env)).toBe(`${digest} 1007 ${used}`);
  });
});
