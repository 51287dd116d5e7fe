// What a client tells while it connects, as lines; the same script run with our client and with the reference's.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket as Ours } from '@framewire/client';
import { WebSocket as Theirs, type RawData } from 'ws';
import { expect } from 'vitest';

/** A client by the types that programs written for the reference know. */
export type Client = Theirs;

/** A class of clients. Its arguments are what a program in JavaScript may pass: the types of both have gaps. */
export type ClientClass = new (address: string | URL, second?: unknown, options?: object) => Client;

export const OurWebSocket = Ours as unknown as ClientClass;
export const TheirWebSocket = Theirs as unknown as ClientClass;

/** The events of one client, in their order, each with the state in which it came. */
export interface Recording {
  readonly log: string[];
  /** The lines, once the client has told `close`. */
  readonly closed: Promise<string[]>;
}

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

/** Writes down what a client tells. `watched` are the events whose mere listeners change what a client does. */
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
      // A turn later, so that whatever comes behind `close`, which nothing may, is in the log too.
      setImmediate(resolve, log);
    });
  });
  return { log, closed };
}

/** Runs a script with both clients, expects the same log of both, and gives it. */
export async function withBoth(
  script: (WebSocket: ClientClass) => Promise<string[]> | string[],
): Promise<string[]> {
  const theirs = await script(TheirWebSocket);
  const ours = await script(OurWebSocket);
  expect(ours).toEqual(theirs);
  return ours;
}

/** What a constructor throws, as one line. */
export function thrown(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing';
}
