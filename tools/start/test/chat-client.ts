/** A Node client of the chat server, for tests: keeps what it was told and waits for what it expects. */

import { once } from 'node:events';
import { WebSocket } from 'framewire';
import type { ClientMessage, ServerMessage } from '../src/protocol.ts';

type Kind = ServerMessage['type'];
type Of<K extends Kind> = Extract<ServerMessage, { type: K }>;

export class ChatClient {
  readonly socket: WebSocket;
  /** What was told and not yet waited for, oldest first. */
  readonly #told: ServerMessage[] = [];
  #wake: () => void = () => {};

  constructor(port: number, options: { origin?: string; headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, options);
    this.socket.on('message', (data) => {
      this.#told.push(JSON.parse((data as Buffer).toString()) as ServerMessage);
      this.#wake();
    });
  }

  static async connect(port: number, name?: string): Promise<ChatClient> {
    const client = new ChatClient(port);
    await client.told('hello');
    if (name !== undefined) {
      client.send({ type: 'join', name });
      await client.told('welcome');
    }
    return client;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of this type that satisfies the condition; those before it are dropped. */
  async told<K extends Kind>(type: K, condition: (message: Of<K>) => boolean = () => true): Promise<Of<K>> {
    while (true) {
      for (let message = this.#told.shift(); message !== undefined; message = this.#told.shift()) {
        if (message.type === type && condition(message as Of<K>)) return message as Of<K>;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves with the line in which this text was said. */
  async heard(text: string): Promise<Of<'line'>['line']> {
    const { line } = await this.told('line', (event) => event.line.text === text);
    return line;
  }

  /** Resolves with the close code and reason. */
  async closed(): Promise<[number, string]> {
    const [code, reason] = (await once(this.socket, 'close')) as [number, Buffer];
    return [code, reason.toString()];
  }

  async close(): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close(1000);
    await closed;
  }
}
