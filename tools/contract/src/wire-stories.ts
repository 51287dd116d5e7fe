// Stories with a raw peer: segments of several frames, and peers that behave as neither implementation does.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';
import { sendMoreThanFits } from './flood.ts';
import type { MeetingOptions } from './meeting.ts';
import { bytes, maskedFrame, meetRawClient, meetRawServer, type RawPeer } from './raw.ts';
import type { Recorder } from './recorder.ts';
import type { Story } from './stage.ts';
import { later, turns } from './turns.ts';

/** Options that both roles have. */
type Options = NonNullable<MeetingOptions['server']>;

interface Scene {
  /** The side that is recorded. */
  readonly ws: WebSocket;
  readonly raw: RawPeer;
  readonly recorder: Recorder;
  /** Sends frames in one segment. Each has a header and a payload in hex, unmasked. */
  readonly say: (...frames: readonly (readonly [header: string, payload?: string])[]) => void;
}

/** Creates a story for each role of the recorded side. */
function byRole(
  name: (role: string) => string,
  act: (scene: Scene) => void | Promise<void>,
  settings: Options = {},
): Story[] {
  return (['client', 'server'] as const).map((role) => ({
    name: name(role),
    async play(stage) {
      const recorder = stage[role];
      const meet = role === 'client' ? meetRawServer : meetRawClient;
      const { ws, raw } = await meet(stage.meeting, {
        [role]: settings,
        greet: (each) => recorder.watch(each),
      });
      await act({
        ws,
        raw,
        recorder,
        say: (...frames) => {
          const frame = role === 'client' ? plainFrame : maskedFrame;
          raw.say(Buffer.concat(frames.map(([header, payload]) => frame(header, payload))));
        },
      });
      await stage.closed(ws);
      raw.destroy();
    },
  }));
}

function plainFrame(header: string, payload = ''): Buffer {
  return Buffer.concat([bytes(header), bytes(payload)]);
}

const A = ['8101', '61'] as const;
const B = ['8101', '62'] as const;
const PING = ['8901', '70'] as const;
const PONG = ['8a01', '70'] as const;
const CLOSE = ['8802', '03e8'] as const;
const BREACH = ['8300'] as const;

/** Waits until the connection has read that the peer ended its side, which no event reports. */
async function noLongerOpen(ws: WebSocket): Promise<void> {
  while (ws.readyState === ws.OPEN) await turns(1);
}

/** A listener acts while more frames of the same segment wait. */
const insideListeners: readonly Story[] = [
  ...(['terminate', 'close'] as const).flatMap((method) =>
    (
      [
        ['messages and a ping', [B, PING, B]],
        ['a close frame', [B, CLOSE]],
        ['a breach', [B, BREACH]],
        ['a breach and a message', [BREACH, B]],
      ] as const
    ).flatMap(([what, frames]) =>
      byRole(
        (role) => `the ${role} calls ${method}() in a message event, before ${what}`,
        ({ ws, raw, say }) => {
          ws.once('message', () => ws[method]());
          say(A, ...frames);
          later(() => raw.end());
        },
      ),
    ),
  ),
  ...(['ping', 'pong'] as const).flatMap((event) =>
    byRole(
      (role) => `the ${role} closes in a ${event} event`,
      ({ ws, raw, say }) => {
        ws.once(event, () => ws.close(1000));
        say(event === 'ping' ? PING : PONG, PING, A, CLOSE);
        later(() => raw.end());
      },
    ),
  ),
  ...byRole(
    (role) => `the ${role} changes binaryType in a message event`,
    ({ ws, raw, say }) => {
      ws.once('message', () => (ws.binaryType = 'arraybuffer'));
      say(['8201', '61'], ['8202', '6263'], A, CLOSE);
      later(() => raw.end());
    },
  ),
  ...byRole(
    (role) => `the ${role} answers a message and terminates`,
    ({ ws, raw, recorder, say }) => {
      ws.once('message', () => {
        ws.send('answer', recorder.callback(ws, 'answer'));
        ws.terminate();
      });
      say(A);
      later(() => raw.end());
    },
  ),
];

/** What a peer does instead of, or during, a closing handshake. */
const oddPeers: readonly Story[] = [
  ...byRole(
    (role) => `the peer of the ${role} ends the connection without a close frame`,
    ({ raw, say }) => {
      say(A);
      raw.end();
    },
  ),
  ...byRole(
    (role) =>
      `the peer of the ${role} ends its side, and reads again after the ${role} has tried to send more`,
    async ({ ws, raw, recorder }) => {
      raw.pause();
      sendMoreThanFits(ws);
      raw.end();
      await noLongerOpen(ws);
      recorder.call(ws, 'send', () => ws.send('late', recorder.callback(ws, 'late')));
      recorder.call(ws, 'close', () => ws.close(1000));
      raw.resume();
    },
  ),
  ...byRole(
    (role) => `the peer of the ${role} cuts the connection`,
    ({ raw, say }) => {
      say(A);
      later(() => raw.destroy());
    },
  ),
  ...byRole(
    (role) => `the peer of the ${role} closes and does not end the connection`,
    ({ say }) => say(A, CLOSE),
    { closeTimeout: 20 },
  ),
  ...byRole(
    (role) => `the peer of the ${role} breaks the protocol and does not end the connection`,
    ({ say }) => say(A, BREACH),
    { closeTimeout: 20 },
  ),
  ...byRole(
    (role) => `the peer of the ${role} closes twice, with messages in between and another code`,
    ({ raw, say }) => {
      say(CLOSE, A, ['8802', '03e9'], BREACH);
      raw.end();
    },
  ),
  ...byRole(
    (role) => `the peer of the ${role} breaks the protocol twice`,
    ({ raw, say }) => {
      say(BREACH, BREACH);
      say(['c100']);
      raw.end();
    },
  ),
  ...byRole(
    (role) => `the ${role} closes, and its peer sends messages before it answers with another code`,
    async ({ ws, raw, say }) => {
      ws.close(1000, 'first');
      await raw.hear(2);
      say(A, PING, B);
      say(['8802', '0bb8']);
      raw.end();
    },
  ),
  ...byRole(
    (role) => `the ${role} closes, and its peer answers with a breach`,
    async ({ ws, raw, say }) => {
      ws.close(1000);
      await raw.hear(2);
      say(A, BREACH);
      raw.end();
    },
  ),
  ...byRole(
    (role) => `the ${role} closes, and its peer ends the connection without an answer`,
    async ({ ws, raw }) => {
      ws.close(1000);
      await raw.hear(2);
      raw.end();
    },
  ),
  ...byRole(
    (role) => `the ${role} closes, and its peer cuts the connection`,
    async ({ ws, raw }) => {
      ws.close(1000);
      await raw.hear(2);
      raw.destroy();
    },
  ),
];

/** An option affects how a side reads a segment. */
const options: readonly Story[] = [
  ...byRole(
    (role) => `the ${role} receives pings with autoPong: false`,
    ({ raw, say }) => {
      say(PING, PING, CLOSE);
      raw.end();
    },
    { autoPong: false },
  ),
  ...byRole(
    (role) => `the ${role} receives more pings in one chunk than maxPendingAutoPongs`,
    ({ raw, say }) => {
      say(PING, PING, PING, PING, A);
      later(() => raw.end());
    },
    { maxPendingAutoPongs: 2 },
  ),
  ...byRole(
    (role) => `the ${role} receives more fragments than maxFragments`,
    ({ raw, say }) => {
      say(['0101', '61'], PING, ['0001', '62'], ['0001', '63'], ['8001', '64']);
      raw.end();
    },
    { maxFragments: 2 },
  ),
  ...byRole(
    (role) => `the ${role} receives as many fragments as maxFragments`,
    ({ raw, say }) => {
      say(['0101', '61'], ['8001', '62'], ['0101', '61'], ['8001', '62'], CLOSE);
      raw.end();
    },
    { maxFragments: 2 },
  ),
  ...byRole(
    (role) => `the ${role} receives text and a reason that are not UTF-8, with skipUTF8Validation`,
    ({ raw, say }) => {
      say(['8102', 'c328'], ['8804', '03e8c328']);
      raw.end();
    },
    { skipUTF8Validation: true },
  ),
  ...byRole(
    (role) => `the ${role} receives a segment of many frames with allowSynchronousEvents: false`,
    ({ raw, say }) => {
      say(A, PING, B, CLOSE, A);
      later(() => raw.end());
    },
    { allowSynchronousEvents: false },
  ),
  ...(['terminate', 'close'] as const).flatMap((method) =>
    byRole(
      (role) => `the ${role} calls ${method}() in a message event with allowSynchronousEvents: false`,
      ({ ws, raw, say }) => {
        ws.once('message', () => ws[method]());
        say(A, B, PING, B, CLOSE);
        later(() => raw.end());
      },
      { allowSynchronousEvents: false },
    ),
  ),
];

export const wireStories: readonly Story[] = [...insideListeners, ...oddPeers, ...options];
