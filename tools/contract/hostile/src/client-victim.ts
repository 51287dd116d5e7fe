// The clients under attack, as tests see them: the server that attacks them, and the cost.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { upgradeResponse } from '../../src/raw.ts';
import { WebSocketServer } from 'framewire';
import { Attacker } from './attacker.ts';
import type { Dial, Outcome } from './client-under-attack.ts';
import type { Memory } from './measures.ts';
import { Program } from '@framewire/testing/program';

/** A client and the server that attacks it. */
export interface Encounter {
  readonly attacker: Attacker;
  /** The outcome of the client, after it has closed. */
  readonly outcome: Promise<Outcome>;
}

export class ClientVictim {
  readonly #program = Program.start(new URL('./client-under-attack.ts', import.meta.url));
  readonly #hostile = net.createServer();
  readonly #service = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  #before: Memory = { held: 0, peak: 0 };

  static async start(): Promise<ClientVictim> {
    const victim = new ClientVictim();
    victim.#service.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
    victim.#hostile.listen(0, '127.0.0.1');
    await Promise.all([once(victim.#hostile, 'listening'), once(victim.#service, 'listening')]);
    return victim;
  }

  stop(): void {
    this.#program.stop();
    this.#hostile.close();
    this.#service.close();
  }

  /** Connects a client, and sends it the answer that `respond` returns for its key. */
  async meet(respond: (key: string) => string, options: Dial['options'] = {}): Promise<Encounter> {
    const connection = once(this.#hostile, 'connection');
    const { port } = this.#hostile.address() as AddressInfo;
    const outcome = this.#program.ask<Outcome>('dial', { port, options } satisfies Dial);
    // The caller handles a rejection when it awaits the outcome. Until then, it must not count as unhandled.
    outcome.catch(() => {});
    const [socket] = (await connection) as [net.Socket];
    const attacker = Attacker.accept(socket);
    const head = await attacker.hearHead();
    attacker.sayText(respond(/^Sec-WebSocket-Key: (.*)$/im.exec(head)?.[1]?.trim() ?? ''));
    return { attacker, outcome };
  }

  /** Accepts a client, with additional lines in the response. */
  upgrade(options: Dial['options'] = {}, ...headers: string[]): Promise<Encounter> {
    return this.meet((key) => upgradeResponse(key, ...headers), options);
  }

  /** Checks that the process can still use its earlier connection. */
  async isServed(): Promise<void> {
    const { port } = this.#service.address() as AddressInfo;
    const text = await this.#program.ask<string>('exchange', { port, text: 'hello' });
    if (text !== 'hello') throw new Error(`Answered ${text}`);
  }

  /** Starts the measurement for {@link ClientVictim.growth}. */
  async measure(): Promise<void> {
    await this.#program.ask('forgetPeak');
    this.#before = await this.#program.ask<Memory>('memory');
  }

  /** The growth of held memory and of the peak since {@link ClientVictim.measure}, in bytes. */
  async growth(): Promise<Memory> {
    const { held, peak } = await this.#program.ask<Memory>('memory');
    return { held: held - this.#before.held, peak: peak - this.#before.peak };
  }
}
