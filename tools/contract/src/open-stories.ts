// Stories about open connections: messages, data that waits, and closing the server.
import { Buffer } from 'node:buffer';
import type { RawData } from 'ws';
import { byEach, recorderOf } from './by-each.ts';
import { sendMoreThanFits, untilStuck } from './flood.ts';
import type { Story } from './stage.ts';
import { later } from './turns.ts';

function echoOf(data: RawData): string {
  return `echo of ${(data as Buffer).toString()}`;
}

/** Messages in both directions before a close. */
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
    (actor) => `the ${actor} sends fragments with a close between them`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send('one', { fin: false }, recorder.callback(from, 'first'));
      from.close(1000);
      recorder.call(from, 'send', () => from.send('two', { fin: true }, recorder.callback(from, 'second')));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} echoes two messages, and closes at the third`,
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
    name: 'the server closes the connection in its connection event',
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
    name: 'the server terminates the connection in its connection event',
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
    name: 'the client closes in its open event',
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

const waiting: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} terminates with messages that are not written yet`,
    (stage, ends, from, to) => {
      const recorder = recorderOf(stage, ends, from);
      to.pause();
      sendMoreThanFits(from);
      void untilStuck(from).then(() => {
        // Only now, because Node calls back without an error for a write that is in progress when the socket is destroyed.
        from.send('last', recorder.callback(from, 'the last one'));
        from.terminate();
        to.terminate();
      });
    },
  ),
  ...byEach(
    (actor) =>
      `the ${actor} closes after messages that are not written yet, and the other side reads them later`,
    (stage, ends, from, to) => {
      const recorder = recorderOf(stage, ends, from);
      to.pause();
      sendMoreThanFits(from);
      from.send('last', recorder.callback(from, 'the last one'));
      from.close(1000, 'all sent');
      recorder.note(`buffered ${from.bufferedAmount > 0}`);
      from.once('close', () => recorder.note(`buffered ${from.bufferedAmount}`));
      void untilStuck(from).then(() => to.resume());
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes while the other is paused and resumes later`,
    (_stage, _ends, from, to) => {
      to.pause();
      from.send('before');
      from.close(1000);
      later(() => to.resume());
    },
  ),
  ...byEach(
    (actor) => `the ${actor} pauses, closes and resumes`,
    (_stage, _ends, from, to) => {
      from.pause();
      to.send('before');
      from.close(1000);
      later(() => from.resume());
    },
  ),
];

/** The server is closed, with or without connections. */
const serving: readonly Story[] = [
  {
    name: 'the server is closed with an open connection, which continues until the client closes',
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

export const openStories: readonly Story[] = [...talking, ...waiting, ...serving];
