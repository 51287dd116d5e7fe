// The recorder: what one end of a connection tells, line by line, in words that two implementations can be compared by.
import { HANDSHAKE_ERRORS } from '@framewire/handshake';
import { Buffer } from 'node:buffer';
import { ClientRequest, IncomingMessage } from 'node:http';
import type { CloseEvent, ErrorEvent, MessageEvent, WebSocket } from 'ws';

/** Events that are always listened to: a listener for them changes nothing. */
const PLAIN_EVENTS = ['open', 'message', 'ping', 'pong', 'upgrade', 'close', 'error'] as const;

const DOM_EVENTS = ['open', 'message', 'close', 'error'] as const;

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

/** The log of one end. */
export class Recorder {
  /** What was told, first things first. */
  readonly lines: string[] = [];

  /** Logs whatever this connection tells from now on; `more` are events whose listeners take something over. */
  watch(ws: WebSocket, more: readonly ('unexpected-response' | 'redirect')[] = []): void {
    for (const event of [...PLAIN_EVENTS, ...more]) {
      ws.on(event as 'open', (...args: unknown[]) => this.#told(ws, event, args.map(printable)));
    }
    for (const event of DOM_EVENTS) {
      ws.addEventListener(event as 'open', (domEvent: unknown) => {
        this.#told(ws, `DOM ${event}`, printableEvent(domEvent as AnyEvent));
      });
    }
  }

  /** Logs the outcome of a call: what it returns or throws. */
  call(ws: WebSocket, name: string, action: () => unknown): void {
    let outcome: string;
    try {
      outcome = printable(action());
    } catch (error) {
      outcome = `throws ${printable(error)}`;
    }
    this.#told(ws, `${name} =`, [outcome]);
  }

  /** A callback that logs how it is called. */
  callback(ws: WebSocket, name: string): (error?: Error | null) => void {
    return (error) => this.#told(ws, `callback of ${name}`, [printable(error ?? undefined)]);
  }

  /** Logs a line of the caller's own. */
  note(line: string): void {
    this.lines.push(line);
  }

  #told(ws: WebSocket, what: string, details: readonly string[]): void {
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

/** A value in words, without what differs from one run to the next: ports, paths of sockets, keys. */
export function printable(value: unknown): string {
  if (Buffer.isBuffer(value))
    return `<Buffer ${value.length <= 200 ? JSON.stringify(value.toString()) : value.length}>`;
  if (value instanceof IncomingMessage)
    // A request has no status: null, whatever the types say.
    return typeof value.statusCode !== 'number' ? `<request ${value.url}>` : `<response ${value.statusCode}>`;
  if (value instanceof ClientRequest) return `<request of ${value.path}>`;
  if (value instanceof Error) return printableError(value);
  if (typeof value === 'string') return JSON.stringify(neutral(value));
  return String(value);
}

/** Our errors of the opening handshake have codes, those of ws have none: see decisions.test.ts. */
const OWN_CODES: ReadonlySet<unknown> = new Set(Object.values(HANDSHAKE_ERRORS).map(({ code }) => code));

function printableError(error: Error & { code?: unknown; syscall?: unknown }): string {
  const code = error.code === undefined || OWN_CODES.has(error.code) ? '' : ` ${printable(error.code)}`;
  return `<${error.name}${code}: ${neutral(error.message)}>`;
}

/** Ports and temporary folders are others in every run. */
function neutral(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replace(/\/\S*contract-\w+/g, 'FOLDER');
}
