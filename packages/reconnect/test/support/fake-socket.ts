// A class of connections that the test opens and ends, and a reconnecting WebSocket on top of it.
import {
  ReconnectingWebSocket,
  type Options,
  type ProtocolsProvider,
  type UrlProvider,
} from '@framewire/reconnect';

/** A connection without a network. */
export class FakeSocket extends EventTarget {
  /** All instances, the latest one last. */
  static made: FakeSocket[] = [];

  readonly url: string;
  readonly protocols: unknown;
  readonly extensions = '';
  protocol = '';
  readyState = 0;
  bufferedAmount = 0;
  binaryType = 'blob';
  readonly sent: unknown[] = [];
  readonly closedWith: unknown[][] = [];

  constructor(url: string, ...protocols: unknown[]) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeSocket.made.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.made.at(-1)!;
  }

  send(data: unknown): void {
    if (this.readyState !== 1) throw new Error('The connection is not open');
    this.sent.push(data);
  }

  close(...args: unknown[]): void {
    if (args[0] === 1) throw new TypeError('no such code');
    this.closedWith.push(args);
    if (this.readyState < 2) this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  receive(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  end(code = 1006, reason = ''): void {
    this.readyState = 3;
    if (code === 1006) this.dispatchEvent(new Event('error'));
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean: code !== 1006 }));
  }
}

/** The events, one per line. */
export function recorded(ws: ReconnectingWebSocket): string[] {
  const log: string[] = [];
  ws.addEventListener('open', () => log.push('open'));
  ws.addEventListener('message', ({ data }) => log.push(`message ${data}`));
  ws.addEventListener('error', ({ message }) => log.push(`error ${message}`));
  ws.addEventListener('close', ({ code, reason }) => log.push(`close ${code} ${reason}`.trim()));
  ws.addEventListener('dropped', ({ data }) => log.push(`dropped ${String(data)}`));
  ws.addEventListener('statechange', ({ state, delay }) => {
    log.push(delay === undefined ? state : `${state} ${delay}`);
  });
  return log;
}

/** Creates a reconnecting WebSocket on fake connections, and waits for the first connection. */
export async function start(
  options: Options = {},
  url: UrlProvider = 'ws://127.0.0.1:1/',
  protocols?: ProtocolsProvider,
): Promise<{ ws: ReconnectingWebSocket; log: string[] }> {
  FakeSocket.made = [];
  const ws = new ReconnectingWebSocket(url, protocols, { WebSocket: FakeSocket, ...options });
  const log = recorded(ws);
  await settled();
  return { ws, log };
}

/** Runs everything that waits only for promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
