// Stories about opening handshakes that fail or take an unusual course.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { acceptValue, head, plainResponse, upgradeResponse } from './raw.ts';
import type { DialOptions, Stage, Story } from './stage.ts';

/** A story in which a raw server sends the given answer and then ends the connection. */
function answered(name: string, answer: (key: string) => string, dial: DialOptions = {}): Story {
  return {
    name,
    async play(stage) {
      const upgrade = stage.nextUpgrade();
      const client = stage.dial(dial);
      const { key, raw } = await upgrade;
      raw.say(Buffer.from(answer(key), 'latin1'));
      raw.end();
      await stage.closed(client);
    },
  };
}

/** A story in which a server refuses the client. */
function refused(name: string, server: object, dial: DialOptions = {}): Story {
  return {
    name,
    async play(stage) {
      stage.serve(server);
      await stage.closed(stage.dial(dial));
    },
  };
}

const verifyClients = {
  'verifyClient refuses': () => false,
  'verifyClient refuses by its callback': (_info: unknown, done: (ok: boolean) => void) => done(false),
  'verifyClient refuses later, with its own code and message': (
    _info: unknown,
    done: (ok: boolean, code: number, message: string) => void,
  ) => setImmediate(() => done(false, 403, 'not you')),
};

const refusals: readonly Story[] = [
  ...Object.entries(verifyClients).map(([name, verifyClient]) => refused(name, { verifyClient })),
  refused('the server has another path', { path: '/here' }, { path: '/there' }),
  {
    name: 'a listener of unexpected-response handles a refusal, and closes',
    async play(stage) {
      stage.serve({ verifyClient: () => false });
      const client = stage.dial({ watch: ['unexpected-response'] });
      client.on('unexpected-response', (_request, response) => {
        response.resume().on('end', () => {
          stage.client.note('end of the response');
          client.close();
        });
      });
      await stage.closed(client);
    },
  },
  {
    name: 'a listener of unexpected-response handles a refusal, and terminates immediately',
    async play(stage) {
      stage.serve({ verifyClient: () => false });
      const client = stage.dial({ watch: ['unexpected-response'] });
      client.on('unexpected-response', () => client.terminate());
      await stage.closed(client);
    },
  },
  {
    name: 'a listener of unexpected-response handles a refusal, and destroys the request',
    async play(stage) {
      stage.serve({ verifyClient: () => false });
      const client = stage.dial({ watch: ['unexpected-response'] });
      client.on('unexpected-response', (request) => {
        request.destroy(new Error('of my own'));
        setImmediate(() => client.close());
      });
      await stage.closed(client);
    },
  },
  answered('the server answers 200', plainResponse('200 OK')),
  answered('the server answers 500 to a client that follows redirects', plainResponse('500 Oh'), {
    client: { followRedirects: true },
  }),
];
const badAnswers: readonly Story[] = [
  answered('a wrong Sec-WebSocket-Accept', () => upgradeResponse('another key')),
  answered('no Sec-WebSocket-Accept', () =>
    head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'),
  ),
  answered('another Upgrade', (key) =>
    head(
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: foo',
      `Sec-WebSocket-Accept: ${acceptValue(key)}`,
    ),
  ),
  answered('a subprotocol although none was requested', (key) =>
    upgradeResponse(key, 'Sec-WebSocket-Protocol: chat'),
  ),
  answered(
    'a subprotocol that was not requested',
    (key) => upgradeResponse(key, 'Sec-WebSocket-Protocol: other'),
    {
      protocols: ['chat', 'talk'],
    },
  ),
  answered('no subprotocol although one was requested', (key) => upgradeResponse(key), { protocols: 'chat' }),
  answered('an extension that was not offered', (key) =>
    upgradeResponse(key, 'Sec-WebSocket-Extensions: permessage-deflate'),
  ),
  answered('something other than HTTP', () => 'this is no HTTP\r\n\r\n'),
  answered('a head that ends in the middle', () => 'HTTP/1.1 101 Switching Prot'),
  answered('nothing, and the connection ends', () => ''),
  answered('the 101, and the connection ends', (key) => upgradeResponse(key)),
  answered(
    'the 101, a message and half of another one, and the connection ends',
    (key) => `${upgradeResponse(key)}\x81\x02ok\x81\x05hel`,
  ),
  answered('the 101 with a close frame', (key) => `${upgradeResponse(key)}\x88\x00`),
  answered('the 101 with a frame that breaks the protocol', (key) => `${upgradeResponse(key)}\x83\x00`),
];

const givingUp: readonly Story[] = [
  ...(['close', 'terminate'] as const).flatMap((method) => [
    {
      name: `${method}() immediately`,
      async play(stage: Stage) {
        const client = stage.dial();
        stage.client.call(client, method, () => client[method]());
        stage.client.call(client, 'send', () => client.send('late', stage.client.callback(client, 'late')));
        stage.client.call(client, method, () => client[method]());
        await stage.closed(client);
      },
    },
    {
      name: `${method}() while the server has not answered`,
      async play(stage: Stage) {
        const upgrade = stage.nextUpgrade();
        const client = stage.dial();
        const { raw } = await upgrade;
        client[method]();
        await stage.closed(client);
        raw.destroy();
      },
    },
    {
      name: `${method}() in the upgrade event`,
      async play(stage: Stage) {
        const upgrade = stage.nextUpgrade();
        const client = stage.dial();
        client.on('upgrade', () => stage.client.call(client, method, () => client[method]()));
        const { key, raw } = await upgrade;
        raw.say(Buffer.from(upgradeResponse(key)));
        await stage.closed(client);
        raw.destroy();
      },
    },
    {
      name: `${method}() in the error event`,
      async play(stage: Stage) {
        stage.serve({ verifyClient: () => false });
        const client = stage.dial();
        client.on('error', () => stage.client.call(client, method, () => client[method]()));
        await stage.closed(client);
      },
    },
  ]),
  {
    name: 'method calls on a client that is connecting',
    async play(stage) {
      const client = stage.dial();
      const call = (name: string, action: () => unknown): void => stage.client.call(client, name, action);
      call('send', () => client.send('early', stage.client.callback(client, 'early')));
      call('ping', () => client.ping('early'));
      call('pong', () => client.pong('early'));
      call('pause', () => client.pause());
      call('resume', () => client.resume());
      call('isPaused', () => client.isPaused);
      call('bufferedAmount', () => client.bufferedAmount);
      call('close with a bad code', () => client.close(5));
      await stage.closed(client);
    },
  },
  {
    name: 'the handshake takes longer than handshakeTimeout',
    socketsOnly: true,
    async play(stage) {
      stage.meeting.host.http.on('upgrade', () => {
        // Never answers. The end of the story destroys the connection.
      });
      await stage.closed(stage.dial({ client: { handshakeTimeout: 50 } }));
    },
  },
  {
    name: 'the server destroys the connection during the handshake',
    async play(stage) {
      const upgrade = stage.nextUpgrade();
      const client = stage.dial();
      (await upgrade).raw.destroy();
      await stage.closed(client);
    },
  },
  {
    name: 'no server listens on the port',
    tcpOnly: true,
    async play(stage) {
      const closedServer = net.createServer().listen(0, '127.0.0.1');
      await once(closedServer, 'listening');
      const { port } = closedServer.address() as AddressInfo;
      closedServer.close();
      await once(closedServer, 'close');
      await stage.closed(dialElsewhere(stage, port));
    },
  },
  {
    name: 'the server is closed during the handshake',
    async play(stage) {
      const listener = stage.serve({
        verifyClient: (_info: unknown, done: (ok: boolean) => void) => {
          listener.close();
          setImmediate(() => done(true));
        },
      });
      await stage.closed(stage.dial());
    },
  },
];

function dialElsewhere(stage: Stage, port: number): WebSocket {
  const client = new stage.meeting.pairing.client.WebSocket(`ws://127.0.0.1:${port}`);
  stage.client.watch(client);
  return client;
}

/** Stories that start before there is a connection. */
export const handshakeStories: readonly Story[] = [...refusals, ...badAnswers, ...givingUp];
