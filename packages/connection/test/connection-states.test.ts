// An exhaustive test of the state machine: a client and a server, joined by a transport that delivers nothing by itself. The test visits
// every reachable state, and checks the rules after each action in each of them.
//
// | `readyState` | exactly while                                                      | sends                | emits                  |
// | ------------ | ------------------------------------------------------------------ | -------------------- | ---------------------- |
// | `OPEN`       | no close frame was sent or read, the peer has broken no rule, and  | everything           | everything but `error` |
// |              | the stream is open on both sides                                   |                      | and `close`            |
// | `CLOSING`    | the connection is no longer `OPEN`, and the stream has not closed. | nothing after its    | what the peer has sent |
// |              | A time limit runs.                                                 | own close frame      | before its close frame |
// | `CLOSED`     | the stream has closed, and `close` is being emitted or was emitted | nothing              | nothing after `close`  |
import { expire } from './support/fake-timers-one-by-one.ts';
import { CloseCode, Opcode, type Frame } from '@framewire/codec';
import { explore } from '@framewire/testing/explore';
import { describe, expect, test } from 'vitest';
import { CALLS, ObservedEnd, type Call } from './support/observed-end.ts';
import { hex } from './support/pairs.ts';
import type { Buffering } from './support/stepped-stream.ts';

/** What can happen to an end, in addition to calls of its methods. A breach is an invalid frame that it receives. */
type Incident = 'deliver' | 'end' | 'breach' | 'fail' | 'destroy' | 'expire';

/** From the start on, all listeners and callbacks of an end call the method. */
const REACTIONS = ['react with send', 'react with close', 'react with terminate'] as const;

type What = Call | Incident | (typeof REACTIONS)[number];
type Action = readonly [end: 0 | 1, what: What];
/** The actions of one turn of the event loop. */
type Turn = readonly Action[];
type Pair = readonly [client: ObservedEnd, server: ObservedEnd];

const NAMES = ['client', 'server'] as const;

/** A reserved opcode. */
const BREACH = hex('83 80 00000000');

/** Some of the actions that are possible. All of them together would have too many states. */
interface Part {
  readonly title: string;
  readonly actions: readonly What[];
  /** Whether an end may see two actions in a turn, at least one of them a call. */
  readonly inPairs?: boolean;
}

const parts: readonly Part[] = [
  {
    title: 'messages',
    actions: ['send', 'close', 'terminate', 'deliver', 'end', 'breach', 'fail', 'expire'],
  },
  { title: 'pings', actions: ['ping', 'close', 'deliver', 'end', 'destroy', 'expire'] },
  { title: 'pauses', actions: ['send', 'close', 'pause', 'resume', 'deliver', 'end', 'fail', 'expire'] },
  {
    title: 'listeners that act',
    actions: ['send', 'close', 'deliver', 'end', 'breach', 'expire', ...REACTIONS],
  },
  {
    title: 'two actions in a turn',
    actions: ['send', 'close', 'terminate', 'deliver', 'fail'],
    inPairs: true,
  },
];

function isCall(what: What): what is Call {
  return (CALLS as readonly What[]).includes(what);
}

/** Whether an action is possible now, and useful. */
function isPossible(pair: Pair, [index, what]: Action): boolean {
  const end = pair[index];
  const peer = pair[index === 0 ? 1 : 0];
  const { ws, stream, isClosed, wasClosed } = end;
  // The turn after its end is enough to see that nothing follows.
  if (wasClosed && isClosed) return false;
  const receives = !stream.destroyed && !end.peerEnded;
  switch (what) {
    // One of each while it is open. Without a limit, the number of states would be infinite.
    case 'send':
    case 'ping':
      return ws.readyState !== ws.OPEN || end.count(what) === 0;
    case 'close':
    case 'terminate':
      return true;
    // At most one end pauses, and the listeners of at most one end react (below). Otherwise there would be many more states.
    case 'pause':
      return !ws.isPaused && !peer.ws.isPaused;
    case 'resume':
      return ws.isPaused;
    case 'deliver':
      return receives && peer.stream.wire.length > 0;
    case 'end':
      return receives && peer.stream.wire.length === 0 && peer.stream.hasEnded;
    case 'breach':
      return receives && !end.arrived.includes('breach');
    case 'fail':
    case 'destroy':
      return !stream.destroyed;
    case 'expire':
      return end.hasTimeLimit;
    default:
      return pair.every(isUntouched);
  }
}

function isUntouched({ reaction, calls, arrived, peerEnded, stream }: ObservedEnd): boolean {
  return (
    reaction === undefined && calls.size === 0 && arrived.length === 0 && !peerEnded && !stream.destroyed
  );
}

function act(pair: Pair, [index, what]: Action): void {
  const end = pair[index];
  switch (what) {
    case 'deliver':
      end.receive(pair[index === 0 ? 1 : 0]);
      break;
    case 'breach':
      end.receiveBreach(Buffer.from(BREACH));
      break;
    case 'end':
      end.receiveEnd();
      break;
    case 'fail':
      end.stream.destroy(new Error('reset'));
      break;
    case 'destroy':
      end.stream.destroy();
      break;
    case 'expire':
      expire(end.closeTimeout);
      break;
    case 'react with send':
    case 'react with close':
    case 'react with terminate':
      end.reaction = what.slice('react with '.length) as Call;
      break;
    default:
      end.call(what);
  }
}

/** Replays each history on a new pair. All pairs share the turns of the event loop, which makes this cheap. */
async function replay(histories: readonly (readonly Turn[])[], buffering: Buffering): Promise<Pair[]> {
  const pairs = histories.map((): Pair => [
    new ObservedEnd('client', buffering),
    new ObservedEnd('server', buffering),
  ]);
  const turns = Math.max(...histories.map(({ length }) => length));
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, pair] of pairs.entries()) {
      for (const action of histories[index]?.[turn] ?? []) {
        // The earlier action of the turn may have made this one impossible.
        if (isPossible(pair, action)) act(pair, action);
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
    for (const pair of pairs) for (const end of pair) end.turnEnded();
  }
  return pairs;
}

/** The turns that can follow. */
function turnsAfter(pair: Pair, { actions, inPairs = false }: Part): Turn[] {
  const all = ([0, 1] as const).flatMap((end) => actions.map((what): Action => [end, what]));
  const possible = all.filter((action) => isPossible(pair, action));
  const turns = possible.map((action): Turn => [action]);
  if (!inPairs) return turns;
  const twice = possible.flatMap((first) =>
    all.filter((second) => isTurn(first, second)).map((second): Turn => [first, second]),
  );
  return [...turns, ...twice];
}

function isTurn([end, what]: Action, [secondEnd, secondWhat]: Action): boolean {
  return end === secondEnd && (isCall(what) || isCall(secondWhat));
}

/** Identifies a state. The roles differ only in masks, so a state with exchanged roles is the same. */
function keyOf(pair: Pair): string {
  return [keyOfEnd(pair[0], pair[1]), keyOfEnd(pair[1], pair[0])].sort().join(' | ');
}

function keyOfEnd(end: ObservedEnd, peer: ObservedEnd): string {
  const { ws, stream, arrived, read } = end;
  const isRead = !peer.stream.destroyed && !peer.peerEnded;
  const wire = isRead ? end.framesOnWire.map((frames) => frames.map(({ opcode }) => opcode).join('+')) : [];
  const toPeer = [wire.join(), isRead && stream.hasEnded];
  const unsettled = end.sent.filter(({ outcomes }) => outcomes.length !== 1).length;
  if (ws.readyState === ws.CLOSED) return [...toPeer, unsettled, 'closed'].join(' ');
  return [
    ...toPeer,
    unsettled,
    ws.readyState,
    ws.wasClean,
    ws.isPaused,
    end.hasTimeLimit,
    end.count('send'),
    end.count('ping'),
    end.reaction,
    end.frames.flat().some(isClose),
    arrived.find((each) => each === 'breach' || each === 'close frame'),
    arrived.slice(read).join(),
    stream.readableLength,
    stream.writableLength,
    stream.writableEnded,
    stream.destroyed,
    end.peerEnded,
  ].join(' ');
}

const isClose = ({ opcode }: Frame): boolean => opcode === Opcode.CLOSE;

/** The rules that an end breaks. */
function faultsOf(end: ObservedEnd): string[] {
  const { ws, stream, events, sent, calls, states } = end;
  const { OPEN, CLOSING, CLOSED, readyState } = ws;
  const count = (event: string): number => events.filter((each) => each === event).length;
  const frames = end.frames.flat();
  const accepted = end.acceptedFrames;
  const acceptedSends = accepted.filter(({ opcode }) => opcode === Opcode.TEXT || opcode === Opcode.PING);
  const read = end.arrived.slice(0, end.read);
  const last = read.findIndex((each) => each === 'breach' || each === 'close frame');
  const hasReadClose = read[last] === 'close frame';
  const hasReadBreach = read[last] === 'breach';
  const before = last === -1 ? read : read.slice(0, last);
  const isEnding = calls.has('close') || calls.has('terminate') || last !== -1;
  const rules: Record<string, boolean> = {
    'sends one close frame at most (§5.5.1)': frames.filter(isClose).length <= 1,
    'sends nothing after its close frame (§5.5.1)': !frames.some(isClose) || isClose(frames.at(-1)!),
    'answers each ping once at most':
      frames.filter(({ opcode }) => opcode === Opcode.PONG).length <= count('ping'),
    'emits what has arrived before a close frame or a breach, once and in order':
      events.filter((event) => event !== 'error' && event !== 'close').join() === before.join(),
    'emits error once, exactly for a breach': count('error') === (hasReadBreach ? 1 : 0),
    'emits close once, exactly when it is CLOSED': count('close') === (readyState === CLOSED ? 1 : 0),
    'emits nothing after close': !events.includes('close') || events.at(-1) === 'close',
    'goes from OPEN to CLOSING to CLOSED':
      states.join() === [OPEN, CLOSING, CLOSED].filter((state) => states.includes(state)).join(),
    'is OPEN exactly while nothing has ended it':
      (readyState === OPEN) === !(isEnding || stream.readableEnded || stream.destroyed),
    'is CLOSED exactly when the stream has closed': (readyState === CLOSED) === stream.closed,
    'has a time limit exactly while it is CLOSING': end.hasTimeLimit === (readyState === CLOSING),
    'calls each callback once at most': sent.every(({ outcomes }) => outcomes.length <= 1),
    'calls each callback by the end':
      readyState !== CLOSED || sent.every(({ outcomes }) => outcomes.length === 1),
    'calls the callbacks of what it sent while OPEN before it emits close': end.calledBackInTime,
    'calls callbacks without an error exactly for what the transport has accepted': sent
      .filter(({ wasOpen }) => wasOpen)
      .every(({ outcomes: [error], outcomes: { length } }, index) =>
        index < acceptedSends.length
          ? length === 1 && error === undefined
          : length === 0 || error !== undefined,
      ),
    'sends nothing while it is not OPEN': sent.every(
      ({ wasOpen, outcomes }) => wasOpen || outcomes[0] instanceof Error,
    ),
    'is clean exactly when each end has sent a close frame (§7.1.4)':
      ws.wasClean === (hasReadClose && accepted.some(isClose)),
    'reports the code of the peer, or 1006 (§7.1.5)':
      readyState !== CLOSED || end.code === (hasReadClose ? end.peerCode : CloseCode.ABNORMAL_CLOSURE),
  };
  return Object.keys(rules).filter((rule) => !rules[rule]);
}

function check(pair: Pair, history: readonly Turn[]): void {
  const faults = pair.flatMap((end, index) =>
    faultsOf(end).map((rule) => `the ${NAMES[index]!} breaks "${rule}"`),
  );
  if (faults.length === 0) return;
  const turns = history.map((turn) => turn.map(([end, what]) => `${NAMES[end]} ${what}`).join(' and '));
  expect.fail(`${faults.join('; ')}: after ${turns.join(', ')}`);
}

describe.each(['free', 'full'] as const)('with %s buffers between them', (buffering) => {
  test.each(parts.map((part) => [part.title, part] as const))(
    'the rules hold in every reachable state of two joined connections: %s',
    async (_title, part) => {
      let ended = 0;
      await explore<Pair, Turn>({
        replay: (histories) => replay(histories, buffering),
        check,
        keyOf,
        actionsIn(pair) {
          if (pair.every(({ isClosed }) => isClosed)) ended++;
          return turnsAfter(pair, part);
        },
      });
      expect(ended).toBeGreaterThan(0);
    },
  );
});
