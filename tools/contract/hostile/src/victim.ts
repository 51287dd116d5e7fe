// The servers under attack, as tests see them: attackers, other clients, and the cost.
import { once } from 'node:events';
import WebSocket from 'framewire';
import { Attacker } from './attacker.ts';
import type { Memory } from './measures.ts';
import { Program } from '@framewire/testing/program';
import type { HeadCost } from './server-under-attack.ts';

interface Ports {
  /** Of the HTTP server with all endpoints. */
  readonly shared: number;
  /** Of a WebSocket server with the defaults. */
  readonly own: number;
  /** Of one with a short handshakeTimeout. */
  readonly hasty: number;
  /** Of a server that only reads heads. */
  readonly heads: number;
}

export class Victim {
  readonly ports: Ports;
  readonly #program: Program;
  readonly #bystander: WebSocket;
  readonly #attackers: Attacker[] = [];
  #before: Memory = { held: 0, peak: 0 };
  #workBefore = 0;

  private constructor(program: Program, ports: Ports, bystander: WebSocket) {
    this.#program = program;
    this.ports = ports;
    this.#bystander = bystander;
  }

  static async start(): Promise<Victim> {
    const program = Program.start(new URL('./server-under-attack.ts', import.meta.url));
    const [shared = 0, own = 0, hasty = 0, heads = 0] = await program.ask<number[]>('ports');
    const bystander = new WebSocket(`ws://127.0.0.1:${shared}/service`);
    await once(bystander, 'open');
    return new Victim(program, { shared, own, hasty, heads }, bystander);
  }

  stop(): void {
    this.#bystander.terminate();
    this.#program.stop();
  }

  /** An attacker that is connected to a port. */
  async connect(port = this.ports.shared): Promise<Attacker> {
    return this.#remember(await Attacker.connect(port));
  }

  /** An attacker on an open WebSocket. */
  async upgrade(path: string, ...headers: string[]): Promise<Attacker> {
    return this.#remember(await Attacker.upgrade(this.ports.shared, path, ...headers));
  }

  #remember(attacker: Attacker): Attacker {
    this.#attackers.push(attacker);
    return attacker;
  }

  /** Ends the attackers of a test, and waits until their connections have ended. */
  async endAttackers(): Promise<void> {
    for (const attacker of this.#attackers.splice(0)) attacker.destroy();
    await this.attackersAreGone();
  }

  /** Waits until the servers have only the earlier connection. The attackers keep their side open, so the servers must end the others. */
  async attackersAreGone(): Promise<void> {
    while ((await this.#program.ask<number>('connections')) > 1);
  }

  /** Checks that the earlier connection and a new one are served. */
  async serves(): Promise<void> {
    const newcomer = new WebSocket(`ws://127.0.0.1:${this.ports.shared}/service`);
    await once(newcomer, 'open');
    for (const ws of [this.#bystander, newcomer]) {
      const answer = once(ws, 'message');
      ws.send('hello');
      const [data] = (await answer) as [Buffer];
      if (data.toString() !== 'hello') throw new Error(`Answered ${data.toString('hex')}`);
    }
    const closed = once(newcomer, 'close');
    newcomer.close();
    await closed;
  }

  /** Starts the measurements for {@link Victim.growth} and {@link Victim.work}, and resets {@link Victim.endings}. */
  async measure(): Promise<void> {
    await this.#program.ask('forgetEndings');
    await this.#program.ask('forgetPeak');
    this.#before = await this.#program.ask<Memory>('memory');
    this.#workBefore = await this.#program.ask<number>('work');
  }

  /** The growth of held memory and of the peak since {@link Victim.measure}, in bytes. */
  async growth(): Promise<Memory> {
    const { held, peak } = await this.#program.ask<Memory>('memory');
    return { held: held - this.#before.held, peak: peak - this.#before.peak };
  }

  /** The CPU time since {@link Victim.measure}, in microseconds. */
  async work(): Promise<number> {
    return (await this.#program.ask<number>('work')) - this.#workBefore;
  }

  /** Waits until the given number of connections to a path have ended. Returns the close code and any error code of each. */
  async endings(path: string, count: number): Promise<string[]> {
    for (;;) {
      const endings = await this.#program.ask<string[]>('endings', path);
      if (endings.length >= count) return endings;
    }
  }

  /** Waits until the endpoint that sends steadily has had to wait for its peer. Returns how often it had to. */
  async waits(): Promise<number> {
    for (;;) {
      const waits = await this.#program.ask<number>('waits');
      if (waits > 0) return waits;
    }
  }

  /** The cost of parsing a head that arrives a byte at a time, as often as given. */
  costOfHead(head: string, times: number): Promise<HeadCost> {
    return this.#program.ask('costOfHead', { head, times });
  }

  /** The paths of the plain requests that reached the HTTP server. */
  requests(): Promise<string[]> {
    return this.#program.ask('requests');
  }
}
