// Every example: on SIGINT, its server closes the connections and exits. The index names each example.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement, testCertificate } from '@framewire/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Example, exampleNames, EXAMPLES } from '../src/example.ts';
import { Talker } from '../src/talker.ts';

/** How to connect to each server. An example without a server is left out. */
const SERVERS: Record<string, { path?: string; headers?: Record<string, string> } | undefined> = {
  'text-and-binary': {},
  'simple-server': {},
  'https-server': {},
  'several-servers': { path: '/echo' },
  'client-authentication': { headers: { authorization: 'Bearer alice-token' } },
  broadcast: { path: '/all' },
  'round-trip-time': {},
  streams: { path: '/upload' },
  'peer-address': {},
  heartbeat: {},
  'server-stats': { path: '/stats' },
};

/** The examples that other tests stop, because they need more than these options or have no server. */
const STOPPED_ELSEWHERE = ['chat-on-many-servers', 'production', 'session-login', 'through-a-proxy', 'tls'];

test('every example is stopped by a test', () => {
  expect([...Object.keys(SERVERS), ...STOPPED_ELSEWHERE].sort()).toEqual(exampleNames());
});

test('every example is in the index', () => {
  const index = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const linked = [...index.matchAll(/\]\(([\w-]+)\/index\.js\)/g)].map(([, name]) => name);
  expect(linked.sort()).toEqual(exampleNames());
});

test.skipIf(requirement('posix').missing).each(Object.entries(SERVERS))(
  '%s closes its connections with 1001 and exits on SIGINT',
  async (name, server) => {
    const folder = mkdtempSync(join(tmpdir(), 'framewire-examples-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { key, cert } = await testCertificate();
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const env = { CERT: join(folder, 'cert.pem'), KEY: join(folder, 'key.pem') };

    const [example, url] = await Example.serve(name, { env });
    const { path = '', headers = {} } = server ?? {};
    const talker = await Talker.connect(url.replace('http:', 'ws:') + path, { headers, ca: cert });
    expect(await example.stop('SIGINT')).toBe(0);
    expect((await talker.closed)[0]).toBe(1001);
  },
);
