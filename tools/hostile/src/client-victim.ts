// The clients under attack as a test sees them: the server that attacks them, and what it costs.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { upgradeResponse } from '@framewire/contract/raw';
import { WebSocketServer } from 'framewire';
import { Attacker } from './attacker.ts';
import type { Dial, Outcome } from './client-under-attack.ts';
import type { Memory } from './measures.ts';
import { Program } from './program.ts';

/** A client and the server that means it harm. */
export interface Encounter {
  readonly attacker: Attacker;
  /** What has become of the client, once it has closed. */
  readonly outcome: Promise<Outcome>;
}

export class ClientVictim {
  readonly #program = Program.start('./client-under-attack.ts');
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

  /** A client connects; `respond` makes the answer to it, of the key that it sent. */
  async meet(respond: (key: string) => string, options: Dial['options'] = {}): Promise<Encounter> {
    const connection = once(this.#hostile, 'connection');
    const { port } = this.#hostile.address() as AddressInfo;
    const outcome = this.#program.ask<Outcome>('dial', { port, options } satisfies Dial);
    // Where the process ends, whoever awaits it is told.
    outcome.catch(() => {});
    const [socket] = (await connection) as [net.Socket];
    const attacker = Attacker.accept(socket);
    const head = await attacker.hearHead();
    attacker.sayText(respond(/^Sec-WebSocket-Key: (.*)$/im.exec(head)?.[1]?.trim() ?? ''));
    return { attacker, outcome };
  }

  /** A client that has been let in, with more lines in the response. */
  upgrade(options: Dial['options'] = {}, ...headers: string[]): Promise<Encounter> {
    return this.meet((key) => upgradeResponse(key, ...headers), options);
  }

  /** The same process still has the connection that it had before, and uses it. */
  async isServed(): Promise<void> {
    const { port } = this.#service.address() as AddressInfo;
    const text = await this.#program.ask<string>('exchange', { port, text: 'hello' });
    if (text !== 'hello') throw new Error(`Answered ${text}`);
  }

  /** What is measured from here on is {@link ClientVictim.growth}. */
  async measure(): Promise<void> {
    await this.#program.ask('forgetPeak');
    this.#before = await this.#program.ask<Memory>('memory');
  }

  /** How much more memory is held, or was ever had, than before, in bytes. */
  async growth(): Promise<Memory> {
    const { held, peak } = await this.#program.ask<Memory>('memory');
    return { held: held - this.#before.held, peak: peak - this.#before.peak };
  }
}
