// A connection to NATS, from when it is open until it is lost.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { BrokerError } from '@framewire/topics';
import { heartbeat } from '@framewire/topics/engine';
import {
  connect,
  InvalidArgumentError,
  PermissionViolationError,
  RequestError,
  type Authenticator,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from '@nats-io/transport-node';

/** The errors that leave the connection usable: a missing permission, and a message that is too long. */
const REFUSALS = [PermissionViolationError, InvalidArgumentError] as const;

/** The channel on which Node announces the sockets of clients. */
const NEW_SOCKET = 'net.client.socket';
/** The sockets that the current attempt to connect has opened. Undefined in functions of the program. */
const attempts = new AsyncLocalStorage<Socket[] | undefined>();

/** Called with a message of a subject. */
export type MessageListener = (data: Uint8Array, headers: MsgHdrs | undefined) => void;

/** One connection to NATS. A session never reconnects: it ends with its connection. */
export class Session {
  readonly #connection: NatsConnection;
  /** How long NATS may take to answer, in ms. */
  readonly timeout: number;
  readonly #lost: (error: Error) => void;
  /** The subscriptions, by subject. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** Functions that reject the calls that wait for an answer. The client leaves some of these pending when its connection is lost. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** The ping that waits for its answer, and the next one, which is sent after that answer. */
  #confirmation: Promise<void> = Promise.resolve();
  #nextConfirmation: Promise<void> | undefined = undefined;
  readonly #endHeartbeat: () => void;
  #ping: () => Promise<unknown>;
  /** What calls reject with once the session has ended. Undefined while it is open. */
  #failure: BrokerError | undefined = undefined;

  /**
   * Rejects if NATS cannot be reached.
   *
   * @param timeout how long NATS may take to answer, in ms
   * @param lost called once, unless {@link Session.close} is called before
   */
  static async open(
    options: NodeConnectionOptions,
    timeout: number,
    lost: (error: Error) => void,
  ): Promise<Session> {
    const connection = await openConnection({
      timeout,
      noAsyncTraces: true,
      ...options,
      noEcho: false,
      reconnect: false,
      waitOnFirstConnect: false,
    });
    return new Session(connection, timeout, lost);
  }

  private constructor(connection: NatsConnection, timeout: number, lost: (error: Error) => void) {
    this.#connection = connection;
    this.timeout = timeout;
    this.#lost = lost;
    void connection.closed().then((error) => {
      this.lose(error ?? new Error('The connection to NATS has ended'));
    });
    this.#ping = () => this.#settled(connection.flush());
    this.#endHeartbeat = heartbeat(
      timeout,
      () => this.#ping(),
      (error) => this.lose(error),
    );
  }

  /** Replaces the ping of the heartbeat. */
  pingWith(ping: () => Promise<unknown>): void {
    this.#ping = ping;
  }

  /** Publishes a message. Resolves when the server has received it. */
  publish(subject: string, data: Uint8Array): Promise<void> {
    // Called first, so that the ping and the messages of the same turn are written together.
    const confirmation = this.#confirm();
    try {
      this.#connection.publish(subject, data);
    } catch (error) {
      confirmation.catch(ignore);
      return Promise.reject(asAnswer(error));
    }
    return confirmation;
  }

  /**
   * Subscribes, unless there is already a subscription. Resolves when the server has the subscription, which it handles before everything
   * that is sent later.
   */
  subscribe(subject: string, listener: MessageListener): Promise<void> {
    if (this.#subscriptions.has(subject)) return this.#confirm();
    return new Promise((resolve, reject) => {
      let isConfirmed = false;
      const callback = (error: Error | null, message: Msg): void => {
        if (error === null) {
          if (this.#failure === undefined) listener(message.data, message.headers);
          return;
        }
        this.#subscriptions.delete(subject);
        // NATS sends a refusal before the confirmation. After it, an error means that its configuration no longer permits the subscription.
        if (isConfirmed) this.lose(error);
        else reject(error);
      };
      try {
        this.#subscriptions.set(subject, this.#connection.subscribe(subject, { callback }));
      } catch (error) {
        reject(asAnswer(error));
        return;
      }
      this.#confirm().then(() => {
        isConfirmed = true;
        resolve();
      }, reject);
    });
  }

  unsubscribe(subject: string): Promise<void> {
    this.#subscriptions.get(subject)?.unsubscribe();
    this.#subscriptions.delete(subject);
    return this.#confirm();
  }

  /** Sends a request, and resolves to the answer. Unless NATS refuses it, the connection counts as lost if there is no answer. */
  async request(subject: string, data: string | Uint8Array): Promise<string> {
    try {
      return await this.attempt(subject, data, this.timeout);
    } catch (error) {
      if (!isRefusal(error)) this.lose(error as Error);
      throw error;
    }
  }

  /** Sends a request that the connection can do without, and resolves to the answer. Rejects if there is none within the time limit. */
  async attempt(subject: string, data: string | Uint8Array, timeout: number): Promise<string> {
    return (await this.#settled(this.#connection.request(subject, data, { timeout }))).string();
  }

  /**
   * Like {@link Session.attempt}, with several answers. Calls a function with each until the function returns true. Rejects if no call
   * returns true within the time limit, or if one throws.
   */
  attemptMany(
    subject: string,
    data: string,
    timeout: number,
    isLast: (answer: Msg) => boolean,
  ): Promise<void> {
    return this.#settled(this.#takeAnswers(subject, data, timeout, isLast));
  }

  async #takeAnswers(
    subject: string,
    data: string,
    maxWait: number,
    isLast: (answer: Msg) => boolean,
  ): Promise<void> {
    const answers = await this.#connection.requestMany(subject, data, {
      strategy: 'timer',
      maxWait,
      noMux: true,
    });
    for await (const answer of answers) if (isLast(answer)) return;
    throw new Error(`Not all answers have arrived within ${maxWait} ms`);
  }

  /** Ends the session and reports the error. */
  lose(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#end(new BrokerError('WS_ERR_BROKER_UNREACHABLE', error));
    this.#lost(error);
  }

  /** Ends the session. Pending calls reject. */
  close(): void {
    this.#end(new BrokerError('WS_ERR_BROKER_CLOSED'));
  }

  #end(error: BrokerError): void {
    this.#failure ??= error;
    this.#endHeartbeat();
    for (const reject of this.#waiting) reject(error);
    this.#connection.close().catch(ignore);
  }

  /** Resolves when the server has handled what is sent in this turn. At most one ping at a time asks for that, however much is sent. */
  #confirm(): Promise<void> {
    this.#nextConfirmation ??= this.#confirmAfter(this.#confirmation);
    return this.#nextConfirmation;
  }

  async #confirmAfter(previous: Promise<void>): Promise<void> {
    await previous.catch(ignore);
    this.#nextConfirmation = undefined;
    this.#confirmation = this.#settled(this.#connection.flush());
    await this.#confirmation;
  }

  /** Settles as the call does, or rejects when the session ends. */
  #settled<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.#waiting.delete(fail);
        reject(this.#failure ?? asAnswer(error));
      };
      this.#waiting.add(fail);
      call.then((value) => {
        this.#waiting.delete(fail);
        resolve(value);
      }, fail);
    });
  }
}

/** Opens a connection. Destroys the other sockets, because the client leaves one open when a server accepts it and does not answer. */
async function openConnection(options: NodeConnectionOptions): Promise<NatsConnection> {
  const sockets: Socket[] = [];
  const secured: AbortController[] = [];
  const collect = (message: unknown): void => {
    if (attempts.getStore() === sockets) sockets.push((message as { readonly socket: Socket }).socket);
  };
  const attempt = withSignals(withOwnSockets(options), secured);
  subscribe(NEW_SOCKET, collect);
  try {
    const connection = await attempts.run(sockets, () => connect(attempt));
    // The client tries one server after the other.
    sockets.pop();
    secured.pop();
    return connection;
  } finally {
    unsubscribe(NEW_SOCKET, collect);
    for (const socket of sockets) socket.destroy();
    for (const controller of secured) controller.abort();
  }
}

/**
 * Gives each socket of `tls.connect()` a signal that destroys it, because Node does not announce these sockets. The client passes the
 * options on to Node, and reads them again for each socket.
 */
function withSignals(options: NodeConnectionOptions, controllers: AbortController[]): NodeConnectionOptions {
  const { tls } = options;
  // `null` means no TLS.
  if (tls === undefined || tls === null) return options;
  const abortable = {
    ...tls,
    get signal(): AbortSignal {
      const controller = new AbortController();
      controllers.push(controller);
      return controller.signal;
    },
  };
  return { ...options, tls: abortable };
}

/** Lets authenticators open sockets of their own, which are not those of the attempt. */
function withOwnSockets(options: NodeConnectionOptions): NodeConnectionOptions {
  const { authenticator } = options;
  if (authenticator === undefined) return options;
  const outside = [authenticator].flat().map(
    (authenticate): Authenticator =>
      (nonce) =>
        attempts.run(undefined, authenticate, nonce),
  );
  return { ...options, authenticator: outside };
}

/** Whether NATS or its client has refused this call, although others may succeed. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return REFUSALS.some((refusal) => error instanceof refusal || error.cause instanceof refusal);
}

/** What a call that fails rejects with. */
function asAnswer(error: unknown): Error {
  return isRefusal(error) ? error : new BrokerError('WS_ERR_BROKER_UNREACHABLE', reasonOf(error));
}

/** Returns the cause to report. If nothing answers a request, the error of the client does not say what that means for topics. */
function reasonOf(error: unknown): unknown {
  if (!(error instanceof RequestError && error.isNoResponders())) return error;
  return new Error('NATS has no JetStream, or the stream has been removed', { cause: error });
}

function ignore(): void {}
