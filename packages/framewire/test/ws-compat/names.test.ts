// The member names: ours include those of `ws`, defined in the same way, and programs may assign every other name.
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event, WebSocket, WebSocketServer } from 'framewire';
import { modules, type WsModule } from './beside-ws.ts';

/** Objects of each class, in each state that matters. */
type Specimens = Readonly<Record<string, object>>;

interface Collection {
  readonly specimens: Specimens;
  end(): Promise<void>;
}

/** Creates one of each object that a program can get from a module. */
async function collect({ WebSocket, WebSocketServer }: WsModule): Promise<Collection> {
  const server: WebSocketServer = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: true,
  });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const client: WebSocket = new WebSocket(url);
  const opened = new Promise<Event>((resolve) => client.addEventListener('open', resolve));
  const [[connection], open] = await Promise.all([connected, opened]);
  const received = new Promise<Event>((resolve) => client.addEventListener('message', resolve));
  connection.send('hello');
  const message = await received;

  const refused: WebSocket = new WebSocket('ws://127.0.0.1:1');
  const failed = new Promise<Event>((resolve) => refused.addEventListener('error', resolve));
  const over = new Promise<Event>((resolve) => refused.addEventListener('close', resolve));
  const [error, close] = await Promise.all([failed, over]);

  const connecting: WebSocket = new WebSocket(url);
  connecting.on('error', () => undefined);
  const specimens = {
    'a server with a port': server,
    'a server without one': new WebSocketServer({ noServer: true }),
    'a client that is open': client,
    'a client that is connecting': connecting,
    'a client that failed': refused,
    'a connection of a server': connection,
    'a WebSocket without an address': new WebSocket(null, undefined, {}),
    'an open event': open,
    'a message event': message,
    'an error event': error,
    'a close event': close,
  };
  return {
    specimens,
    async end() {
      connecting.terminate();
      for (const ws of server.clients) ws.terminate();
      if (client.readyState !== client.CLOSED) await once(client, 'close');
      server.close();
      await once(server, 'close');
    },
  };
}

/** The prototypes of an object, up to that of Node's emitter. */
function prototypesOf(object: object): object[] {
  const prototypes: object[] = [];
  for (
    let prototype = Object.getPrototypeOf(object) as object;
    prototype !== EventEmitter.prototype && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object
  ) {
    prototypes.push(prototype);
  }
  return prototypes;
}

/** All names of an object and of its classes. */
function namesOf(object: object): Set<string> {
  return new Set([object, ...prototypesOf(object)].flatMap((holder) => Object.getOwnPropertyNames(holder)));
}

/** How each name of a prototype is defined. */
function definitionsOf(prototype: object): Record<string, string> {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  return Object.fromEntries(
    entries.map(([name, { get, set, value, writable, enumerable, configurable }]) => {
      const kind = get || set ? `${get ? 'get ' : ''}${set ? 'set ' : ''}` : typeof value;
      return [name, `${kind} writable ${writable} enumerable ${enumerable} configurable ${configurable}`];
    }),
  );
}

/** The result of an assignment: 'kept' if the program reads the value that it wrote. */
function assign(object: object, name: string): string {
  const mark = Symbol(name);
  try {
    (object as Record<string, unknown>)[name] = mark;
  } catch (error) {
    return String(error);
  }
  return (object as Record<string, unknown>)[name] === mark ? 'kept' : 'lost';
}

let ours: Collection;
let theirs: Collection;
beforeAll(async () => {
  const [[, framewire], [, ws]] = modules as [(typeof modules)[0], (typeof modules)[0]];
  [ours, theirs] = await Promise.all([collect(framewire), collect(ws)]);
});
afterAll(async () => {
  await Promise.all([ours.end(), theirs.end()]);
});

const specimens = [
  'a server with a port',
  'a server without one',
  'a client that is open',
  'a client that is connecting',
  'a client that failed',
  'a connection of a server',
  'a WebSocket without an address',
  'an open event',
  'a message event',
  'an error event',
  'a close event',
];

describe.each(specimens)('%s', (specimen) => {
  function both(): [our: object, their: object] {
    return [ours.specimens[specimen]!, theirs.specimens[specimen]!];
  }

  test('has every name of ws, except those that start with an underscore', () => {
    const [our, their] = both();
    const missing = [...namesOf(their)].filter((name) => !namesOf(our).has(name) && !name.startsWith('_'));
    expect(missing).toEqual([]);
  });

  test('has the names of ws in the prototype of its class, defined in the same way', () => {
    const [our, their] = both();
    const [ourClass, theirClass] = [
      definitionsOf(prototypesOf(our)[0]!),
      definitionsOf(prototypesOf(their)[0]!),
    ];
    expect(ourClass).toMatchObject(theirClass);
  });

  test('lets a program assign every name that ws lets it assign', () => {
    const [our, their] = both();
    // Through objects that inherit, so that the specimens stay unchanged.
    const outcomes = (of: object): Record<string, string> =>
      Object.fromEntries(
        [...namesOf(our), ...namesOf(their)].map((name) => [name, assign(Object.create(of) as object, name)]),
      );
    expect(outcomes(our)).toEqual(outcomes(their));
  });
});

test('the specimens include every class', () => {
  expect(Object.keys(ours.specimens)).toEqual(specimens);
});
