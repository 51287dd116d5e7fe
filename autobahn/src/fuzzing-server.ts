/** The fuzzing server: a client under test requests cases by URL. Each case runs on the connection that requested it. */

import { createServer } from 'node:net';
import { CommandError, readCommand } from './commands.ts';
import { Compression } from './compression.ts';
import { obey } from './control.ts';
import { Engine } from './engine.ts';
import { Opcode } from './frames.ts';
import { checkRequest, readHead, writeRefusal, writeResponse } from './handshake.ts';
import { answerOffers } from './negotiation.ts';
import { failedHandshake, leave, playCase } from './run.ts';
import { isExcluded } from './spec.ts';
import { Traffic } from './traffic.ts';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Case, ParameterSet } from './case.ts';
import type { Command } from './commands.ts';
import type { EngineLimits } from './engine.ts';
import type { Head } from './handshake.ts';
import type { OpenConnection, Run } from './run.ts';
import type { Selection } from './spec.ts';

/** How clients are tested. */
export interface ServerOptions {
  /** The selected cases, in order. */
  readonly cases: readonly Case[];
  readonly selection: Selection;
  readonly limits: EngineLimits;
  /** The most compressed messages to exchange in a case. Default: as many as the case says. */
  readonly messages?: number | undefined;
  /** Called with each run as it ends. */
  readonly onRun?: (run: Run) => void;
  /** Called when a client requests the reports. When its promise resolves, the suite closes the connection of that client. */
  readonly onReport?: (agent: string) => Promise<void>;
  /** Called when a client requests that the server stops. The server continues until {@link FuzzingServer.close}. */
  readonly onStop?: () => void;
}

export class FuzzingServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** A promise for the end of the work on each open connection. */
  readonly #busy = new Set<Promise<void>>();
  /** The callbacks that wait for the end of a case, by agent and id. */
  readonly #waiting = new Map<string, ((run: Run) => void)[]>();
  readonly #runs = new Map<string, Run>();

  constructor(options: ServerOptions) {
    this.#options = options;
    const accept = (socket: Socket) => {
      const work = this.#accept(socket).finally(() => this.#busy.delete(work));
      this.#busy.add(work);
    };
    this.#server = createServer({ noDelay: true }, accept);
  }

  /** The runs so far, the latest of each agent and case. */
  get runs(): Run[] {
    return [...this.#runs.values()];
  }

  /** Listens, and resolves to the port. */
  listen(port: number, host?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve(this.#port));
    });
  }

  /** Resolves when the work on every connection that is open now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy);
  }

  /** Ends all connections and stops listening. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async #accept(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket)).on('error', () => {});
    const timer = setTimeout(() => socket.destroy(), this.#options.limits.openHandshakeTimeout * 1000);
    const traffic = new Traffic();
    try {
      const { head, early } = await readHead(socket);
      clearTimeout(timer);
      traffic.httpRequest = head.text;
      await this.#answer(socket, head, early, traffic);
    } catch (error) {
      const status = error instanceof CommandError ? '500 Internal Server Error' : '400 Bad Request';
      if (!socket.destroyed) socket.end(writeRefusal(status, error instanceof Error ? error.message : ''));
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(socket: Socket, head: Head, early: Buffer, traffic: Traffic): Promise<void> {
    const command = readCommand(head.line.split(' ')[1] ?? '/', this.#options.cases);
    let key: string;
    let accepted: ReturnType<typeof answerOffers>;
    try {
      key = checkRequest(head, this.#port);
      accepted = answerOffers(head.headers.get('sec-websocket-extensions'), parametersOf(command));
    } catch (error) {
      this.#noteFailure(command, traffic, error instanceof Error ? error.message : String(error));
      throw error;
    }
    traffic.httpResponse = writeResponse(key, accepted?.answer ?? null);
    socket.write(traffic.httpResponse);
    const { limits } = this.#options;
    const compression = accepted && new Compression(accepted.agreement.server, accepted.agreement.client);
    const engine = new Engine(socket, { isServer: true, limits, traffic, compression });
    await this.#carryOut(command, { engine, early, compression, messages: this.#options.messages });
  }

  #noteFailure(command: Command, traffic: Traffic, why: string): void {
    if (command.name !== 'run') return;
    const failure = { why, timedOut: false };
    this.#keep(failedHandshake(command.testCase, command.agent, true, traffic, failure));
  }

  async #carryOut(command: Command, connection: OpenConnection): Promise<void> {
    const { engine, early } = connection;
    switch (command.name) {
      case 'count':
        return say(engine, early, this.#options.cases.length);
      case 'info':
        return say(engine, early, { id: command.testCase.id, description: command.testCase.about });
      case 'status': {
        const { verdict } = await this.#ended(command.agent, command.testCase);
        return say(engine, early, { behavior: verdict.behavior });
      }
      case 'report':
        await this.#options.onReport?.(command.agent);
        await leave(engine, early);
        if (command.shutdown) this.#options.onStop?.();
        return;
      case 'stop':
        await leave(engine, early);
        this.#options.onStop?.();
        return;
      case 'control':
        return obey(engine, early);
      case 'run':
        return this.#run(command.testCase, command.agent, connection);
    }
  }

  async #run(testCase: Case, agent: string, connection: OpenConnection): Promise<void> {
    if (isExcluded(this.#options.selection, agent, testCase.id)) {
      return leave(connection.engine, connection.early);
    }
    this.#keep(await playCase(testCase, agent, connection));
  }

  #keep(run: Run): void {
    const key = keyOf(run.agent, run.testCase);
    this.#runs.set(key, run);
    this.#options.onRun?.(run);
    for (const wake of this.#waiting.get(key) ?? []) wake(run);
    this.#waiting.delete(key);
  }

  /** Resolves to the run of a case once it has ended. */
  #ended(agent: string, testCase: Case): Promise<Run> {
    const key = keyOf(agent, testCase);
    const run = this.#runs.get(key);
    if (run) return Promise.resolve(run);
    return new Promise((resolve) => this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]));
  }
}

/** Sends a value as JSON, and closes. */
function say(engine: Engine, early: Buffer, value: unknown): Promise<void> {
  const payload = Buffer.from(JSON.stringify(value));
  engine.send([{ opcode: Opcode.text, fin: true, rsv: 0, payload }], 'plain');
  return leave(engine, early);
}

/** The compression parameters of a case; null for none. */
function parametersOf(command: Command): ParameterSet | null {
  if (command.name !== 'run' || command.testCase.conduct.kind !== 'compressed') return null;
  return command.testCase.conduct.parameters;
}

function keyOf(agent: string, testCase: Case): string {
  return `${testCase.id} ${agent}`;
}
