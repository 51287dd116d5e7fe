import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testCertificate } from '@framewire/testing';

describe('The test certificate', () => {
  test('is created once in a process', async () => {
    expect(await testCertificate()).toBe(await testCertificate());
  });

  test('is for localhost and the loopback addresses, and nothing else', async () => {
    const certificate = new X509Certificate((await testCertificate()).cert);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
  });

  test.each(['localhost', '127.0.0.1'])(
    'is trusted by a client that has it as its CA and connects to %s',
    async (host) => {
      const { key, cert } = await testCertificate();
      const server = createServer({ key, cert }, (socket) => socket.end('hello'));
      onTestFinished(() => void server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const servername = host === 'localhost' ? host : '';
      const client = connect({ host: '127.0.0.1', port, ca: cert, servername });
      const [data] = (await once(client, 'data')) as [Buffer];
      expect(data.toString()).toBe('hello');
      expect(client.authorized).toBe(true);
      client.destroy();
    },
  );
});
