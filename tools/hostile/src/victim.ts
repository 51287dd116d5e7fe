// The servers under attack as a test sees them: who attacks, who is served meanwhile, what it costs.
import { once } from 'node:events';
import WebSocket from 'framewire';
import { Attacker } from './attacker.ts';
import type { Memory } from './measures.ts';
import { Program } from './program.ts';
import type { HeadCost } from './server-under-attack.ts';

interface Ports {
  /** Of the HTTP server with all endpoints. */
  readonly shared: number;
  /** Of a WebSocket server with the defaults. */
  readonly own: number;
  /** Of one with a short handshakeTimeout. */
  readonly hasty: number;
  /** Of what reads nothing but heads. */
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
    const program = Program.start('./server-under-attack.ts');
    const [shared = 0, own = 0, hasty = 0, heads = 0] = await program.ask<number[]>('ports');
    const bystander = new WebSocket(`ws://127.0.0.1:${shared}/service`);
    await once(bystander, 'open');
    return new Victim(program, { shared, own, hasty, heads }, bystander);
  }

  stop(): void {
    this.#bystander.terminate();
    this.#program.stop();
  }

  /** An attacker that has connected to a port. */
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

  /** The attackers of a test are gone, and so are their connections. */
  async rest(): Promise<void> {
    for (const attacker of this.#attackers.splice(0)) attacker.destroy();
    await this.isRid();
  }

  /** The servers have no connection any more but that of who was there before: attackers whose side is still open are cut off. */
  async isRid(): Promise<void> {
    while ((await this.#program.ask<number>('connections')) > 1);
  }

  /** Whoever was connected before is served, and so is who comes now. */
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

  /** What is measured from here on is {@link Victim.growth} and {@link Victim.work}; {@link Victim.endings} begin anew. */
  async measure(): Promise<void> {
    await this.#program.ask('forgetEndings');
    await this.#program.ask('forgetPeak');
    this.#before = await this.#program.ask<Memory>('memory');
    this.#workBefore = await this.#program.ask<number>('work');
  }

  /** How much more memory is held, or was ever had, than before, in bytes. */
  async growth(): Promise<Memory> {
    const { held, peak } = await this.#program.ask<Memory>('memory');
    return { held: held - this.#before.held, peak: peak - this.#before.peak };
  }

  /** How long the processor has worked since, in microseconds. */
  async work(): Promise<number> {
    return (await this.#program.ask<number>('work')) - this.#workBefore;
  }

  /** How the connections of a path have ended since, once so many have: close code, and error code where there was one. */
  async endings(path: string, count: number): Promise<string[]> {
    for (;;) {
      const endings = await this.#program.ask<string[]>('endings', path);
      if (endings.length >= count) return endings;
    }
  }

  /** How often the endpoint that sends steadily has had to wait for its peer, once it has had to. */
  async waits(): Promise<number> {
    for (;;) {
      const waits = await this.#program.ask<number>('waits');
      if (waits > 0) return waits;
    }
  }

  /** What it costs our parser to read a head that comes a byte at a time, so often. */
  costOfHead(head: string, times: number): Promise<HeadCost> {
    return this.#program.ask('costOfHead', { head, times });
  }

  /** The paths of the plain requests that reached the HTTP server. */
  requests(): Promise<string[]> {
    return this.#program.ask('requests');
  }
}
