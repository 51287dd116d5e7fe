// An exhaustive test of the state machine: two endpoints, joined by queues. Each can send a message and a ping, close, and read what is on
// its way. It can also receive an invalid frame, see the transport end, and give up. The test visits every reachable state.
import { expect, test } from 'vitest';
import { Endpoint, FrameDecoder, Opcode, type EndpointEvent, type Frame } from '@framewire/codec';
import { explore } from '@framewire/testing/explore';

/** What can happen to an end. A breach is an invalid frame that it receives. */
const ACTIONS = ['send', 'ping', 'close', 'breach', 'deliver', 'end', 'give up'] as const;
type Action = readonly [end: 0 | 1, what: (typeof ACTIONS)[number]];

/** How often an end may do what is always possible. Without a limit, the number of states would be infinite. */
const LIMITS: Partial<Record<Action[1], number>> = { send: 1, ping: 1, breach: 1 };

const ORDER = ['open', 'closing', 'closed'];

/** One end of the pair, with everything that was observed. */
class End {
  readonly endpoint: Endpoint;
  readonly events: EndpointEvent[] = [];
  /** The messages that were accepted, as the peer must receive them. */
  readonly sent: string[] = [];
  /** The frames that the peer has not received, and all frames. */
  wire: Uint8Array[] = [];
  readonly frames: Frame[] = [];
  readonly done: Partial<Record<Action[1], number>> = {};
  /** Whether it has ended its side of the transport, which the peer sees after it has read the wire. */
  hasEnded = false;
  peerEnded = false;
  states: string[] = ['open'];
  readonly #watch: FrameDecoder;

  constructor(role: 'client' | 'server') {
    this.endpoint = new Endpoint({ role, maskingKey: () => 0 });
    this.#watch = new FrameDecoder({ role: role === 'client' ? 'server' : 'client', allowRsv1: true });
  }

  /** Reads the events, and puts the output on the wire. */
  pump(): void {
    for (let event; (event = this.endpoint.next()) !== undefined;) this.events.push(event);
    for (const bytes of this.endpoint.takeOutput()) {
      this.wire.push(bytes);
      this.#watch.push(bytes.slice());
      for (let frame; (frame = this.#watch.next()) !== undefined;) this.frames.push(frame);
    }
    if (this.states.at(-1) !== this.endpoint.state) this.states.push(this.endpoint.state);
    // End the transport when the endpoint is closed.
    if (this.endpoint.state === 'closed') this.hasEnded = true;
  }

  /** Whether messages may be sent. */
  get isOpen(): boolean {
    return this.endpoint.state === 'open' && !this.peerEnded;
  }

  /** Whether a message is refused. */
  refuses(): boolean {
    try {
      this.endpoint.send('refused');
      return false;
    } catch {
      return true;
    }
  }
}

type Pair = readonly [End, End];

/** Whether an action is possible now. */
function isPossible(pair: Pair, [index, what]: Action): boolean {
  const end = pair[index];
  const peer = pair[index === 0 ? 1 : 0];
  if ((end.done[what] ?? 0) >= (LIMITS[what] ?? Infinity)) return false;
  const reads = !end.peerEnded && end.endpoint.state !== 'closed';
  switch (what) {
    case 'send':
    case 'ping':
      return end.isOpen;
    // Only the first call has an effect.
    case 'close':
      return true;
    case 'breach':
    case 'give up':
      return reads;
    case 'deliver':
      return reads && peer.wire.length > 0;
    case 'end':
      return reads && peer.wire.length === 0 && peer.hasEnded;
  }
}

function act(pair: Pair, [index, what]: Action): void {
  const end = pair[index];
  const peer = pair[index === 0 ? 1 : 0];
  end.done[what] = (end.done[what] ?? 0) + 1;
  switch (what) {
    case 'send':
      end.endpoint.send(`message of ${index}`);
      end.sent.push(`message of ${index}`);
      break;
    case 'ping':
      end.endpoint.ping('p');
      break;
    case 'close':
      end.endpoint.close(4000 + index);
      break;
    case 'breach':
      // A reserved opcode.
      end.endpoint.receive(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0));
      break;
    case 'deliver':
      end.endpoint.receive(peer.wire.shift()!.slice());
      break;
    case 'end':
    case 'give up':
      end.peerEnded = true;
      end.hasEnded = true;
      end.endpoint.receiveEnd();
      break;
  }
  end.pump();
}

/** The rules that a state breaks, however the test reached it. */
function faults(pair: Pair): string[] {
  return ([0, 1] as const).flatMap((index) => {
    const end = pair[index];
    const peer = pair[index === 0 ? 1 : 0];
    const { events, frames, endpoint } = end;
    const count = (type: EndpointEvent['type']): number =>
      events.filter((event) => event.type === type).length;
    const closeFrames = frames.filter(isClose).length;
    const received = events.flatMap((event) => (event.type === 'message' ? [event.data] : []));
    const last = events.at(-1);
    const rules: Record<string, boolean> = {
      'sends one close frame at most (§5.5.1)': closeFrames <= 1,
      'sends nothing after its close frame (§5.5.1)':
        closeFrames === 0 || frames.at(-1)?.opcode === Opcode.CLOSE,
      'sends no close frame while it is open': endpoint.state !== 'open' || closeFrames === 0,
      'emits one close, exactly when it is closed': count('close') === (endpoint.state === 'closed' ? 1 : 0),
      'emits nothing after close': count('close') === 0 || last?.type === 'close',
      'emits one error at most, and close after it': count('error') <= count('close') && count('error') <= 1,
      'goes from open to closing to closed':
        end.states.join() === ORDER.filter((state) => end.states.includes(state)).join(),
      'refuses messages when it is not open': end.isOpen || end.refuses(),
      'receives each message once, whole and in order': received.every((data, i) => data === peer.sent[i]),
      'receives a pong for a ping': count('pong') <= (end.done.ping ?? 0),
      'is clean exactly when each end has sent a close frame, and then has the code of the peer':
        last?.type !== 'close' ||
        (last.wasClean ? closeFrames === 1 && last.code === (codeOf(peer) ?? NaN) : last.code === 1006),
    };
    return Object.keys(rules)
      .filter((rule) => !rules[rule])
      .map((rule) => `end ${index}: ${rule}`);
  });
}

/** The code of the close frame that an end has sent. */
function codeOf({ frames }: End): number | undefined {
  const payload = frames.find(isClose)?.payload;
  return payload === undefined ? undefined : (payload[0]! << 8) | payload[1]!;
}

/** Identifies a state by everything that its future depends on. */
function keyOf(pair: Pair): string {
  return JSON.stringify(
    pair.map(({ endpoint, frames, wire, done, hasEnded, peerEnded }) => [
      wire.map((bytes) => Buffer.from(bytes).toString('hex')),
      hasEnded,
      endpoint.state,
      ...(endpoint.state === 'closed'
        ? []
        : [frames.some(isClose), peerEnded, done.send, done.ping, done.breach]),
    ]),
  );
}

const isClose = ({ opcode }: Frame): boolean => opcode === Opcode.CLOSE;

function replay(actions: readonly Action[]): Pair {
  const pair: Pair = [new End('client'), new End('server')];
  for (const action of actions) act(pair, action);
  return pair;
}

test('the rules of the protocol hold in every reachable state of two joined endpoints', async () => {
  const all = ([0, 1] as const).flatMap((end) => ACTIONS.map((what): Action => [end, what]));
  let ended = 0;
  await explore<Pair, Action>({
    replay: (histories) => histories.map(replay),
    check(pair, history) {
      const found = faults(pair);
      if (found.length === 0) return;
      expect.fail(`${found.join('; ')}: after ${history.map((action) => action.join(' ')).join(', ')}`);
    },
    keyOf,
    actionsIn(pair) {
      if (pair.every(({ endpoint }) => endpoint.state === 'closed')) ended++;
      return all.filter((action) => isPossible(pair, action));
    },
  });
  expect(ended).toBeGreaterThan(0);
});
