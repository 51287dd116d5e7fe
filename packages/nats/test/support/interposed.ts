// A server between a broker and NATS that can hold, or change, what the broker sends.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TestCertificate } from '@framewire/testing';
import { onTestFinished } from 'vitest';

type Action = (bytes: Buffer) => Promise<unknown>;

export interface Interposed {
  readonly port: number;
  /**
   * Before the next bytes that contain a text are passed on, runs an action with them. If the action resolves to a string, that is passed on
   * instead.
   */
  beforeNext(text: string, action: Action): void;
}

/**
 * Starts the server. It ends with the test.
 *
 * @param port the port of NATS
 * @param certificate that of a server whose connections start with a TLS handshake, which NATS offers since 2.10.4. Default: no TLS
 */
export async function interpose(port: number, certificate?: TestCertificate): Promise<Interposed> {
  let trap: { readonly text: string; readonly action: Action } | undefined;
  const sockets: Socket[] = [];
  const passOn = async (bytes: Buffer, upstream: Socket): Promise<void> => {
    const caught = trap !== undefined && bytes.includes(trap.text) ? trap : undefined;
    if (caught !== undefined) trap = undefined;
    const changed = await caught?.action(bytes);
    upstream.write(typeof changed === 'string' ? Buffer.from(changed, 'latin1') : bytes);
  };
  const serve = (client: Socket): void => {
    const upstream = connect(port, '127.0.0.1');
    sockets.push(client, upstream);
    let passed = Promise.resolve();
    client.on('data', (bytes: Buffer) => {
      passed = passed.then(() => passOn(bytes, upstream));
    });
    upstream.on('data', (bytes: Buffer) => {
      client.write(certificate === undefined ? bytes : withTls(bytes));
    });
    client.on('error', ignore).on('close', () => upstream.destroy());
    upstream.on('error', ignore).on('close', () => client.destroy());
  };
  const server = certificate === undefined ? createServer(serve) : createTlsServer(certificate, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    beforeNext: (text, action) => {
      trap = { text, action };
    },
  };
}

/** Changes the first message of the server, so that it announces TLS. Returns other bytes unchanged. */
function withTls(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  return Buffer.from(text.replace(/^INFO \{/, '$&"tls_required":true,'), 'latin1');
}

function ignore(): void {}
