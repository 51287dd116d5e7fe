// Stories about streams over connections: what a stream emits, in order, while either side acts.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { Duplex, DuplexOptions } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Meeting, MeetingOptions } from './meeting.ts';
import { printable } from './recorder.ts';

/** What a stream has emitted, and what its peer has received. */
export interface StreamLog {
  readonly stream: readonly string[];
  readonly peer: readonly string[];
}

/** A scenario on one side. It ends when the stream and the peer have closed. */
export interface StreamStory {
  readonly name: string;
  readonly options?: DuplexOptions;
  readonly meeting?: MeetingOptions;
  act(stream: Duplex, peer: WebSocket, own: WebSocket): void | Promise<void>;
}

export const streamStories: readonly StreamStory[] = [
  {
    name: 'sends each chunk as a binary message, and closes when it is ended',
    act(stream) {
      stream.write('one');
      stream.write(Buffer.from('two'));
      stream.end('three');
    },
  },
  {
    name: 'sends strings as text without decodeStrings',
    options: { decodeStrings: false },
    act: (stream) => void stream.end('text'),
  },
  {
    name: 'reads each message as a chunk, text as a string, in object mode',
    options: { readableObjectMode: true },
    async act(stream, peer) {
      peer.send('text');
      peer.send(Buffer.from('bytes'));
      peer.send('');
      peer.close(1000);
      await once(stream, 'end');
      stream.end();
    },
  },
  {
    name: 'reads bytes without object mode, in the given encoding',
    options: { encoding: 'hex' },
    async act(stream, peer) {
      peer.send('text');
      peer.send(Buffer.from('bytes'));
      peer.close(1000);
      await once(stream, 'end');
      stream.end();
    },
  },
  {
    name: 'ignores object mode for writing',
    options: { objectMode: true },
    act(stream) {
      stream.write(new Uint8Array([1, 2]));
      stream.end();
    },
  },
  {
    name: 'ends when the peer closes, and closes when it is ended too',
    async act(stream, peer) {
      peer.close(1001, 'away');
      await once(stream, 'end');
      stream.end();
    },
  },
  {
    name: 'terminates the connection when it is destroyed',
    act: (stream) => void stream.destroy(),
  },
  {
    name: 'emits close, whatever the option emitClose',
    options: { emitClose: false },
    act: (stream) => void stream.destroy(),
  },
  {
    name: 'emits the error with which it is destroyed',
    act: (stream) => void stream.destroy(new Error('enough')),
  },
  {
    name: 'is destroyed with the error of its connection, which still sends its close frame',
    meeting: { client: { maxPayload: 10 }, server: { maxPayload: 10 } },
    act: (_stream, peer) => peer.send('more than ten bytes'),
  },
  {
    name: 'ends when the connection is lost, and reports that it is not writable',
    async act(stream, peer) {
      peer.terminate();
      await once(stream, 'end');
      stream.write('too late');
    },
  },
  {
    name: 'answers the close of a peer to which it is still sending',
    async act(stream, peer) {
      stream.write('before');
      peer.close(1000);
      await once(stream, 'end');
      stream.destroy();
    },
  },
];

/** Runs a story on one side, and returns the logs of both sides. */
export async function playStream(
  story: StreamStory,
  end: 'client' | 'server',
  meeting: Meeting,
): Promise<StreamLog> {
  const ends = await meeting.meet(story.meeting);
  const [own, peer] = end === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
  const log = { stream: [] as string[], peer: [] as string[] };
  peer.on('message', (data, isBinary) => log.peer.push(`${printable(data)} ${isBinary ? 'binary' : 'text'}`));
  const peerClosed = once(peer, 'close').then(([code, reason]) => {
    log.peer.push(`close ${printable(code)} ${printable(reason)}`);
  });
  const stream = meeting.pairing[end].createWebSocketStream(own, story.options);
  const closed = watch(stream, log.stream);
  await story.act(stream, peer, own);
  await Promise.all([closed, peerClosed]);
  return log;
}

/** Logs what a stream emits. The promise resolves when it has closed. */
export function watch(stream: Duplex, lines: string[]): Promise<void> {
  stream.on('data', (chunk: unknown) => lines.push(`data ${printable(chunk)}`));
  stream.on('end', () => lines.push('end'));
  stream.on('finish', () => lines.push('finish'));
  stream.on('error', (error) => lines.push(`error ${printable(error)}`));
  return new Promise((resolve) => {
    stream.on('close', () => {
      lines.push('close');
      resolve();
    });
  });
}
