// Records the events of a connecting client as lines. Runs the same script with our client and with that of ws.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket as Ours } from '@framewire/client';
import { WebSocket as Theirs, type RawData } from 'ws';
import { expect } from 'vitest';

/** A client with the types of ws. */
export type Client = Theirs;

/** A class of clients. Its arguments may be anything that JavaScript code can pass. */
export type ClientClass = new (address: string | URL, second?: unknown, options?: object) => Client;

export const OurWebSocket = Ours as unknown as ClientClass;
export const TheirWebSocket = Theirs as unknown as ClientClass;

/** The events of one client in order, each with the state at that time. */
export interface Recording {
  readonly log: string[];
  /** The lines, after `close`. */
  readonly closed: Promise<string[]>;
}

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

/** Records the events of a client. `watched` are events whose listeners change the behaviour of a client. */
export function record(ws: Client, ...watched: ('redirect' | 'unexpected-response')[]): Recording {
  const log: string[] = [];
  const note = (text: string): void => {
    log.push(`${text} [${STATES[ws.readyState]}]`.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'));
  };
  ws.on('open', () => note(`open protocol=${ws.protocol} extensions=${ws.extensions}`));
  ws.on('upgrade', (response) => note(`upgrade ${response.statusCode}`));
  ws.on('message', (data: RawData, isBinary) => note(`message ${(data as Buffer).toString()} ${isBinary}`));
  ws.on('error', (error) => note(`error ${error.name}: ${error.message}`));
  if (watched.includes('redirect')) ws.on('redirect', (url) => note(`redirect ${url}`));
  if (watched.includes('unexpected-response')) {
    ws.on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      note(`unexpected-response ${response.statusCode}`);
    });
  }
  const closed = new Promise<string[]>((resolve) => {
    ws.on('close', (code, reason) => {
      note(`close ${code} ${reason.toString()}`);
      // A turn later, to record any events after `close`. There must be none.
      setImmediate(resolve, log);
    });
  });
  return { log, closed };
}

/** Runs a script with both clients, expects equal logs, and returns the log. */
export async function withBoth(
  script: (WebSocket: ClientClass) => Promise<string[]> | string[],
): Promise<string[]> {
  const theirs = await script(TheirWebSocket);
  const ours = await script(OurWebSocket);
  expect(ours).toEqual(theirs);
  return ours;
}

/** What a constructor throws, in one line. */
export function thrown(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing';
}
