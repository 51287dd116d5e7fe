// Two connections to Redis, one for commands and one for subscriptions, from when both are open until one of them is lost.
import { Buffer } from 'node:buffer';
import { BrokerError } from '@framewire/topics';
import { ErrorReply, RESP_TYPES, type RedisClientType } from 'redis';

/** A client of `createClient()`, with any modules, scripts and protocol. */
// The type has five parameters, and what they are has no effect here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyRedisClient = RedisClientType<any, any, any, any, any>;

/** What a command is made of. */
export type Argument = string | Buffer;

/** Called with a message and the channel that it came through. */
export type MessageListener = (message: Buffer, channel: Buffer) => void;

/** Replies are bytes. */
const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;

/** Both connections. They do not connect again: when one is lost, so is the session. */
export class Session {
  readonly #commands: AnyRedisClient;
  readonly #subscriptions: AnyRedisClient;
  readonly #timeout: number;
  readonly #listener: MessageListener;
  readonly #lost: (error: Error) => void;
  #isSharded = false;
  #heartbeat: NodeJS.Timeout | undefined = undefined;
  #isOpen = false;
  /** Why it cannot be opened, where a connection has been lost before both were open. */
  #failure: Error | undefined = undefined;
  #isOver = false;

  /**
   * @param client whose options both connections have
   * @param timeout how long Redis may take to answer, in ms
   * @param lost called once after {@link Session.open}, unless {@link Session.close} is called before
   */
  constructor(
    client: AnyRedisClient,
    timeout: number,
    listener: MessageListener,
    lost: (error: Error) => void,
  ) {
    const socket = { connectTimeout: timeout, ...client.options.socket, reconnectStrategy: false as const };
    const options = { ...client.options, disableOfflineQueue: true, socket };
    this.#commands = client.duplicate(options);
    this.#subscriptions = client.duplicate(options);
    this.#timeout = timeout;
    this.#listener = (message, channel) => {
      if (!this.#isOver) listener(message, channel);
    };
    this.#lost = lost;
  }

  /** Rejects where Redis cannot be reached. */
  async open(): Promise<void> {
    const clients = [this.#commands, this.#subscriptions];
    try {
      await Promise.all(
        clients.map(async (client) => {
          client.on('error', (error: Error) => this.#lose(error));
          client.on('end', () => this.#lose(new Error('The connection to Redis has ended')));
          await client.connect();
        }),
      );
      // One that has just started accepts connections while it still loads its data.
      await this.#commands.ping();
      const info = await this.#commands.sendCommand<string>(['INFO', 'server']);
      this.#isSharded = Number(/redis_version:(\d+)/.exec(info)?.[1]) >= 7;
      if (this.#failure !== undefined) throw this.#failure;
    } catch (error) {
      this.close();
      throw error;
    }
    this.#isOpen = true;
    this.#watch();
  }

  /** The command that publishes to a channel. Since Redis 7 a channel belongs to a shard. */
  get publishCommand(): string {
    return this.#isSharded ? 'SPUBLISH' : 'PUBLISH';
  }

  send(args: readonly Argument[]): Promise<unknown> {
    return this.#settled(this.#commands.sendCommand(args, AS_BYTES));
  }

  subscribe(channel: string): Promise<unknown> {
    const client = this.#subscriptions;
    return this.#settled(
      this.#isSharded
        ? client.sSubscribe(channel, this.#listener, true)
        : client.subscribe(channel, this.#listener, true),
    );
  }

  unsubscribe(channel: string): Promise<unknown> {
    const client = this.#subscriptions;
    return this.#settled(
      this.#isSharded
        ? client.sUnsubscribe(channel, this.#listener, true)
        : client.unsubscribe(channel, this.#listener, true),
    );
  }

  /** Ends both connections. What is under way rejects. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#heartbeat);
    for (const client of [this.#commands, this.#subscriptions]) {
      // It may fail to connect at this moment.
      client.on('error', ignore);
      if (client.isOpen) client.destroy();
    }
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    if (!this.#isOpen) {
      this.#failure ??= error;
      return;
    }
    this.close();
    this.#lost(error);
  }

  /** A connection that is cut without a word is found by a ping that is not answered. */
  #watch(): void {
    this.#heartbeat = setTimeout(() => {
      const pings = Promise.all([this.#commands.ping(), this.#subscriptions.ping()]);
      this.#heartbeat = setTimeout(() => {
        this.#lose(new Error(`Redis has not answered for ${this.#timeout} ms`));
      }, this.#timeout).unref();
      pings.then(
        () => {
          clearTimeout(this.#heartbeat);
          if (!this.#isOver) this.#watch();
        },
        (error: unknown) => this.#lose(error as Error),
      );
    }, this.#timeout).unref();
  }

  /** What Redis itself answers stays as it is. Anything else is a connection that is lost. */
  async #settled<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      throw error instanceof ErrorReply ? error : new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
    }
  }
}

function ignore(): void {}
