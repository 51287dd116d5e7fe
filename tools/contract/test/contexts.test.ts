// Async contexts. A callback runs in the context in which it was passed, and an event in that in which the connection was created.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { ServerOptions, WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nextMessages } from '../src/inbox.ts';
import { directions, Meeting, type Ends } from '../src/meeting.ts';
import { control, ours } from '../src/pairings.ts';
import { tcp } from '../src/transports.ts';
import { eachTransport, transportsFor } from './each.ts';

type Compression = Exclude<ServerOptions['perMessageDeflate'], undefined>;

const NO_TAKEOVER = { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true };

const PROFILES: readonly (readonly [name: string, perMessageDeflate: Compression])[] = [
  ['no compression', false],
  ['no context takeover', NO_TAKEOVER],
  ['context takeover', { threshold: 0 }],
  ['the shared profile', 'shared' as unknown as Compression],
];

/** Sizes: two that are copied next to the header, one that is not, and one that is compressed and inflated in later turns. */
const SIZES = [10, 2_000, 20_000, 500_000];

const context = new AsyncLocalStorage<string>();

/** A message of random digits, which hardly shrinks when it is compressed. */
function message(size: number): string {
  return randomBytes(Math.ceil(size / 2))
    .toString('hex')
    .slice(0, size);
}

/** Opens connections, each in its own context. `events` lists what the clients emit, and in which context. */
async function meetInContexts(
  meeting: Meeting,
  count: number,
  perMessageDeflate: Compression,
): Promise<{ ends: Ends[]; events: string[] }> {
  const events: string[] = [];
  const note = (ws: WebSocket, name: string): void => {
    for (const event of ['message', 'ping', 'pong', 'error', 'close'] as const) {
      ws.on(event, () => events.push(`${name}: ${event} in ${context.getStore() ?? 'no context'}`));
    }
  };
  const ends: Ends[] = [];
  for (let index = 0; index < count; index++) {
    const name = `client ${index}`;
    const options = { server: { perMessageDeflate }, client: { perMessageDeflate } };
    const each = await context.run(name, () => meeting.meet(options));
    note(each.client, name);
    ends.push(each);
  }
  return { ends, events };
}

/** The events that ran in another context than that of their client, which has the name of the client. */
function misplaced(events: readonly string[]): string[] {
  return events.filter((event) => {
    const [, name, where] = /^(.*): \w+ in (.*)$/.exec(event)!;
    return name !== where;
  });
}

describe.each(PROFILES)('with %s', (_, perMessageDeflate) => {
  eachTransport(
    ours,
    (meeting) => {
      test('callbacks run in the context in which they were passed, even within one turn', async () => {
        const { ends } = await meetInContexts(meeting, 2, perMessageDeflate);
        const wrong: string[] = [];
        for (const size of SIZES) {
          const text = message(size);
          const pending: Promise<void>[] = [];
          for (const [from] of ends.flatMap((each) => directions(each))) {
            const note = (name: string) =>
              new Promise<void>((resolve) => {
                const sender = `${name} ${pending.length}`;
                const callback = (): void => {
                  if (context.getStore() !== sender) wrong.push(`${sender} in ${String(context.getStore())}`);
                  resolve();
                };
                context.run(sender, () => {
                  if (name === 'text') from.send(text, callback);
                  else if (name === 'bytes') from.send(Buffer.from(text), callback);
                  else if (name === 'blob') from.send(new Blob([text]), callback);
                  else if (name === 'ping') from.ping('', undefined, callback);
                  else from.pong('', undefined, callback);
                });
              });
            for (const name of ['text', 'bytes', 'ping', 'blob', 'text', 'pong', 'bytes']) {
              pending.push(note(name));
            }
          }
          await Promise.all(pending);
        }
        expect(wrong).toEqual([]);
      });

      test('events of a client are emitted in the context in which it was created', async () => {
        const { ends, events } = await meetInContexts(meeting, 4, perMessageDeflate);
        for (const size of SIZES) {
          const arrived = Promise.all(ends.map(({ client }) => nextMessages(client, 4)));
          // The sends, pauses and resumes of other connections run in other contexts.
          for (const { client, server } of ends) {
            context.run('another', () => {
              server.send(message(size));
              server.send(Buffer.from(message(size)));
              client.pause();
              client.resume();
              server.ping('p');
              server.send(message(size));
              server.send(message(size));
              client.ping('p');
            });
          }
          await arrived;
        }
        const closed = ends.map(({ client }) => new Promise((resolve) => client.once('close', resolve)));
        for (const [index, { client, server }] of ends.entries()) {
          context.run('another', () => {
            if (index === 0) client.terminate();
            else if (index === 1) client.close(1000);
            else if (index === 2) server.close(1000);
            else server.terminate();
          });
        }
        await Promise.all(closed);
        expect(events.length).toBeGreaterThan(4 * SIZES.length * 4);
        expect(misplaced(events)).toEqual([]);
      });

      test('an error of a message that cannot be encoded is emitted in the context of its connection', async () => {
        const { ends, events } = await meetInContexts(meeting, 1, perMessageDeflate);
        const { client } = ends[0]!;
        const closed = new Promise((resolve) => client.once('close', resolve));
        const unreadable = new Blob(['x']);
        unreadable.arrayBuffer = () => Promise.reject(new Error('unreadable'));
        context.run('another', () => client.send(unreadable));
        await closed;
        expect(events).toEqual(['client 0: error in client 0', 'client 0: close in client 0']);
      });
    },
    transportsFor(perMessageDeflate),
  );
});

test('events of a server are emitted in the context of the upgrade', async () => {
  const server = new ours.WebSocketServer({ noServer: true });
  const http = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const seen: (string | undefined)[] = [];
  http.on('upgrade', (request, socket, head) => {
    context.run(`upgrade of ${request.url}`, () => {
      server.handleUpgrade(request, socket, head, (ws) => {
        seen.push(context.getStore());
        ws.on('message', () => seen.push(context.getStore()));
        ws.on('close', () => seen.push(context.getStore()));
      });
    });
  });
  const { port } = http.address() as { port: number };
  const ws = new ours.WebSocket(`ws://127.0.0.1:${port}/a`);
  ws.on('open', () => {
    ws.send('message');
    ws.close();
  });
  await new Promise((resolve) => ws.once('close', resolve));
  expect(seen).toEqual(['upgrade of /a', 'upgrade of /a', 'upgrade of /a']);
  http.close();
});

describe('ws over TCP', () => {
  const meeting = new Meeting(control, tcp);
  beforeAll(() => meeting.open());
  afterAll(async () => {
    meeting.endTest();
    await meeting.close();
  });

  test('calls the callbacks of one turn in the contexts in which they were passed', async () => {
    const { client } = await meeting.meet();
    const calls = ['a', 'b'].map(
      (name) =>
        new Promise((resolve) => {
          context.run(name, () => {
            client.send(name, () => resolve(`${name} in ${String(context.getStore())}`));
          });
        }),
    );
    expect(await Promise.all(calls)).toEqual(['a in a', 'b in b']);
  });
});
