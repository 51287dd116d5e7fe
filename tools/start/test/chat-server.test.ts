/** The server against Node clients: the protocol on the wire, and what it refuses. */

import { once } from 'node:events';
import { get, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startChatServer } from '../src/chat-server.ts';
import { isOwnPage } from '../src/origin.ts';
import { LIMITS, LOBBY } from '../src/protocol.ts';
import { ChatClient } from './chat-client.ts';
import type { IncomingMessage } from 'node:http';
import type { ChatServer } from '../src/chat-server.ts';

let server: ChatServer;

beforeAll(async () => {
  server = await startChatServer({ port: 0, host: '127.0.0.1' });
});
afterAll(() => server.close());

async function connect(name?: string, room?: string): Promise<ChatClient> {
  const client = await ChatClient.connect(server.port, name, room);
  onTestFinished(() => client.close());
  return client;
}

describe('The chat server', () => {
  it('lets two clients talk, and reports who joins and leaves', async () => {
    const ada = await connect('Ada');
    const grace = await ChatClient.connect(server.port, 'Grace');
    await ada.next('line', ({ line }) => line.kind === 'joined' && line.name === 'Grace');
    grace.send({ type: 'say', text: 'hello, Ada' });
    expect(await ada.heard('hello, Ada')).toMatchObject({ kind: 'said', name: 'Grace' });
    await grace.close();
    await ada.next('line', ({ line }) => line.kind === 'left' && line.name === 'Grace');
    expect(await ada.next('people')).toMatchObject({ count: 1, names: ['Ada'] });
  });

  it('reports the round trip that its heartbeat has measured', async () => {
    const client = await connect();
    const [{ milliseconds }] = await Promise.all([client.next('latency'), once(client.socket, 'ping')]);
    expect(milliseconds).toBeGreaterThan(0);
  });

  it('reports nothing for a pong that answers no ping', async () => {
    const client = new ChatClient(server.port, { autoPong: false });
    onTestFinished(() => client.close());
    await client.next('rooms');
    const types: unknown[] = [];
    client.socket.on('message', (data) => {
      types.push((JSON.parse(String(data)) as { type: unknown }).type);
    });
    client.socket.pong();
    client.send({ type: 'open', room: LOBBY });
    await client.next('room');
    expect(types).not.toContain('latency');
  });

  it('refuses bad messages with an error event and keeps the connection', async () => {
    const client = await connect();
    client.socket.send('{"type":');
    expect(await client.next('error')).toMatchObject({ code: 'not-json' });
    client.socket.send(Buffer.from('{"type":"leave"}'));
    expect(await client.next('error')).toMatchObject({ code: 'not-text' });
    client.send({ type: 'say', text: 'from outside' });
    expect(await client.next('error')).toMatchObject({ code: 'join-first', of: 'say' });
    const without = new ChatClient(server.port);
    onTestFinished(() => without.close());
    await without.next('rooms');
    without.send({ type: 'join', name: 'Ada' });
    expect(await without.next('error')).toMatchObject({ code: 'open-first', of: 'join' });
    client.send({ type: 'join', name: 'Ada' });
    await client.next('welcome');
    client.send({ type: 'join', name: 'Ada' });
    expect(await client.next('error')).toMatchObject({ code: 'already-joined', of: 'join' });
  });

  it('lets a visitor leave and join again on the same connection', async () => {
    const client = await connect('Ada');
    client.send({ type: 'leave' });
    await client.next('people', ({ count }) => count === 0);
    client.send({ type: 'join', name: 'Grace' });
    expect(await client.next('welcome')).toMatchObject({ name: 'Grace' });
  });

  it('keeps rooms apart, whatever the case of their names', async () => {
    const [ada, grace] = [await connect('Ada', 'kitchen'), await connect('Grace', 'Kitchen')];
    const linus = await connect('Linus', 'garden');
    ada.send({ type: 'say', text: 'dinner is ready' });
    expect(await grace.heard('dinner is ready')).toMatchObject({ name: 'Ada' });
    linus.send({ type: 'say', text: 'it rains' });
    const texts: string[] = [];
    await linus.next('line', ({ line }) => {
      texts.push(line.text);
      return line.text === 'it rains';
    });
    expect(texts).not.toContain('dinner is ready');
  });

  it('lets a visitor move to another room, which the people of both see', async () => {
    const [ada, grace] = [await connect('Ada', 'hall'), await connect('Grace', 'hall')];
    const linus = await connect('Linus', 'attic');
    grace.send({ type: 'open', room: 'attic' });
    await ada.next('line', ({ line }) => line.kind === 'left' && line.name === 'Grace');
    expect(await grace.next('room')).toMatchObject({ room: 'attic', people: { count: 1, names: ['Linus'] } });
    grace.send({ type: 'say', text: 'not yet' });
    expect(await grace.next('error')).toMatchObject({ code: 'join-first' });
    grace.send({ type: 'join', name: 'Grace' });
    await linus.next('line', ({ line }) => line.kind === 'joined' && line.name === 'Grace');
  });

  it('lists the rooms that have people, and the lobby', async () => {
    const viewer = await connect();
    const ada = await connect('Ada', 'cellar');
    const cellar = { room: 'cellar', people: 1 };
    const { rooms } = await viewer.next('rooms', (event) =>
      event.rooms.some(({ room }) => room === 'cellar'),
    );
    expect(rooms).toContainEqual(cellar);
    expect(rooms[0]).toMatchObject({ room: LOBBY });
    const newcomer = new ChatClient(server.port);
    onTestFinished(() => newcomer.close());
    expect((await newcomer.next('rooms')).rooms).toContainEqual(cellar);
    await ada.close();
    await viewer.next('rooms', (event) => event.rooms.every(({ room }) => room !== 'cellar'));
  });

  it('forgets the lines of a room that no client has open, except the lobby', async () => {
    const [reader, ada] = [await connect(undefined, 'shed'), await connect('Ada', LOBBY)];
    ada.send({ type: 'say', text: 'hello, lobby' });
    ada.send({ type: 'open', room: 'shed' });
    ada.send({ type: 'join', name: 'Ada' });
    ada.send({ type: 'say', text: 'hello, shed' });
    await reader.heard('hello, shed');
    ada.send({ type: 'open', room: LOBBY });
    await ada.next('room', ({ room }) => room === LOBBY);
    const heard = async (room: string): Promise<string[]> => {
      reader.send({ type: 'open', room });
      return (await reader.next('room')).recent.map(({ text }) => text);
    };
    expect(await heard('shed')).toContain('hello, shed');
    expect(await heard(LOBBY)).toContain('hello, lobby');
    expect(await heard('shed')).toEqual([]);
  });

  it('refuses a text that is sent too fast, and does not broadcast it', async () => {
    const [fast, other] = [await connect('Fast'), await connect('Other')];
    for (let index = 0; index < 20; index++) fast.send({ type: 'say', text: `${index}` });
    expect(await fast.next('error')).toMatchObject({ code: 'too-fast', of: 'say' });
    other.send({ type: 'say', text: 'done' });
    const said: string[] = [];
    await other.next('line', ({ line }) => {
      if (line.name === 'Fast' && line.kind === 'said') said.push(line.text);
      return line.text === 'done';
    });
    expect(said.slice(0, 3)).toEqual(['0', '1', '2']);
    expect(said.length).toBeLessThan(20);
  });

  it('closes with 1008 when a client sends too many messages, and keeps serving the others', async () => {
    const [flooder, other] = [await connect('Flooder'), await connect('Calm')];
    const closed = flooder.closed();
    for (let index = 0; index < 1000; index++) flooder.send({ type: 'leave' });
    expect(await closed).toEqual([1008, 'too many messages']);
    const ponging = await connect();
    const alsoClosed = ponging.closed();
    for (let index = 0; index < 1000; index++) ponging.socket.pong();
    expect(await alsoClosed).toEqual([1008, 'too many messages']);
    other.send({ type: 'say', text: 'still here' });
    await other.heard('still here');
  });

  it('closes with 1009 when a message exceeds the limit', async () => {
    const client = await connect();
    const closed = client.closed();
    client.socket.send('x'.repeat(LIMITS.message + 1));
    expect(await closed).toEqual([1009, '']);
  });

  it.each([
    ['a page of another site', { origin: 'http://evil.example' }],
    ['a page on another port', { origin: 'http://127.0.0.1:1' }],
    ['a page with an opaque origin', { origin: 'null' }],
    [
      'a foreign name that resolves to this address',
      { origin: 'http://evil.example', headers: { host: 'evil.example' } },
    ],
  ])('refuses %s with 403', async (_title, options) => {
    const client = new ChatClient(server.port, options);
    const [, response] = (await once(client.socket, 'unexpected-response')) as [unknown, IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(403);
    await once(response, 'close');
  });

  it('accepts its own page', async () => {
    const client = new ChatClient(server.port, { origin: server.url.slice(0, -1) });
    onTestFinished(() => client.close());
    await client.next('rooms');
  });

  it('refuses upgrades at other addresses with 404', async () => {
    const upgrade = request({
      port: server.port,
      host: '127.0.0.1',
      path: '/elsewhere',
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    }).end();
    const [response] = (await once(upgrade, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(404);
    await once(response, 'close');
  });

  it('closes every connection with 1001 and frees the port', async () => {
    const stopping = await startChatServer({ port: 0, host: '127.0.0.1' });
    const clients = await Promise.all([
      ChatClient.connect(stopping.port),
      ChatClient.connect(stopping.port, 'Ada'),
    ]);
    const endings = Promise.all(clients.map((client) => client.closed()));
    await stopping.close();
    const ending = [1001, 'the server is shutting down'];
    expect(await endings).toEqual([ending, ending]);
    const next = await startChatServer({ port: stopping.port, host: '127.0.0.1' });
    await next.close();
  });
});

describe('The page over HTTP', () => {
  async function fetchStatus(path: string, method = 'GET'): Promise<IncomingMessage> {
    const [response] = (await once(
      request({ host: '127.0.0.1', port: server.port, path, method }).end(),
      'response',
    )) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response;
  }

  it('refers only to files that the server has', async () => {
    const [response] = (await once(get(server.url), 'response')) as [IncomingMessage];
    const html = (await response.toArray()).join('');
    const addresses = [...html.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, address]) => address!);
    expect(addresses).toContain('/main.js');
    for (const address of addresses)
      expect([address, (await fetchStatus(address)).statusCode]).toEqual([address, 200]);
  });

  it('forbids inline scripts, foreign sources and frames', async () => {
    const policy = (await fetchStatus('/')).headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each(['/../package.json', '/%2e%2e/package.json', '//style.css', '/nothing', '/constructor'])(
    'answers %s with 404',
    async (path) => {
      expect((await fetchStatus(path)).statusCode).toBe(404);
    },
  );

  it('answers methods other than GET and HEAD with 405', async () => {
    expect((await fetchStatus('/', 'HEAD')).statusCode).toBe(200);
    expect((await fetchStatus('/', 'POST')).statusCode).toBe(405);
  });
});

describe('An upgrade comes from our own page', () => {
  it.each([
    [undefined, '127.0.0.1:8080', '127.0.0.1', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', '127.0.0.1', true],
    ['http://localhost:8080', 'localhost:8080', '127.0.0.1', true],
    ['http://[::1]:8080', '[::1]:8080', '::1', true],
    ['http://localhost', 'localhost:80', '127.0.0.1', true],
    ['http://LOCALHOST:8080', 'localhost:8080', '127.0.0.1', true],
    ['http://192.168.1.5:8080', '192.168.1.5:8080', '0.0.0.0', true],
    ['http://evil.example:8080', '127.0.0.1:8080', '127.0.0.1', false],
    ['http://evil.example:8080', 'evil.example:8080', '127.0.0.1', false],
    ['http://127.0.0.1.evil.example', '127.0.0.1.evil.example', '127.0.0.1', false],
    ['http://evil.example', undefined, '0.0.0.0', false],
    ['null', '127.0.0.1:8080', '127.0.0.1', false],
    ['', '', '127.0.0.1', false],
  ])('origin %s, host %s, listening on %s: %s', (origin, host, listensOn, expected) => {
    expect(isOwnPage(origin, host, listensOn)).toBe(expected);
  });
});
