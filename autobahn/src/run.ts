/** Runs one case, and records what the verdict and the reports need. */

import { CloseCode } from './close-codes.ts';
import { blankClosing } from './closing-record.ts';
import { CompressedPlayer } from './compressed-player.ts';
import { closeBody } from './notation.ts';
import { LargePlayer, LogPlayer, RoundTripPlayer } from './players.ts';
import { judge } from './verdict.ts';
import type { Case, LogEvent } from './case.ts';
import type { Compression } from './compression.ts';
import type { ClosingRecord } from './closing-record.ts';
import type { Engine } from './engine.ts';
import type { Player, TrafficStats } from './players.ts';
import type { Traffic } from './traffic.ts';
import type { Behavior, Verdict } from './verdict.ts';

/** A finished run. */
export interface Run {
  readonly testCase: Case;
  readonly agent: string;
  readonly isServer: boolean;
  readonly started: Date;
  /** Milliseconds from the end of the opening handshake to the end of TCP; 0 if the handshake failed. */
  readonly duration: number;
  readonly opened: boolean;
  readonly verdict: Verdict;
  readonly closing: ClosingRecord;
  readonly traffic: Traffic;
  readonly received: readonly LogEvent[];
  readonly expected: Readonly<Partial<Record<Behavior, readonly LogEvent[]>>>;
  /** Figures of the compression; null for other cases, and for a run with errors. */
  readonly trafficStats: TrafficStats | null;
}

/** A connection after the opening handshake. */
export interface OpenConnection {
  readonly engine: Engine;
  /** The octets that arrived with the end of the handshake. */
  readonly early: Buffer;
  /** The compression that was negotiated; null for none. */
  readonly compression?: Compression | null;
  /** The most compressed messages to exchange. Default: as many as the case says. */
  readonly messages?: number | undefined;
}

/** Plays a case on an open connection, and resolves when TCP has ended. */
export function playCase(
  testCase: Case,
  agent: string,
  { engine, early, compression = null, messages }: OpenConnection,
): Promise<Run> {
  const player = playerFor(testCase, engine, compression, messages ?? Infinity);
  const started = new Date();
  const start = performance.now();
  return new Promise((resolve) => {
    const gone = () => {
      const { conduct, end } = testCase;
      const { closing, isServer, traffic } = engine;
      const informational = conduct.kind === 'log' && conduct.informational === true;
      const observed = player.observed();
      const verdict = judge({ opened: true, observed, informational, end, closing, isServer });
      const duration = Math.round(performance.now() - start);
      const { received, expected, trafficStats } = player;
      resolve({
        ...{ testCase, agent, isServer, started, duration, opened: true },
        ...{ verdict, closing, traffic, received, expected, trafficStats: trafficStats ?? null },
      });
    };
    const message = (kind: 'text' | 'binary', payload: Buffer) => player.message(kind, payload);
    const pong = (payload: Buffer) => player.pong(payload);
    engine.start({ opened: () => player.start(), message, pong, gone }, early);
  });
}

/** Returns the run of a case whose opening handshake failed. */
export function failedHandshake(
  testCase: Case,
  agent: string,
  isServer: boolean,
  traffic: Traffic,
  failure: { why: string; timedOut: boolean },
): Run {
  const { conduct, end } = testCase;
  const closing: ClosingRecord = {
    ...blankClosing(),
    droppedByMe: true,
    wasNotCleanReason: failure.why,
    wasOpenHandshakeTimeout: failure.timedOut,
  };
  const informational = conduct.kind === 'log' && conduct.informational === true;
  const verdict = judge({ opened: false, observed: 'FAILED', informational, end, closing, isServer });
  return {
    ...{ testCase, agent, isServer, traffic, closing, verdict },
    ...{ started: new Date(), duration: 0, opened: false, received: [], expected: {}, trafficStats: null },
  };
}

/** Closes an open connection without running a case, and resolves when TCP has ended. */
export function leave(engine: Engine, early: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const opened = () => engine.close(Buffer.alloc(0));
    engine.start({ opened, message: () => {}, pong: () => {}, gone: resolve }, early);
  });
}

function playerFor(
  testCase: Case,
  engine: Engine,
  compression: Compression | null,
  messages: number,
): Player {
  const { conduct } = testCase;
  switch (conduct.kind) {
    case 'log':
      return new LogPlayer(engine, testCase, conduct);
    case 'large':
      return new LargePlayer(engine, conduct);
    case 'round trips':
      return new RoundTripPlayer(engine, conduct);
    case 'compressed':
      if (!compression) return unimplemented(engine);
      return new CompressedPlayer(engine, conduct, compression, Math.min(conduct.count, messages));
  }
}

/** The player for a connection without permessage-deflate. The suite closes, and expects no message. */
function unimplemented(engine: Engine): Player {
  let hasMessage = false;
  return {
    start: () => engine.close(closeBody(CloseCode.normal)),
    message: () => (hasMessage = true),
    pong: () => {},
    observed: () => (hasMessage ? 'FAILED' : 'UNIMPLEMENTED'),
    received: [],
    expected: {},
  };
}
