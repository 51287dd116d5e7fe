// How a broker on NATS connects: its options, permissions, and servers that do not answer.
import { randomUUID } from 'node:crypto';
import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { kill } from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { connectToNats } from '@framewire/nats';
import { requirement, startNats, testCertificate } from '@framewire/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { interpose } from './support/interposed.ts';
import { natsOfTests, PATIENCE, watching } from './support/nats.ts';

/** A client without a name may do everything. Each of the others lacks a permission. */
const USERS = `
no_auth_user: everything
authorization {
  users: [
    { user: everything, password: secret }
    { user: reader, password: secret, permissions: { publish: { deny: ["framewire.>", "$JS.>"] } } }
    { user: writer, password: secret, permissions: { subscribe: { deny: "framewire.>" } } }
    { user: limited, password: secret, permissions: { subscribe: { deny: "framewire.messages.secret" } } }
  ]
}`;

describe.skipIf(requirement('nats').missing)('A broker on NATS', () => {
  const nats = natsOfTests(USERS);

  test('rejects each subscription that NATS refuses, and stays connected', async () => {
    const one = await connectToNats(
      { ...nats.servers(), user: 'limited', pass: 'secret' },
      { timeout: PATIENCE },
    );
    onTestFinished(() => one.close());
    const { listener, changes, received } = watching();
    one.listen(listener);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(one.subscribe('secret')).rejects.toThrow('Permissions Violation');
    }
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    while (received.length < 1) await turn();
    expect(changes).toEqual([]);
  });

  test('with a history, says so if the server has no JetStream', async () => {
    const plain = await startNats('', false);
    onTestFinished(() => plain.stop());
    await expect(
      connectToNats({ servers: `127.0.0.1:${plain.port}` }, { history: true, timeout: PATIENCE }),
    ).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: { message: 'NATS has no JetStream, or the stream has been removed' },
    });
  });

  test('leaves no connection open to a server that has not answered before another did', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const both = { servers: [`127.0.0.1:${port}`, nats.servers().servers], noRandomize: true };
    const one = await connectToNats(both, { timeout: 2000 });
    onTestFinished(() => one.close());
    silent.close();
    await once(silent, 'close');
    await one.publish('news', new Uint8Array(1));
    expect(hasSubscribers('net.client.socket')).toBe(false);
  });

  test('leaves no TLS connection open to a server that has not answered before another did, and keeps its own', async () => {
    const certificate = await testCertificate();
    const silent = createTlsServer(certificate, (socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { port: secured } = await interpose(nats.engine.port, certificate);
    const one = await connectToNats(
      {
        servers: [`127.0.0.1:${port}`, `127.0.0.1:${secured}`],
        noRandomize: true,
        tls: { handshakeFirst: true, ca: certificate.cert },
      },
      { timeout: 2000 },
    );
    onTestFinished(() => one.close());
    const { listener, changes } = watching();
    one.listen(listener);
    silent.close();
    await once(silent, 'close');
    await one.publish('news', new Uint8Array(1));
    expect(changes).toEqual([]);
  });

  test('keeps the sockets that an authenticator opens, and its own connection', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const opened: Socket[] = [];
    const authenticator = (): void => {
      opened.push(connectSocket(port, '127.0.0.1'));
    };
    const broker = await connectToNats({ ...nats.servers(), authenticator }, { timeout: PATIENCE });
    onTestFinished(async () => {
      await broker.close();
      for (const socket of opened) socket.destroy();
      server.close();
    });
    await broker.publish('news', new Uint8Array(1));
    expect(opened.map(({ destroyed }) => destroyed)).toEqual(opened.map(() => false));
    expect(opened).not.toHaveLength(0);
  });

  test.each([
    ['reader', {}],
    ['reader', { history: true }],
    ['writer', {}],
    ['writer', { history: true }],
  ])(
    'connectToNats() rejects for a %s, which lacks a permission that topics need, with %j',
    async (user, options) => {
      await expect(connectToNats({ ...nats.servers(), user, pass: 'secret' }, options)).rejects.toMatchObject(
        {
          code: 'WS_ERR_BROKER_UNREACHABLE',
        },
      );
    },
  );
});

test.skipIf(requirement('nats').missing || requirement('posix').missing)(
  'reports an interruption when NATS ends a subscription that its configuration no longer permits',
  async () => {
    const file = join(tmpdir(), `framewire-users-${randomUUID()}`);
    const permit = (subjects: string): void =>
      writeFileSync(
        file,
        `authorization { users: [{ user: a, password: b, permissions: { subscribe: [${subjects}] } }] }`,
      );
    permit('">"');
    onTestFinished(() => rmSync(file));
    // NATS resolves the path from its own folder, which is next to this file.
    const engine = await startNats(`include "../${basename(file)}"`);
    onTestFinished(() => engine.stop());
    const user = { servers: `127.0.0.1:${engine.port}`, user: 'a', pass: 'b' };
    const one = await connectToNats(user, { timeout: PATIENCE });
    onTestFinished(() => one.close());
    const { listener, changes } = watching();
    one.listen(listener);
    for (const topic of ['news', 'secret']) await one.subscribe(topic);
    permit('"_INBOX.>", "framewire.messages.news", "framewire.messages.==check"');
    kill(engine.pid, 'SIGHUP');
    // Whatever is under way at that moment is not refused.
    while (changes.length === 0) {
      const [call] = await Promise.allSettled([one.subscribe('news')]);
      if (call.status === 'rejected')
        expect(call.reason).toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    }
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
    await one.subscribe('news');
    await expect(one.subscribe('secret')).rejects.toThrow(/permissions violation/i);
  },
);

test('connectToNats() rejects if there is no NATS', async () => {
  const port = 1;
  // These options of the client have no effect.
  const reconnecting = { reconnect: true, waitOnFirstConnect: true };
  await expect(connectToNats({ port, ...reconnecting })).rejects.toMatchObject({
    code: 'WS_ERR_BROKER_UNREACHABLE',
  });
});

test.each([
  ['of TCP', false, false],
  ['of TCP when a TLS handshake is due', false, true],
  ['of TLS', true, true],
])(
  'connectToNats() rejects if a server accepts connections %s and does not answer',
  async (_how, isTls, handshakeFirst) => {
    const certificate = await testCertificate();
    const sockets: Socket[] = [];
    const silent = (socket: Socket): void => void sockets.push(socket.resume());
    const server = isTls ? createTlsServer(certificate, silent) : createServer(silent);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tls = handshakeFirst ? { tls: { handshakeFirst, ca: certificate.cert } } : {};
    await expect(connectToNats({ port, ...tls }, { timeout: 1000 })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    expect(sockets).toHaveLength(1);
    // Nothing is left open.
    server.close();
    await once(server, 'close');
  },
);

test.each([
  { timeout: 0 },
  { timeout: Number.NaN },
  { history: { messages: 0 } },
  { history: { milliseconds: 99 } },
  { history: { replicas: 0.5 } },
  { history: { replicas: Number.NaN } },
  { prefix: '' },
  { prefix: 'a.b' },
])('connectToNats() rejects %j', async (options) => {
  await expect(connectToNats({}, options)).rejects.toThrow(RangeError);
});
