// Stories about how open connections end: by a close, a lost connection or an error.
import { Blob, Buffer } from 'node:buffer';
import { byEach, recorderOf, sendSome } from './by-each.ts';
import type { Story } from './stage.ts';
import { later } from './turns.ts';

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
    (actor) => `the ${actor} closes twice, and then sends`,
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
    (actor) => `the ${actor} closes in a message event`,
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
    (actor) => `the ${actor} closes, and the other side calls close() in its close event`,
    (stage, ends, from, to) => {
      to.once('close', () => recorderOf(stage, ends, to).call(to, 'close', () => to.close(1000)));
      from.close(1001);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes while a Blob that it sends is being read`,
    (stage, ends, from) => {
      const recorder = recorderOf(stage, ends, from);
      from.send(new Blob(['a blob']), recorder.callback(from, 'blob'));
      from.send('afterwards', recorder.callback(from, 'text'));
      from.close(1000);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} closes, and the other side reads nothing until closeTimeout has passed`,
    (_stage, _ends, from, to) => {
      to.pause();
      from.close(1000);
      from.once('close', () => to.resume());
    },
    { client: { closeTimeout: 20 }, server: { closeTimeout: 20 } },
  ),
  {
    name: 'both close at the same time',
    async play(stage) {
      const { client, server } = await stage.meet();
      client.close(3001, 'client');
      server.close(3002, 'server');
      await stage.closed(client, server);
    },
  },
  {
    name: 'both close at the same time without codes',
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
    (actor) => `the ${actor} terminates in a message event`,
    (stage, ends, from, to) => {
      from.once('message', () => from.terminate());
      to.send('only one', recorderOf(stage, ends, to).callback(to, 'send'));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} terminates, and then sends`,
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
      later(() => to.resume());
    },
  ),
];

/** A side sends what the other refuses: invalid text, wrongly masked frames, or too much. */
const breaking: readonly Story[] = [
  ...byEach(
    (actor) => `the ${actor} sends text that is not UTF-8`,
    (stage, ends, from) => {
      sendSome(stage, ends, from);
      from.send(
        Buffer.from('c328', 'hex'),
        { binary: false },
        recorderOf(stage, ends, from).callback(from, 'bad'),
      );
      from.send('afterwards', recorderOf(stage, ends, from).callback(from, 'afterwards'));
    },
  ),
  ...byEach(
    (actor) => `the ${actor} masks its frames as only the other role may`,
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
    (actor) => `the ${actor} sends fragments that together exceed maxPayload, with a ping between them`,
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
    (actor) => `the ${actor} closes after a protocol error`,
    (_stage, _ends, from) => {
      from.send(Buffer.from('c328', 'hex'), { binary: false });
      from.close(1000);
    },
  ),
  ...byEach(
    (actor) => `the ${actor} breaks the protocol, and the other side terminates in its error event`,
    (_stage, _ends, from, to) => {
      to.once('error', () => to.terminate());
      from.send(Buffer.from('c328', 'hex'), { binary: false });
    },
  ),
];

export const endingStories: readonly Story[] = [...closing, ...cutting, ...breaking];
