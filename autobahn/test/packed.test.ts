// The tool as a user gets it: packed, installed by npm into an empty folder, and run by its name.
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from '@framewire/testing/child';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { parseIndex } from '../src/report/index-json.ts';
import type { AddressInfo } from 'node:net';

/** Removes the variables of the npm that runs these tests, which would affect the npm that they run. */
const env = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^npm_/i.test(name))
    .map((name) => [name, undefined]),
);
const execute = (program: string, args: string[], cwd: string) => must(program, args, cwd, env);

const source = fileURLToPath(new URL('..', import.meta.url));
const PATIENCE = 180_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-packed-'));
  await execute('npm', ['pack', '--pack-destination', folder], source);
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  // Without the network, because the tool has no dependencies.
  await execute('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, tarball)], folder);
}, PATIENCE);

afterAll(() => rm(folder, { recursive: true }));

test('the packed tool installs nothing else', async () => {
  expect((await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
    'framewire-conformance',
  ]);
});

test(
  'npx framewire-conformance tests a server of ws, and writes the page',
  { timeout: PATIENCE },
  async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const line = ['client', url, '--cases', '1.1.*,2.*,7.13.1', '--agent', 'ws', '--out', 'reports'];
    const stdout = await execute('npx', ['--offline', 'framewire-conformance', ...line], folder);
    server.close();
    expect(stdout).toContain('20 of 20 cases run: 19 OK, 1 INFORMATIONAL\n');
    const index = parseIndex(await readFile(join(folder, 'reports', 'index.json'), 'utf8'));
    expect(Object.keys(index['ws'] ?? {})).toHaveLength(20);
    expect(await readFile(join(folder, 'reports', 'index.html'), 'utf8')).toContain('drawTable()');
  },
);

test('npx framewire-conformance --help prints the help', { timeout: PATIENCE }, async () => {
  const stdout = await execute('npx', ['--offline', 'framewire-conformance', '--help'], folder);
  expect(stdout).toContain('framewire-conformance client ws://host:port');
});
