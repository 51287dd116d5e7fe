import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { WebSocket as Client } from '@framewire/client';
import { WebSocketServer as Server } from '@framewire/server';
import * as framewire from 'framewire';
import { describe, expect, test } from 'vitest';

const { WebSocket, WebSocketServer } = framewire;

/** Runs a script with Node and the built package, and returns its output. */
async function runBuilt(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], {
    cwd: new URL('..', import.meta.url),
    // The conditions of the test runner would select the sources.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout.trim();
}

describe('the module', () => {
  test('exports the class by default and by name, with the other exports as statics', () => {
    expect(framewire.default).toBe(WebSocket);
    expect([WebSocket.WebSocket, WebSocket.WebSocketServer, WebSocket.Server]).toEqual([
      WebSocket,
      WebSocketServer,
      WebSocketServer,
    ]);
  });

  test('require() returns a class with the statics of ws and six more, and the same class names', async () => {
    const look = (name: string): Promise<string> =>
      runBuilt(`
        const WebSocket = require('${name}');
        const states = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].map((state) =>
          Object.getOwnPropertyDescriptor(WebSocket, state));
        console.log(JSON.stringify([WebSocket.name, WebSocket.Server.name, Object.keys(WebSocket).sort(), states]));`);
    const ours = await look('framewire');
    const more = [
      '"compressionStatistics",',
      '"createRefusal",',
      '"formatRefusal",',
      '"PreparedMessage",',
      '"UpgradeRefusal",',
      '"clientAddress",',
    ];
    for (const name of more) expect(ours).toContain(name);
    expect(more.reduce((text, name) => text.replace(name, ''), ours)).toBe(await look('ws'));
  });

  test('names the states as the DOM does', () => {
    expect([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED]).toEqual([0, 1, 2, 3]);
  });

  test('extends the classes of the layers below', () => {
    expect(new WebSocket(null)).toBeInstanceOf(Client);
    expect(new WebSocketServer({ noServer: true })).toBeInstanceOf(Server);
  });

  test('require() returns the class itself, the same one as import', async () => {
    expect(
      await runBuilt(`
        const required = require('framewire');
        import('framewire').then((imported) => {
          console.log(typeof required, imported.default === required, imported.WebSocketServer === required.Server);
        });`),
    ).toBe('function true true');
  });
});

describe('a server', () => {
  test('creates connections of the same class as clients', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[InstanceType<typeof WebSocket>]>;
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [connection] = await connected;
    expect(connection).toBeInstanceOf(WebSocket);
    expect(connection.url).toBeUndefined();
    const closed = once(client, 'close');
    connection.close();
    await closed;
    server.close();
    await once(server, 'close');
  });

  test('creates connections of the given class', async () => {
    class Greeting extends WebSocket {
      greet(): void {
        this.send('hello');
      }
    }
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', WebSocket: Greeting });
    server.on('connection', (ws) => {
      ws.greet();
    });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(String((await once(client, 'message'))[0])).toBe('hello');
    const closed = once(client, 'close');
    client.close();
    await closed;
    server.close();
    await once(server, 'close');
  });

  test('throws for invalid options in the constructor', () => {
    for (const args of [[{}], []] as [object][]) {
      expect(() => new WebSocketServer(...args)).toThrow(
        'One and only one of the "port", "server", or "noServer"',
      );
    }
  });
});
