// The examples with certificates and proxies.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement, testCertificate } from '@framewire/testing';
import { createProxy } from 'proxy';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Example } from '../src/example.ts';
import { Talker } from '../src/talker.ts';

let folder: string;
/** The paths of the certificate for localhost, as the examples read them. */
let env: Record<string, string>;
let ca: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-examples-'));
  const { key, cert } = await testCertificate();
  ca = cert;
  env = { CERT: join(folder, 'cert.pem'), KEY: join(folder, 'key.pem') };
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('https-server', () => {
  test.each(['framewire', 'ws'] as const)('talks over TLS, to the client of %s', async (client) => {
    const [, url] = await Example.serve('https-server', { env });
    const talker = await Talker.connect(url, { ca }, client);
    talker.ws.send('hello');
    expect(await talker.next()).toBe('hello');
  });

  test('is not trusted by a client without its certificate', async () => {
    const [, url] = await Example.serve('https-server', { env });
    await expect(Talker.connect(url)).rejects.toThrow('self-signed certificate');
  });
});

describe('tls', () => {
  let certificates: string;
  beforeAll(() => {
    certificates = join(folder, 'certificates');
  });

  test('accepts a client by its certificate, and no other client', async () => {
    const maker = Example.start('tls', { program: 'make-certificates.js', args: [certificates] });
    expect(await maker.exitCode()).toBe(0);
    const options = { env: { CERTIFICATES: certificates } };
    const [server, url] = await Example.serve('tls', options);

    const client = Example.start('tls', { ...options, program: 'client.js', args: [url] });
    expect(await client.exitCode()).toBe(0);
    expect(client.output).toBe('hello, alice\n');

    // First no certificate, then one that another authority has signed.
    const authority = readFileSync(join(certificates, 'authority.pem'));
    await expect(Talker.connect(url, { ca: authority })).rejects.toThrow();
    await server.printed(/^rejected: ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE$/m);
    const { key, cert } = await testCertificate();
    await expect(Talker.connect(url, { ca: authority, key, cert })).rejects.toThrow();
    await server.printed(/^rejected: (?!ERR_SSL_PEER_DID_NOT)/m);
    if (!requirement('posix').missing) expect(await server.stop('SIGINT')).toBe(0);
  });

  test('has a client that trusts no other server', async () => {
    const maker = Example.start('tls', { program: 'make-certificates.js', args: [certificates] });
    expect(await maker.exitCode()).toBe(0);
    const [, url] = await Example.serve('https-server', { env });
    const client = Example.start('tls', {
      env: { CERTIFICATES: certificates },
      program: 'client.js',
      args: [url],
    });
    expect(await client.exitCode()).toBe(1);
    expect(client.output).toContain('self-signed certificate');
  });
});

describe('through-a-proxy', () => {
  /** Starts an HTTP proxy. Returns its URL, and the addresses that clients connect to through it. */
  async function startProxy(authenticate?: () => boolean): Promise<[url: string, tunnels: string[]]> {
    const tunnels: string[] = [];
    const proxy = createProxy(createServer()) as Server & { authenticate?: () => boolean };
    if (authenticate) proxy.authenticate = authenticate;
    proxy.on('connect', ({ url = '' }) => tunnels.push(url));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => {
      proxy.close();
      proxy.closeAllConnections();
    });
    return [`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, tunnels];
  }

  test('talks to a server through the proxy', async () => {
    const [, url] = await Example.serve('simple-server');
    const [proxy, tunnels] = await startProxy();
    const client = Example.start('through-a-proxy', { args: [url], env: { HTTPS_PROXY: proxy } });
    await client.printed(/^connected to ws:\S+ through 127\.0\.0\.1:\d+$/m);
    await client.printed(/^welcome$/m);
    client.type('one line\nand another\n');
    await client.printed(/^one line\nand another$/m);
    client.endInput();
    expect(await client.exitCode()).toBe(0);
    expect(tunnels).toEqual([new URL(url).host]);
  });

  test.skipIf(requirement('posix').missing)('also talks over TLS through the proxy', async () => {
    const [, url] = await Example.serve('https-server', { env });
    const [proxy, tunnels] = await startProxy();
    const client = Example.start('through-a-proxy', {
      args: [url],
      env: { HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: env['CERT']! },
    });
    client.type('hello\n');
    await client.printed(/^hello$/m);
    expect(await client.stop('SIGINT')).toBe(0);
    expect(tunnels).toEqual([new URL(url).host]);
  });

  test('reports a proxy that requires a password, and a missing proxy', async () => {
    const [proxy] = await startProxy(() => false);
    const refused = Example.start('through-a-proxy', {
      args: ['ws://127.0.0.1:1'],
      env: { HTTPS_PROXY: proxy },
    });
    expect(await refused.exitCode()).toBe(1);
    expect(refused.output).toBe('Unexpected server response: 407\n');
    const lost = Example.start('through-a-proxy', { env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
    expect(await lost.exitCode()).toBe(1);
    expect(lost.output).toContain('ECONNREFUSED');
  });
});
