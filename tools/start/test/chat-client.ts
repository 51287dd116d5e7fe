/** A Node client of the chat server, for tests. It keeps messages, and waits for the expected ones. */

import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { LOBBY } from '../src/protocol.ts';
import type { ClientMessage, ServerMessage } from '../src/protocol.ts';

type Kind = ServerMessage['type'];
type Of<K extends Kind> = Extract<ServerMessage, { type: K }>;

export class ChatClient {
  readonly socket: WebSocket;
  /** The messages that no test has waited for, oldest first. */
  readonly #messages: ServerMessage[] = [];
  #wake: () => void = () => {};

  constructor(
    port: number,
    options: { origin?: string; headers?: Record<string, string>; autoPong?: boolean } = {},
  ) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, options);
    this.socket.on('message', (data) => {
      this.#messages.push(JSON.parse((data as Buffer).toString()) as ServerMessage);
      this.#wake();
    });
  }

  /** Connects, opens a room, and joins it if there is a name. */
  static async connect(port: number, name?: string, room: string = LOBBY): Promise<ChatClient> {
    const client = new ChatClient(port);
    client.socket.once('open', () => client.send({ type: 'open', room }));
    await client.next('room');
    if (name !== undefined) {
      client.send({ type: 'join', name });
      await client.next('welcome');
    }
    return client;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of this type that satisfies the condition; those before it are dropped. */
  async next<K extends Kind>(type: K, condition: (message: Of<K>) => boolean = () => true): Promise<Of<K>> {
    while (true) {
      for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
        if (message.type === type && condition(message as Of<K>)) return message as Of<K>;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves with the line in which this text was said. */
  async heard(text: string): Promise<Of<'line'>['line']> {
    const { line } = await this.next('line', (event) => event.line.text === text);
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
