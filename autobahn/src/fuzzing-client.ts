/** The fuzzing client: runs cases against a server, with one connection for each. Several run at a time if they cannot disturb each other. */

import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { Compression } from './compression.ts';
import { Engine } from './engine.ts';
import { checkResponse, readHead, writeRequest, HandshakeError } from './handshake.ts';
import { offerOf, readAnswer } from './negotiation.ts';
import { paceOf } from './case.ts';
import { failedHandshake, leave, playCase } from './run.ts';
import { hostOf, isExcluded } from './spec.ts';
import { Traffic } from './traffic.ts';
import type { Socket } from 'node:net';
import type { Case, Pace } from './case.ts';
import type { Agreement } from './negotiation.ts';
import type { Run } from './run.ts';
import type { Selection, ServerTarget } from './spec.ts';

/** How a server is tested. */
export interface ClientRunOptions {
  readonly cases: readonly Case[];
  readonly selection: Selection;
  /** How many cases run at the same time. `quiet` cases always run alone. */
  readonly jobs: number;
  /** Called with each run as it ends, in no fixed order. */
  readonly onRun: (run: Run) => void;
  /** The most compressed messages to exchange in a case. Default: as many as the case says. */
  readonly messages?: number | undefined;
  /** After it is aborted, no further case starts. */
  readonly signal?: AbortSignal;
}

/** How many `heavy` cases run at the same time for each processor. */
const HEAVY_JOBS_EACH = 3;

/** Thrown if no TCP connection to the server can be opened. No further case runs. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/**
 * Runs the cases against one server. Resolves when all have ended or, after the signal is aborted, when the
 * running ones have.
 *
 * @throws UnreachableError if the server cannot be reached.
 */
export async function testServer(target: ServerTarget, options: ClientRunOptions): Promise<void> {
  const of = (pace: Pace) => options.cases.filter((testCase) => paceOf(testCase) === pace);
  await runAll(of('light'), options.jobs, target, options);
  await runAll(of('quiet'), 1, target, options);
  // More cases than processors, because most cases wait for their echo or for the thread pool.
  await runAll(
    of('heavy'),
    Math.min(options.jobs, availableParallelism() * HEAVY_JOBS_EACH),
    target,
    options,
  );
}

async function runAll(
  cases: readonly Case[],
  jobs: number,
  target: ServerTarget,
  options: ClientRunOptions,
): Promise<void> {
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (options.signal?.aborted) return;
      try {
        const run = await runCase(next, target, options);
        if (run) options.onRun(run);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, work));
}

/** Runs one case. Returns null if it is excluded for the agent. */
async function runCase(testCase: Case, target: ServerTarget, options: ClientRunOptions): Promise<Run | null> {
  const socket = await openSocket(target);
  const traffic = new Traffic();
  const { conduct } = testCase;
  const offer = conduct.kind === 'compressed' ? offerOf(conduct.parameters) : null;
  const opened = await openWebSocket(socket, target, traffic, offer);
  const agent = target.agent ?? opened.agent ?? 'UnknownServer';
  const excluded = isExcluded(options.selection, agent, testCase.id);
  if ('failure' in opened) {
    return excluded ? null : failedHandshake(testCase, agent, false, traffic, opened.failure);
  }
  const { agreement } = opened;
  const compression = agreement && new Compression(agreement.client, agreement.server);
  const engine = new Engine(socket, { isServer: false, limits: target.limits, traffic, compression });
  if (!excluded)
    return playCase(testCase, agent, {
      engine,
      early: opened.early,
      compression,
      messages: options.messages,
    });
  await leave(engine, opened.early);
  return null;
}

type Opening =
  | { agent: string | undefined; early: Buffer; agreement: Agreement | null }
  | { agent: string | undefined; failure: { why: string; timedOut: boolean } };

async function openWebSocket(
  socket: Socket,
  target: ServerTarget,
  traffic: Traffic,
  offer: string | null,
): Promise<Opening> {
  const { origin, protocols } = target;
  const request = writeRequest({ url: new URL(target.url), origin, protocols, extensions: offer });
  traffic.httpRequest = request.text;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    socket.destroy();
  }, target.limits.openHandshakeTimeout * 1000);
  let agent: string | undefined;
  try {
    socket.write(request.text);
    const { head, early } = await readHead(socket);
    traffic.httpResponse = head.text;
    agent = head.headers.get('server');
    checkResponse(head, request.key, protocols);
    const answer = head.headers.get('sec-websocket-extensions');
    if (offer === null && answer !== undefined && answer !== '') {
      throw new HandshakeError('the server names an extension that was not offered');
    }
    const agreement = readAnswer(answer);
    return { agent, early, agreement };
  } catch (error) {
    socket.destroy();
    return { agent, failure: { why: error instanceof Error ? error.message : String(error), timedOut } };
  } finally {
    clearTimeout(timer);
  }
}

function openSocket(target: ServerTarget): Promise<Socket> {
  const url = new URL(target.url);
  const secure = url.protocol === 'wss:';
  const port = Number(url.port || (secure ? 443 : 80));
  const host = hostOf(url);
  return new Promise((resolve, reject) => {
    const socket = secure
      ? // A server under test may have any certificate.
        connectTls({ host, port, servername: target.hostname ?? host, rejectUnauthorized: false })
      : connect({ host, port, noDelay: true });
    socket.setNoDelay(true);
    const onError = (error: Error) => reject(new UnreachableError(`${target.url}: ${reasonOf(error)}`));
    socket.once('error', onError);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.off('error', onError).on('error', () => {});
      resolve(socket);
    });
  });
}

/** Returns why a connection could not be opened. If Node has tried several addresses, the error itself has no message. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors
    .map((each: unknown) => (each instanceof Error ? each.message : String(each)))
    .join(', ');
}
