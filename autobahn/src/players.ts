/** Players carry out the kinds of cases on an open connection: they decide what to send when, and judge the answers. */

import { closeBody, readLog, readSteps } from './notation.ts';
import { CloseCode } from './close-codes.ts';
import { Opcode, fragment } from './frames.ts';
import type { Case, LargeConduct, LogConduct, LogEvent, RoundTripConduct, Step, Write } from './case.ts';
import type { Engine } from './engine.ts';
import type { Behavior } from './verdict.ts';

/** Plays one case. After that, {@link Player.observed} returns the verdict on the events alone. */
export interface Player {
  /** Called when the connection is open. */
  start(): void;
  message(kind: 'text' | 'binary', payload: Buffer): void;
  pong(payload: Buffer): void;
  observed(): Behavior;
  /** The event log, in order. */
  readonly received: readonly LogEvent[];
  /** The logs that count as right, by the verdict that each gets. */
  readonly expected: Readonly<Partial<Record<Behavior, readonly LogEvent[]>>>;
  /** Set after a compressed exchange without errors. */
  readonly trafficStats?: TrafficStats | null;
}

/** Figures of a compressed exchange, for each direction. */
export type TrafficStats = Readonly<Record<string, number | null>>;

/** Plays a case whose verdict is a comparison of event logs. */
export class LogPlayer implements Player {
  readonly received: LogEvent[] = [];
  readonly expected: Partial<Record<Behavior, readonly LogEvent[]>>;
  readonly #engine: Engine;
  readonly #conduct: LogConduct;
  readonly #steps: readonly Step[];
  /** The code of the Close to send when the log is complete; null if the log must not make the suite close. */
  readonly #autoClose: number | null;

  constructor(engine: Engine, testCase: Case, conduct: LogConduct) {
    this.#engine = engine;
    this.#conduct = conduct;
    this.#steps = readSteps(conduct.sends);
    const closes = this.#steps.some((step) => step.do === 'close');
    this.#autoClose = testCase.end.by === 'F' && !closes ? (testCase.end.codes[0] ?? CloseCode.normal) : null;
    this.expected = { OK: readLog(conduct.ok) };
    if (conduct.nonStrict !== null) this.expected['NON-STRICT'] = readLog(conduct.nonStrict);
  }

  start(): void {
    perform(this.#engine, this.#steps, this.#conduct.write, (tag) => this.#log({ kind: 'timeout', tag }));
  }

  message(kind: 'text' | 'binary', payload: Buffer): void {
    this.#log({ kind, payload });
  }

  pong(payload: Buffer): void {
    this.#log({ kind: 'pong', payload });
  }

  observed(): Behavior {
    if (!this.#sentWhatItMust()) return 'FAILED';
    if (sameLog(this.received, this.expected.OK)) return 'OK';
    return sameLog(this.received, this.expected['NON-STRICT']) ? 'NON-STRICT' : 'FAILED';
  }

  #log(event: LogEvent): void {
    this.received.push(event);
    if (this.#autoClose === null || !sameLog(this.received, this.expected.OK)) return;
    this.#engine.close(closeBody(this.#autoClose));
  }

  #sentWhatItMust(): boolean {
    const sent = this.#engine.traffic.txFrameStats;
    return Object.entries(this.#conduct.mustSend ?? {}).every(([opcode, count]) => sent[opcode] === count);
  }
}

/** Plays a case with one large message. Its echo must have the same type and length. */
export class LargePlayer implements Player {
  readonly received: LogEvent[] = [];
  readonly expected = {};
  readonly #engine: Engine;
  readonly #conduct: LargeConduct;
  #done = false;

  constructor(engine: Engine, conduct: LargeConduct) {
    this.#engine = engine;
    this.#conduct = conduct;
  }

  start(): void {
    this.#engine.traffic.logging = false;
    perform(this.#engine, readSteps(this.#conduct.sends), this.#conduct.write, () => {});
  }

  message(kind: 'text' | 'binary', payload: Buffer): void {
    if (isKind(kind, this.#conduct.opcode) && payload.length === this.#conduct.length) this.#done = true;
    this.#close();
  }

  pong(): void {
    this.#close();
  }

  observed(): Behavior {
    return this.#done ? 'OK' : 'FAILED';
  }

  #close(): void {
    this.#engine.traffic.logging = true;
    this.#engine.close(closeBody(CloseCode.normal));
  }
}

/** Plays a case in which the same message is echoed many times. */
export class RoundTripPlayer implements Player {
  readonly received: LogEvent[] = [];
  readonly expected = {};
  readonly #engine: Engine;
  readonly #conduct: RoundTripConduct;
  readonly #payload: Buffer;
  #echoes = 0;
  #behavior: Behavior = 'FAILED';

  constructor(engine: Engine, conduct: RoundTripConduct) {
    this.#engine = engine;
    this.#conduct = conduct;
    this.#payload = Buffer.alloc(conduct.length, conduct.octet);
  }

  start(): void {
    this.#engine.traffic.logging = false;
    startEndTimer(this.#engine, this.#conduct.seconds);
    this.#send();
  }

  message(kind: 'text' | 'binary', payload: Buffer): void {
    const good = isKind(kind, this.#conduct.opcode) && payload.length === this.#conduct.length;
    if (good && this.#echoes < this.#conduct.count) this.#echoes += 1;
    if (good && this.#echoes < this.#conduct.count) {
      this.#send();
      return;
    }
    // The last message decides, even one after the last echo.
    this.#behavior = good ? 'OK' : 'FAILED';
    this.#close();
  }

  pong(): void {
    this.#close();
  }

  observed(): Behavior {
    return this.#behavior;
  }

  #send(): void {
    const { opcode } = this.#conduct;
    this.#engine.send([{ opcode, fin: true, rsv: 0, payload: this.#payload }], 'plain');
  }

  #close(): void {
    this.#engine.traffic.logging = true;
    this.#engine.close(closeBody(CloseCode.normal));
  }
}

/** Whether a message is of the type that the opcode stands for. */
export function isKind(kind: 'text' | 'binary', opcode: number): boolean {
  return (kind === 'text') === (opcode === Opcode.text);
}

/** Carries out the steps up to the next pause, and the others after the pause. */
export function perform(
  engine: Engine,
  steps: readonly Step[],
  write: Write,
  paused: (tag: string) => void,
): void {
  for (const [index, step] of steps.entries()) {
    if (step.do !== 'wait') {
      performStep(engine, step, write);
      continue;
    }
    engine.traffic.note('CT', step.seconds, step.tag);
    engine.after(step.seconds, () => {
      engine.traffic.note('CTE', step.tag);
      if (step.tag !== null && engine.state !== 'open') return;
      if (step.tag !== null) paused(step.tag);
      perform(engine, steps.slice(index + 1), write, paused);
    });
    return;
  }
}

function performStep(engine: Engine, step: Exclude<Step, { do: 'wait' }>, write: Write): void {
  switch (step.do) {
    case 'frame':
      engine.send([step], write);
      break;
    case 'message':
      engine.send(fragment(step.opcode, step.payload, step.fragmentSize), write);
      break;
    case 'header':
      engine.sendHeader(step.opcode, step.fin, step.length);
      break;
    case 'data':
      engine.sendData(step.octets);
      break;
    case 'close':
      engine.close(step.body);
      break;
    case 'kill':
      startKillTimer(engine, step.seconds);
      break;
    case 'end':
      startEndTimer(engine, step.seconds);
      break;
  }
}

function startKillTimer(engine: Engine, seconds: number): void {
  engine.traffic.note('KL', seconds);
  engine.after(seconds, () => {
    engine.traffic.note('KLE');
    engine.fail(CloseCode.goingAway, 'the case ran out of time');
  });
}

/** Closes after this time. Exported for players without steps. */
export function startEndTimer(engine: Engine, seconds: number): void {
  engine.traffic.note('TI', seconds);
  engine.after(seconds, () => {
    engine.traffic.note('TIE');
    engine.close(Buffer.alloc(0));
  });
}

function sameLog(log: readonly LogEvent[], other: readonly LogEvent[] | undefined): boolean {
  return log.length === other?.length && log.every((event, index) => sameEvent(event, other[index]));
}

function sameEvent(event: LogEvent, other: LogEvent | undefined): boolean {
  if (event.kind === 'timeout') return other?.kind === 'timeout' && other.tag === event.tag;
  return other?.kind === event.kind && other.payload.equals(event.payload);
}
