// A channel between a hub and its client. Its messages can be held back, as if one of the ends hung.
import { MessageChannel, type MessagePort } from 'node:worker_threads';

export class HeldChannel {
  readonly hub: MessagePort;
  readonly client: MessagePort;
  /** The messages that are held back. Undefined while they pass. */
  #held: (() => void)[] | undefined = undefined;

  constructor() {
    const [first, second] = [new MessageChannel(), new MessageChannel()];
    this.hub = first.port1;
    this.client = second.port1;
    this.#join(first.port2, second.port2);
    this.#join(second.port2, first.port2);
    // The end of the client keeps the process alive.
    for (const port of [first.port1, first.port2, second.port2]) port.unref();
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  #join(from: MessagePort, to: MessagePort): void {
    from.on('message', (message) => {
      const pass = (): void => to.postMessage(message);
      if (this.#held === undefined) pass();
      else this.#held.push(pass);
    });
  }
}
