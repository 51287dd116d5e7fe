// The recorder logs the events of one side of a connection, a line for each, in a form that does not depend on the implementation.
import { HANDSHAKE_ERRORS } from '@framewire/handshake';
import { Buffer } from 'node:buffer';
import { ClientRequest, IncomingMessage } from 'node:http';
import type { CloseEvent, ErrorEvent, MessageEvent, WebSocket } from 'ws';

/** Events that are always recorded. A listener changes nothing, except that an error is not thrown. */
const PLAIN_EVENTS = ['open', 'message', 'ping', 'pong', 'upgrade', 'close', 'error'] as const;

const DOM_EVENTS = ['open', 'message', 'close', 'error'] as const;

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

export class Recorder {
  /** The log, in order. */
  readonly lines: string[] = [];

  /** Logs the events of this connection from now on. `more` lists events whose listeners replace a default action. */
  watch(ws: WebSocket, more: readonly ('unexpected-response' | 'redirect')[] = []): void {
    for (const event of [...PLAIN_EVENTS, ...more]) {
      ws.on(event as 'open', (...args: unknown[]) => this.#record(ws, event, args.map(printable)));
    }
    for (const event of DOM_EVENTS) {
      ws.addEventListener(event as 'open', (domEvent: unknown) => {
        this.#record(ws, `DOM ${event}`, printableEvent(domEvent as AnyEvent));
      });
    }
  }

  /** Logs what a call returns or throws. */
  call(ws: WebSocket, name: string, action: () => unknown): void {
    let outcome: string;
    try {
      outcome = printable(action());
    } catch (error) {
      outcome = `throws ${printable(error)}`;
    }
    this.#record(ws, `${name} =`, [outcome]);
  }

  /** A callback that logs how it is called. */
  callback(ws: WebSocket, name: string): (error?: Error | null) => void {
    return (error) => this.#record(ws, `callback of ${name}`, [printable(error ?? undefined)]);
  }

  note(line: string): void {
    this.lines.push(line);
  }

  #record(ws: WebSocket, what: string, details: readonly string[]): void {
    this.lines.push([STATES[ws.readyState], what, ...details].join(' '));
  }
}

type AnyEvent = CloseEvent | ErrorEvent | MessageEvent;

function printableEvent(event: AnyEvent): string[] {
  const target = (event.target as unknown) === undefined ? 'no target' : '';
  if ('wasClean' in event)
    return [String(event.code), printable(event.reason), event.wasClean ? 'clean' : 'unclean', target];
  if ('error' in event) return [printable(event.error), printable(event.message), target];
  if ('data' in event) return [printable(event.data), target];
  return [target];
}

/** A value as text, without the parts that differ between runs: ports and socket paths. */
export function printable(value: unknown): string {
  if (Buffer.isBuffer(value))
    return `<Buffer ${value.length <= 200 ? JSON.stringify(value.toString()) : value.length}>`;
  if (value instanceof IncomingMessage)
    // The types do not say that the status of a request is null.
    return typeof value.statusCode !== 'number' ? `<request ${value.url}>` : `<response ${value.statusCode}>`;
  if (value instanceof ClientRequest) return `<request of ${value.path}>`;
  if (value instanceof Error) return printableError(value);
  if (typeof value === 'string') return JSON.stringify(neutral(value));
  return String(value);
}

/** The codes of our handshake errors. The log omits them, because ws has none: see decisions.test.ts. */
const OWN_CODES: ReadonlySet<unknown> = new Set(Object.values(HANDSHAKE_ERRORS).map(({ code }) => code));

function printableError(error: Error & { code?: unknown; syscall?: unknown }): string {
  const code = error.code === undefined || OWN_CODES.has(error.code) ? '' : ` ${printable(error.code)}`;
  return `<${error.name}${code}: ${neutral(error.message)}>`;
}

/** Removes ports and temporary folders, which differ in every run. */
function neutral(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replace(/\/\S*contract-\w+/g, 'FOLDER');
}
