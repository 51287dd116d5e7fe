// A process with many clients. Each client sends numbered messages, waits for each acknowledgement, and reconnects when necessary.
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import { WebSocket } from 'framewire';

/** What the clients have seen. */
export interface ClientsReport {
  /** The numbers of the messages that were acknowledged, by client. */
  readonly acknowledged: Readonly<Record<string, readonly number[]>>;
  /** How many messages have arrived, in order and without a gap, by connection. */
  readonly received: Readonly<Record<string, number>>;
  /** How many connections have closed, by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Everything unexpected: errors, refusals, gaps. */
  readonly troubles: readonly string[];
}

const [, , count = '0', port = '', pace] = process.argv;
const acknowledged: Record<string, number[]> = {};
const received: Record<string, number> = {};
const codes: Record<string, number> = {};
const troubles: string[] = [];
/** Functions that are called after each change. They check whether what a request waits for has happened. */
const waiting = new Set<() => void>();
let isStopping = false;

class Client {
  readonly acknowledged: number[] = [];
  readonly #name: string;
  #attempts = 0;
  #ws: WebSocket | undefined = undefined;
  /** Whether a message waits for its acknowledgement. */
  #isWaiting = false;

  constructor(name: string) {
    this.#name = name;
    acknowledged[name] = this.acknowledged;
    this.connect();
  }

  get isOpen(): boolean {
    return this.#ws?.readyState === WebSocket.OPEN;
  }

  get isIdle(): boolean {
    return this.isOpen && !this.#isWaiting;
  }

  get isClosed(): boolean {
    return this.#ws?.readyState === WebSocket.CLOSED;
  }

  connect(): void {
    const path = `/${this.#name}/${this.#attempts++}`;
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    this.#ws = ws;
    received[path] = 0;
    ws.on('open', () => this.send());
    ws.on('error', ({ message }) => troubles.push(`${path}: ${message}`));
    ws.on('message', (data: Buffer) => {
      const [kind, number] = data.toString().split(' ');
      if (kind === 'ack') this.#take(Number(number));
      else if (Number(number) === (received[path] ?? 0) + 1) received[path] = Number(number);
      else troubles.push(`${path}: ${String(data)} after ${received[path]}`);
    });
    ws.on('close', (code) => {
      codes[code] = (codes[code] ?? 0) + 1;
      if (!isStopping) this.connect();
      changed();
    });
  }

  /** Sends the next message without an acknowledgement. It may have been sent before, on another connection. */
  send(): void {
    changed();
    if (!this.isOpen || (isStopping && !this.#isWaiting)) return;
    this.#isWaiting = true;
    this.#ws?.send(String(this.acknowledged.length + 1));
  }

  #take(number: number): void {
    this.acknowledged.push(number);
    this.#isWaiting = false;
    changed();
    const { length } = this.acknowledged;
    setTimeout(() => {
      // A new connection may already have sent the next message.
      if (!this.#isWaiting && this.acknowledged.length === length) this.send();
    }, Number(pace));
  }
}

const clients = Array.from({ length: Number(count) }, (_, index) => new Client(String(index)));

function changed(): void {
  for (const check of waiting) check();
}

/** Waits until the condition has been true for each client. */
function until(isTrue: (client: Client) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const left = new Set(clients);
    const check = (): void => {
      for (const client of left) {
        if (!isTrue(client)) return;
        left.delete(client);
      }
      waiting.delete(check);
      resolve();
    };
    waiting.add(check);
    check();
  });
}

answer({
  /** Waits until each client has received this many more acknowledgements. */
  talk(messages: number) {
    const before = new Map(clients.map((client) => [client, client.acknowledged.length]));
    return until((client) => client.acknowledged.length >= (before.get(client) ?? 0) + messages);
  },
  /** Sends nothing more, and waits until everything that was sent has been acknowledged. */
  stop() {
    isStopping = true;
    return until((client) => client.isIdle);
  },
  async report(): Promise<ClientsReport> {
    await until((client) => client.isClosed);
    return { acknowledged, received, codes, troubles };
  },
});
