// Two connections to Redis, one for commands and one for subscriptions, until one of them is lost.
import { Buffer } from 'node:buffer';
import { BrokerError } from '@framewire/topics';
import { heartbeat, type EngineSession } from '@framewire/topics/engine';
import { ErrorReply, RESP_TYPES, type RedisClientType } from 'redis';

/** A client of `createClient()`, with any modules, scripts and protocol. */
// The type has five parameters, which have no effect here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyRedisClient = RedisClientType<any, any, any, any, any>;

/** A part of a command. */
export type Argument = string | Buffer;

/** Called with a message and its channel. */
export type MessageListener = (message: Buffer, channel: Buffer) => void;

/**
 * Replies are bytes. Commands have no time limit of their own, because the client would create an `AbortSignal` for each, which costs more
 * than the command (benchmark of brokers, one message at a time). The pings of the session have one.
 */
const COMMAND = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer }, timeout: 0 } as const;

/** Both connections. They do not reconnect: when one is lost, the session ends. */
export class Session implements EngineSession {
  readonly #commands: AnyRedisClient;
  readonly #subscriptions: AnyRedisClient;
  readonly #listener: MessageListener;
  readonly #lost: (error: Error) => void;
  #isSharded = false;
  #endHeartbeat: (() => void) | undefined = undefined;
  #isOver = false;

  /**
   * Rejects if Redis cannot be reached.
   *
   * @param client both connections have its options
   * @param timeout how long Redis may take to answer, in ms
   * @param lost called once, unless {@link Session.close} is called before
   */
  static async open(
    client: AnyRedisClient,
    timeout: number,
    listener: MessageListener,
    lost: (error: Error) => void,
  ): Promise<Session> {
    const session = new Session(client, timeout, listener, lost);
    try {
      await session.#connect(timeout);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  private constructor(
    client: AnyRedisClient,
    timeout: number,
    listener: MessageListener,
    lost: (error: Error) => void,
  ) {
    const socket = { connectTimeout: timeout, ...client.options.socket, reconnectStrategy: false as const };
    const options = { ...client.options, disableOfflineQueue: true, socket };
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

  send(args: readonly Argument[]): Promise<unknown> {
    return this.#settled(this.#commands.sendCommand(args, COMMAND));
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

  /** Ends both connections. Pending commands reject. */
  close(): void {
    this.#isOver = true;
    this.#endHeartbeat?.();
    for (const client of [this.#commands, this.#subscriptions]) {
      // It may be failing to connect.
      client.on('error', ignore);
      if (client.isOpen) client.destroy();
    }
  }

  async #connect(timeout: number): Promise<void> {
    const clients = [this.#commands, this.#subscriptions];
    for (const client of clients) {
      client.on('error', (error: Error) => this.#lose(error));
      client.on('end', () => this.#lose(new Error('The connection to Redis has ended')));
    }
    const ping = async (): Promise<void> => {
      const pings = clients.map((client) => client.ping());
      const [info] = await Promise.all([
        this.#commands.sendCommand<string>(['INFO', 'replication']),
        ...pings,
      ]);
      // A failover can turn a server into a replica. It rejects writes to a history, and its messages do not reach the primary.
      if (info.includes('role:slave')) throw new Error('Redis is a replica');
    };
    // It also ends the handshakes, because the client limits only how long a socket takes to connect.
    const lost = new Promise<never>((_resolve, reject) => {
      const answer = (): Promise<unknown> => connected.then(ping);
      this.#endHeartbeat = heartbeat(timeout, answer, (error) => {
        this.#lose(error);
        reject(error);
      });
    });
    const connected = Promise.all(clients.map((client) => client.connect())).then(async () => {
      // A server that has just started accepts connections while it still loads its data.
      await ping();
      const info = await this.#commands.sendCommand<string>(['INFO', 'server']);
      this.#isSharded = Number(/redis_version:(\d+)/.exec(info)?.[1]) >= 7;
    });
    await Promise.race([connected, lost]);
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    this.close();
    this.#lost(error);
  }

  /** Passes on an error that Redis has answered. Any other error means that the connection is lost, as does the answer of a replica. */
  async #settled<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      const isReplica = error instanceof ErrorReply && error.message.includes('READONLY');
      if (isReplica) this.#lose(error);
      else if (error instanceof ErrorReply) throw error;
      throw new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
    }
  }
}

function ignore(): void {}
