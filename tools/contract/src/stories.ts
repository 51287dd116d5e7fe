// The stories that every pairing has to tell alike: open connections, and how they end.
import { Blob, Buffer } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';
import type { Ends } from './meeting.ts';
import type { Stage, Story } from './stage.ts';

/** A story for each end to be the one that acts. */
function byEach(
  name: (actor: string) => string,
  act: (stage: Stage, ends: Ends, from: WebSocket, to: WebSocket) => void | Promise<void>,
  options: { server?: object; client?: object } = {},
): Story[] {
  return (['client', 'server'] as const).map((actor) => ({
    name: name(actor),
    async play(stage) {
      const ends = await stage.meet(options);
      const { client, server } = ends;
      await act(
        stage,
        ends,
        ...(actor === 'client' ? ([client, server] as const) : ([server, client] as const)),
      );
      await stage.closed(client, server);
    },
  }));
}

/** The recorder of an end. */
function recorderOf(stage: Stage, ends: Ends, ws: WebSocket): Stage['client'] {
  return ws === ends.client ? stage.client : stage.server;
}

function echoOf(data: RawData): string {
  return `echo of ${(data as Buffer).toString()}`;
}

/** What is sent before something happens: each with a callback. */
function sendSome(stage: Stage, ends: Ends, ws: WebSocket): void {
  const recorder = recorderOf(stage, ends, ws);
  ws.send('text', recorder.callback(ws, 'text'));
  ws.ping('ping', undefined, recorder.callback(ws, 'ping'));
  ws.send(Buffer.from('bytes'), recorder.callback(ws, 'bytes'));
}

const closing: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} closes without a code`,
    (_stage, _ends, from) => from.close(),
  ),
  ...byEach(
    (actor) => `the ${actor} closes with a code and a reason`,
    (_stage, _ends, from) => from.close(3000, 'réason'),
  ),
  ...byEach(
    (actor) => `the ${actor} sends and closes`,
    (stage, ends, from) => {
      sendSome(stage, ends, from);
      from.close(1000, 'done');
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes while the other sends`,
    (stage, ends, from, to) => {
      from.close(1000);
      sendSome(stage, ends, to);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes twice and sends behind it`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      recorder.call(from, 'close', () => from.close(1000, 'first'));
      recorder.call(from, 'close', () => from.close(1001, 'second'));
      recorder.call(from, 'send', () => from.send('late', recorder.callback(from, 'late')));
      recorder.call(from, 'ping', () => from.ping('late', undefined, recorder.callback(from, 'late ping')));
      from.once('close', () => {
        recorder.call(from, 'close', () => from.close(1002));
        recorder.call(from, 'send', () => from.send('later', recorder.callback(from, 'later')));
        recorder.call(from, 'terminate', () => from.terminate());
        recorder.call(from, 'pause', () => from.pause());
        recorder.call(from, 'isPaused', () => from.isPaused);
        recorder.call(from, 'bufferedAmount', () => from.bufferedAmount);
      });
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes and then terminates`,
    (_stage, _ends, from) => {
      from.close(1000);
      from.terminate();
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes from inside of a message event`,
    (stage, ends, from, to) => {
      from.once('message', () => from.close(1000, 'heard'));
      sendSome(stage, ends, to);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} answers a message and closes`,
    (stage, ends, from, to) => {
      from.once('message', () => {
        from.send('answer', recorderOf(stage, ends, from).callback(from, 'answer'));
        from.close(1000);
      });
      to.send('question', recorderOf(stage, ends, to).callback(to, 'question'));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes from inside of its close event, in vain`,
    (stage, ends, from, to) => {
      to.once('close', () => recorderOf(stage, ends, to).call(to, 'close', () => to.close(1000)));
      from.close(1001);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes with a Blob on its way`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send(new Blob(['a blob']), recorder.callback(from, 'blob'));
      from.send('behind it', recorder.callback(from, 'text'));
      from.close(1000);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes a connection whose other end reads nothing until closeTimeout has passed`,
    (_stage, _ends, from, to) => {
      to.pause();
      from.close(1000);
      from.once('close', () => to.resume());
    },
    { client: { closeTimeout: 100 }, server: { closeTimeout: 100 } },
  ),
  {
    name: 'both close at once',
    async play(stage) {
      const { client, server } = await stage.meet();
      client.close(3001, 'client');
      server.close(3002, 'server');
      await stage.closed(client, server);
    },
  },
  {
    name: 'both close at once without codes',
    async play(stage) {
      const { client, server } = await stage.meet();
      client.close();
      server.close();
      await stage.closed(client, server);
    },
  },
];

const cutting: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} terminates`,
    (_stage, _ends, from) => from.terminate(),
  ),
  ...byEach(
    (actor) => `the ${actor} terminates from inside of a message event`,
    (stage, ends, from, to) => {
      from.once('message', () => from.terminate());
      to.send('only one', recorderOf(stage, ends, to).callback(to, 'send'));
    },
  ),
  ...byEach(
    // Differs at present over streams in memory, which close at once: ours tells close before the callback, ws behind it.
    (actor) => `the ${actor} terminates and sends behind it`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      recorder.call(from, 'terminate', () => from.terminate());
      recorder.call(from, 'send', () => from.send('late', recorder.callback(from, 'late')));
      recorder.call(from, 'close', () => from.close(1000));
      recorder.call(from, 'terminate', () => from.terminate());
    },
  ),
  ...byEach(
    (actor) => `the ${actor} terminates while paused`,
    (_stage, _ends, from) => {
      from.pause();
      from.terminate();
    },
  ),
  ...byEach(
    (actor) => `the ${actor} terminates while the other is paused`,
    (_stage, _ends, from, to) => {
      to.pause();
      from.terminate();
      setTimeout(() => to.resume(), 20);
    },
  ),
];

/** How an end breaks the protocol by what the other does not allow. */
const breaking: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} sends text that is no UTF-8`,
    (stage, ends, from) => {
      sendSome(stage, ends, from);
      from.send(
        Buffer.from('c328', 'hex'),
        { binary: false },
        recorderOf(stage, ends, from).callback(from, 'bad'),
      );
      from.send('behind it', recorderOf(stage, ends, from).callback(from, 'behind it'));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} masks as the other role does`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send('bad', { mask: from === ends.server }, recorder.callback(from, 'bad'));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} sends more than maxPayload`,
    (stage, ends, from) => {
      from.send('x'.repeat(21), recorderOf(stage, ends, from).callback(from, 'too much'));
    },
    { client: { maxPayload: 20 }, server: { maxPayload: 20 } },
  ),
  ...byEach(
    (actor) => `the ${actor} sends fragments that are more than maxPayload, with a ping between them`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send('x'.repeat(11), { fin: false }, recorder.callback(from, 'first'));
      from.ping('between');
      from.send('x'.repeat(11), { fin: true }, recorder.callback(from, 'second'));
    },
    { client: { maxPayload: 20 }, server: { maxPayload: 20 } },
  ),
  ...byEach(
    (actor) => `the ${actor} breaks the protocol while the other closes`,
    (_stage, _ends, from, to) => {
      from.send(Buffer.from('c328', 'hex'), { binary: false });
      to.close(1000);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes behind a breach of the protocol`,
    (_stage, _ends, from) => {
      from.send(Buffer.from('c328', 'hex'), { binary: false });
      from.close(1000);
    },
  ),
  ...byEach(
    (actor) => `an end terminates inside of the error event after a breach by the ${actor}`,
    (_stage, _ends, from, to) => {
      to.once('error', () => to.terminate());
      from.send(Buffer.from('c328', 'hex'), { binary: false });
    },
  ),
];

/** What is sent both ways before a close. */
const talking: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} sends messages of all kinds, then closes`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      for (const [name, data] of [
        ['text', 'é😀'],
        ['empty text', ''],
        ['bytes', Buffer.from([1, 2, 3])],
        ['empty bytes', new Uint8Array(0)],
        ['a number', 7],
      ] as const) {
        recorder.call(from, 'send', () => from.send(data, recorder.callback(from, name)));
      }
      recorder.call(from, 'ping', () => from.ping(recorder.callback(from, 'ping')));
      recorder.call(from, 'pong', () => from.pong('unasked', undefined, recorder.callback(from, 'pong')));
      recorder.call(from, 'ping too long', () => from.ping('x'.repeat(126)));
      recorder.call(from, 'close with a bad code', () => from.close(1005));
      recorder.call(from, 'close with a long reason', () => from.close(1000, 'x'.repeat(124)));
      from.close(1000);
    },
  ),
  ...byEach(
    // Differs at present: the callback of what was sent comes in ours behind that of what was refused later in the same turn.
    (actor) => `the ${actor} sends fragments with a close between them`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send('one', { fin: false }, recorder.callback(from, 'first'));
      from.close(1000);
      recorder.call(from, 'send', () => from.send('two', { fin: true }, recorder.callback(from, 'second')));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} echoes until it has enough`,
    (_stage, _ends, from, to) => {
      let count = 0;
      from.on('message', (data) => {
        if (++count === 3) from.close(1000, 'enough');
        else from.send(echoOf(data));
      });
      to.on('message', (data) => to.send(echoOf(data)));
      to.send('word');
    },
  ),
  {
    name: 'the server closes the connection inside of its connection event',
    async play(stage) {
      stage.serve().on('connection', (ws) => {
        ws.send('hello', stage.server.callback(ws, 'hello'));
        ws.close(1013, 'try again later');
        ended = stage.closed(ws);
      });
      let ended = Promise.resolve();
      const client = stage.dial();
      await stage.closed(client);
      await ended;
    },
  },
  {
    name: 'the server terminates the connection inside of its connection event',
    async play(stage) {
      stage.serve().on('connection', (ws) => {
        ws.terminate();
        ended = stage.closed(ws);
      });
      let ended = Promise.resolve();
      const client = stage.dial();
      await stage.closed(client);
      await ended;
    },
  },
  {
    name: 'the client closes inside of its open event',
    async play(stage) {
      let ended = Promise.resolve();
      stage.serve().on('connection', (ws) => {
        ended = stage.closed(ws);
      });
      const client = stage.dial();
      client.on('open', () => client.close(1000));
      await stage.closed(client);
      await ended;
    },
  },
];

/** More than the streams between two ends hold, so that the rest waits in the sender. */
const MORE_THAN_FITS = 32;

const waiting: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} terminates with messages that are not written yet`,
    (stage, ends, from, to) => {
      const recorder = recorderOf(stage, ends, from);
      to.pause();
      for (let count = 0; count < MORE_THAN_FITS; count++) from.send(Buffer.alloc(512 * 1024));
      from.send('last', recorder.callback(from, 'the last one'));
      // Once the kernel has taken what it takes.
      setTimeout(() => {
        from.terminate();
        to.terminate();
      }, 20);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes behind messages that are not written yet, and the other reads on`,
    (stage, ends, from, to) => {
      const recorder = recorderOf(stage, ends, from);
      to.pause();
      for (let count = 0; count < MORE_THAN_FITS; count++) from.send(Buffer.alloc(512 * 1024));
      from.send('last', recorder.callback(from, 'the last one'));
      from.close(1000, 'all sent');
      recorder.note(`buffered ${from.bufferedAmount > 0}`);
      from.once('close', () => recorder.note(`buffered ${from.bufferedAmount}`));
      setTimeout(() => to.resume(), 20);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes while the other is paused, which resumes later`,
    (_stage, _ends, from, to) => {
      to.pause();
      from.send('before');
      from.close(1000);
      setTimeout(() => to.resume(), 20);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} pauses, closes and resumes`,
    (_stage, _ends, from, to) => {
      from.pause();
      to.send('before');
      from.close(1000);
      setTimeout(() => from.resume(), 20);
    },
  ),
];

/** Closes the server under its connections. */
const serving: readonly Story[] = [
  {
    name: 'the server is closed under an open connection, which goes on until the client closes',
    async play(stage) {
      const { client, server } = await stage.meet();
      const { listener } = stage;
      listener?.on('close', () => stage.server.note('close of the server'));
      listener?.close((error) => stage.server.note(`callback of close: ${String(error)}`));
      client.send('still there');
      server.once('message', () => client.close(1001));
      await stage.closed(client, server);
    },
  },
  {
    name: 'the server is closed three times',
    async play(stage) {
      const listener = stage.serve();
      listener.on('close', () => stage.server.note('close of the server'));
      for (const nth of ['first', 'second', 'third']) {
        listener.close((error) => stage.server.note(`callback of the ${nth} close: ${String(error)}`));
      }
      await stage.closed();
      listener.close((error) => stage.server.note(`callback of a late close: ${String(error)}`));
      await stage.closed();
    },
  },
];

/** Stories that begin with an open connection. */
export const stories: readonly Story[] = [
  ...closing,
  ...cutting,
  ...breaking,
  ...talking,
  ...waiting,
  ...serving,
];
