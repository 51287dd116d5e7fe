// Two connections to Redis, one for commands and one for subscriptions, until one of them is lost.
import { Buffer } from 'node:buffer';
import { BrokerError } from '@framewire/topics';
import { heartbeat, type EngineSession } from '@framewire/topics/engine';
import { ErrorReply, RESP_TYPES, type RedisClientType } from 'redis';
import { lineOf } from './scripts.ts';

/** A client of `createClient()`, with any modules, scripts and protocol. */
// The type has five parameters, which have no effect here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyRedisClient = RedisClientType<any, any, any, any, any>;

/** A part of a command. */
export type Argument = string | Buffer;

/** Called with a message and its channel. */
export type MessageListener = (message: Buffer, channel: Buffer) => void;

/** What a session needs, apart from the client. */
export interface SessionOptions {
  /** How long Redis may take to answer, in ms. */
  readonly timeout: number;
  /** The scripts that {@link Session.run} may run. */
  readonly scripts: readonly string[];
  readonly listener: MessageListener;
  /** Called once, unless {@link Session.close} is called before. */
  readonly lost: (error: Error) => void;
}

/**
 * Replies are bytes. Commands have no time limit of their own, because the client would create an `AbortSignal` for each, which costs more
 * than the command (benchmark of brokers, one message at a time). The pings of the session have one.
 */
const COMMAND = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer }, timeout: 0 } as const;

/** The answers of a replica, and of a Redis whose scripts have been flushed. The next session finds the primary, and loads them. */
const ENDING = /READONLY|NOSCRIPT/;

/** Why a session ends when its line changes. */
export const LINE_CHANGED = 'The replication id of Redis has changed, for example after a failover';

/** Both connections. They do not reconnect: when one is lost, the session ends. */
export class Session implements EngineSession {
  readonly #commands: AnyRedisClient;
  readonly #subscriptions: AnyRedisClient;
  readonly #listener: MessageListener;
  readonly #lost: (error: Error) => void;
  /** Ends sockets that are still connecting, because `destroy()` of the client does not. */
  readonly #sockets = new AbortController();
  /** The digests of the scripts that Redis has loaded. */
  readonly #digests = new Map<string, string>();
  /** For each channel, the latest call that Redis has not answered. The promises do not reject. */
  readonly #calls = new Map<string, Promise<void>>();
  #isSharded = false;
  #line = '';
  #endHeartbeat: (() => void) | undefined = undefined;
  #isOver = false;
  #isClosed = false;

  /**
   * Rejects if Redis cannot be reached.
   *
   * @param client both connections have its options
   */
  static async open(client: AnyRedisClient, options: SessionOptions): Promise<Session> {
    const session = new Session(client, options);
    try {
      await session.#connect(options);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  private constructor(client: AnyRedisClient, { timeout, listener, lost }: SessionOptions) {
    const { signal } = this.#sockets;
    const socket = {
      connectTimeout: timeout,
      ...client.options.socket,
      reconnectStrategy: false as const,
      signal,
    };
    // The limit of the program's client would refuse single commands of an open connection. The pings limit how long commands wait.
    const limits = { disableOfflineQueue: true, commandsQueueMaxLength: Infinity };
    const options = { ...client.options, ...limits, socket };
    this.#commands = client.duplicate(options);
    this.#subscriptions = client.duplicate(options);
    this.#listener = (message, channel) => {
      if (!this.#isOver) listener(message, channel);
    };
    this.#lost = lost;
  }

  /** The command that publishes to a channel. Since Redis 7, channels can be sharded. */
  get publishCommand(): string {
    return this.#isSharded ? 'SPUBLISH' : 'PUBLISH';
  }

  /** What {@link lineOf} returns for Redis. The session ends when it changes. */
  get line(): string {
    return this.#line;
  }

  /** Runs a script that Redis has loaded. A digest costs Redis and the client less than the text. */
  run(script: string, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const digest = this.#digests.get(script) ?? '';
    return this.send(['EVALSHA', digest, String(keys.length), ...keys, ...args]);
  }

  send(args: readonly Argument[]): Promise<unknown> {
    return this.#settled(this.#commands.sendCommand(args, COMMAND));
  }

  subscribe(channel: string): Promise<unknown> {
    const client = this.#subscriptions;
    return this.#inTurn(channel, () =>
      this.#isSharded
        ? client.sSubscribe(channel, this.#listener, true)
        : client.subscribe(channel, this.#listener, true),
    );
  }

  unsubscribe(channel: string): Promise<unknown> {
    const client = this.#subscriptions;
    return this.#inTurn(channel, () =>
      this.#isSharded
        ? client.sUnsubscribe(channel, this.#listener, true)
        : client.unsubscribe(channel, this.#listener, true),
    );
  }

  /**
   * Calls a function after the earlier ones for the same channel have been answered. Otherwise the client would send nothing for a
   * subscription that follows the end of another one, if only the subscription before that has been answered.
   */
  #inTurn(channel: string, call: () => Promise<unknown>): Promise<unknown> {
    const earlier = this.#calls.get(channel);
    const result = this.#settled(earlier === undefined ? call() : earlier.then(() => this.#open(call)));
    const answered = result.then(ignore, ignore).then(() => {
      if (this.#calls.get(channel) === answered) this.#calls.delete(channel);
    });
    this.#calls.set(channel, answered);
    return result;
  }

  /** The client does not settle a call after `destroy()`. */
  #open(call: () => Promise<unknown>): Promise<unknown> {
    return this.#isOver ? Promise.reject(new Error('The session has ended')) : call();
  }

  /** Ends both connections. Pending commands reject. */
  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#endHeartbeat?.();
    for (const client of [this.#commands, this.#subscriptions]) {
      // It may be failing to connect.
      client.on('error', ignore);
      if (client.isOpen) client.destroy();
    }
    this.#sockets.abort();
  }

  /** Ends the session, and reports it. */
  lose(error: Error): void {
    if (this.#isOver) return;
    this.#end();
    this.#lost(error);
  }

  async #connect({ timeout, scripts }: SessionOptions): Promise<void> {
    const clients = [this.#commands, this.#subscriptions];
    // It also ends the handshakes: the client limits only how long a socket takes to connect, and version 5 does not settle `connect()` if
    // the socket closes while the client waits for credentials.
    const lost = new Promise<never>((_resolve, reject) => {
      const lose = (error: Error): void => {
        this.lose(error);
        reject(error);
      };
      for (const client of clients) {
        client.on('error', lose);
        client.on('end', () => lose(new Error('The connection to Redis has ended')));
      }
      const answer = (): Promise<unknown> => connected.then(() => this.#ping());
      this.#endHeartbeat = heartbeat(timeout, answer, lose);
    });
    const connected = Promise.all(clients.map((client) => client.connect())).then(async () => {
      // A server that has just started accepts connections while it still loads its data.
      this.#line = await this.#ping();
      await this.#learn();
      for (const script of scripts) {
        this.#digests.set(script, await this.#commands.sendCommand<string>(['SCRIPT', 'LOAD', script]));
      }
    });
    await Promise.race([connected, lost]);
  }

  /** Rejects if Redis is not a primary, or has not been one since the session began. Resolves to {@link Session.line}. */
  async #ping(): Promise<string> {
    const [info] = await Promise.all([
      this.#commands.sendCommand<string>(['INFO', 'replication']),
      this.#commands.ping(),
      this.#subscriptions.ping(),
    ]);
    // A failover can turn a server into a replica. It rejects writes to a history, and its messages do not reach the primary.
    if (info.includes('role:slave')) throw new Error('Redis is a replica');
    const line = lineOf(info);
    if (this.#line !== '' && line !== this.#line) throw new Error(LINE_CHANGED);
    return line;
  }

  /** Reads what does not change. */
  async #learn(): Promise<void> {
    const ask = (client: AnyRedisClient): Promise<string> => client.sendCommand(['INFO', 'server']);
    const [info, other] = await Promise.all([ask(this.#commands), ask(this.#subscriptions)]);
    // During a failover, one address can lead to two servers.
    if (runOf(info) !== runOf(other)) throw new Error('The connections have reached different servers');
    this.#isSharded = Number(/redis_version:(\d+)/.exec(info)?.[1]) >= 7;
  }

  /** Passes on an error that Redis has answered. Any other error ends the session, as do those that {@link ENDING} matches. */
  async #settled<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      if (error instanceof ErrorReply && !ENDING.test(error.message)) throw error;
      this.lose(error as Error);
      throw this.#isClosed
        ? new BrokerError('WS_ERR_BROKER_CLOSED')
        : new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
    }
  }
}

/** What identifies the process of a Redis. */
function runOf(info: string): string | undefined {
  return /run_id:(\w+)/.exec(info)?.[1];
}

function ignore(): void {}
