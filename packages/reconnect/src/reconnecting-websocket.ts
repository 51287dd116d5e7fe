// A WebSocket that stays open across connections: its states, and when it reconnects.
import { Attempt, type Outcome } from './attempt.ts';
import { backoff } from './backoff.ts';
import {
  CloseEvent,
  DroppedEvent,
  ErrorEvent,
  MessageEvent,
  StateChangeEvent,
  TypedEventTarget,
  type Message,
  type ReconnectingWebSocketEventMap,
  type State,
} from './events.ts';
import { MessageQueue } from './message-queue.ts';
import { isOffline, watchNetwork } from './network.ts';
import {
  settingsOf,
  type Options,
  type ProtocolsProvider,
  type Settings,
  type UrlProvider,
} from './options.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type BinaryType } from './websocket-like.ts';

/** A listener set as an attribute. */
type AttributeListener<K extends keyof ReconnectingWebSocketEventMap> =
  ((event: ReconnectingWebSocketEventMap[K]) => void) | null;

type AttributeType = 'close' | 'error' | 'message' | 'open';

/**
 * A WebSocket that reconnects when its connection ends. Its events and members are those of a `WebSocket`. It emits an `open` for each
 * connection, and a `close` at the end of each connection or attempt.
 *
 * @example
 * ```ts
 * const ws = new ReconnectingWebSocket('wss://example.com/chat');
 * ws.addEventListener('message', ({ data }) => console.log(data));
 * ws.send('hello'); // Waits until there is a connection.
 * ```
 */
export class ReconnectingWebSocket extends TypedEventTarget {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;

  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;

  readonly #url: UrlProvider;
  readonly #protocols: ProtocolsProvider | undefined;
  readonly #settings: Settings;
  readonly #queue: MessageQueue;
  readonly #attributes = new Map<AttributeType, ((event: never) => void) | null>();
  #state: State = 'closed';
  /** The current attempt in the states `connecting` and `open`. */
  #attempt: Attempt | undefined = undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #uptimeTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  #unwatch: (() => void) | undefined = undefined;
  #binaryType: BinaryType = 'blob';
  #retryCount = 0;
  #shouldReconnect = true;
  #wasOpen = false;

  /**
   * Starts to connect, unless `startClosed` is set.
   *
   * @throws `RangeError` for an option that is a negative number or NaN
   */
  constructor(url: UrlProvider, protocols?: ProtocolsProvider, options: Options = {}) {
    super();
    this.#url = url;
    this.#protocols = protocols;
    this.#settings = settingsOf(options);
    const { maxEnqueuedMessages, maxQueuedBytes, signal, startClosed } = this.#settings;
    this.#queue = new MessageQueue(maxEnqueuedMessages, maxQueuedBytes);
    if (startClosed || signal?.aborted) this.#shouldReconnect = false;
    else this.#connect();
    if (signal?.aborted) queueMicrotask(() => this.dispatchEvent(new CloseEvent('close')));
  }

  /** The current state. `statechange` is emitted after each change. */
  get state(): State {
    return this.#state;
  }

  /** `CONNECTING` (0) until a connection is open, and between connections; then `OPEN` (1), `CLOSING` (2) and `CLOSED` (3). */
  get readyState(): number {
    if (this.#state === 'closed') return CLOSED;
    const socket = this.#attempt?.socket;
    if (this.#state === 'open' && socket?.readyState === OPEN) return OPEN;
    return this.#shouldReconnect ? CONNECTING : CLOSING;
  }

  /** The number of retries since a connection was last open for `minUptime`. */
  get retryCount(): number {
    return this.#retryCount;
  }

  /** Whether another attempt follows when the connection ends. */
  get shouldReconnect(): boolean {
    return this.#shouldReconnect;
  }

  /** Bytes of messages that wait for a connection, plus what the connection has not sent yet. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#attempt?.socket?.bufferedAmount ?? 0);
  }

  /** The type of binary messages, on this connection and on later ones. Default `blob`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type;
    const socket = this.#attempt?.socket;
    if (socket !== undefined) socket.binaryType = type;
  }

  /** The subprotocol of the connection, or an empty string. */
  get protocol(): string {
    return this.#attempt?.socket?.protocol ?? '';
  }

  /** The extensions of the connection, or an empty string. */
  get extensions(): string {
    return this.#attempt?.socket?.extensions ?? '';
  }

  /** The address of the connection, or an empty string. */
  get url(): string {
    return this.#attempt?.socket?.url ?? '';
  }

  /** Called with each `open` event; null for none. */
  get onopen(): AttributeListener<'open'> {
    return this.#getAttribute('open');
  }

  set onopen(listener: AttributeListener<'open'>) {
    this.#setAttribute('open', listener);
  }

  /** Called with each message; null for none. */
  get onmessage(): AttributeListener<'message'> {
    return this.#getAttribute('message');
  }

  set onmessage(listener: AttributeListener<'message'>) {
    this.#setAttribute('message', listener);
  }

  /** Called with each error; null for none. */
  get onerror(): AttributeListener<'error'> {
    return this.#getAttribute('error');
  }

  set onerror(listener: AttributeListener<'error'>) {
    this.#setAttribute('error', listener);
  }

  /** Called with each `close` event; null for none. */
  get onclose(): AttributeListener<'close'> {
    return this.#getAttribute('close');
  }

  set onclose(listener: AttributeListener<'close'>) {
    this.#setAttribute('close', listener);
  }

  /**
   * Sends a message, or queues it until there is a connection. Messages are sent in the order of the calls. The caller may change the data
   * after the call.
   *
   * @returns whether it was sent immediately. If not, it was queued, or `dropped` was emitted because the queue is full.
   */
  send(data: Message): boolean {
    if (this.readyState === OPEN) {
      this.#attempt?.socket?.send(data);
      return true;
    }
    if (!this.#queue.add(data)) this.dispatchEvent(new DroppedEvent('dropped', { data }));
    return false;
  }

  /** Removes and returns the waiting messages, in order. They will not be sent. */
  drainQueuedMessages(): Message[] {
    const messages: Message[] = [];
    this.#queue.flush((message) => messages.push(message) > 0);
    return messages;
  }

  /**
   * Closes the connection, or stops waiting. Keeps waiting messages: `reconnect()` sends them, and `drainQueuedMessages()` returns them.
   *
   * @throws what `close()` of the connection throws for invalid arguments
   */
  close(code = 1000, reason?: string): void {
    const { state } = this;
    // The connection may end during the call.
    const before = this.#shouldReconnect;
    this.#shouldReconnect = false;
    try {
      this.#attempt?.close(code, reason);
    } catch (error) {
      this.#shouldReconnect = before;
      throw error;
    }
    if (state !== 'waiting') return;
    this.#stop();
    const event = new CloseEvent('close', { code, reason: reason ?? '', wasClean: true });
    queueMicrotask(() => this.dispatchEvent(event));
  }

  /** Closes the current connection, if any, and connects immediately. Works after `close()`, but not after `signal` has aborted. */
  reconnect(code = 1000, reason?: string): void {
    if (this.#settings.signal?.aborted) return;
    this.#shouldReconnect = true;
    this.#retryCount = 0;
    const attempt = this.#attempt;
    attempt?.abandon(code, reason);
    this.#connect();
    if (attempt === undefined) return;
    this.dispatchEvent(new CloseEvent('close', { code, reason: reason ?? '', wasClean: true }));
  }

  #connect(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#uptimeTimer);
    this.#unwatch ??= this.#watch();
    const target = {
      url: this.#url,
      protocols: this.#protocols,
      settings: this.#settings,
      isReconnect: this.#wasOpen,
      binaryType: () => this.#binaryType,
    };
    this.#attempt = new Attempt(target, {
      opened: () => this.#opened(),
      message: (data) => this.dispatchEvent(new MessageEvent('message', { data })),
      failed: (error) => this.#failed(error),
      ended: (outcome) => this.#ended(outcome),
    });
    this.#enter('connecting');
  }

  #opened(): void {
    const socket = this.#attempt?.socket;
    this.#wasOpen = true;
    this.#uptimeTimer = setTimeout(() => {
      this.#retryCount = 0;
    }, this.#settings.minUptime);
    this.#queue.flush((message) => {
      // A closing connection would lose the message.
      if (socket?.readyState !== OPEN) return false;
      socket.send(message);
      return true;
    });
    this.#enter('open');
    this.dispatchEvent(new Event('open'));
  }

  #failed(error: Error): void {
    this.#log('error', error);
    // An error after `close()` is only its consequence.
    if (this.#shouldReconnect) this.dispatchEvent(new ErrorEvent('error', { error }));
  }

  #ended(outcome: Outcome): void {
    this.#attempt = undefined;
    clearTimeout(this.#uptimeTimer);
    const event = new CloseEvent('close', outcome);
    const mayRetry = this.#shouldReconnect && this.#mayRetry(outcome, event);
    // `shouldReconnectOnClose` may have called `close()`.
    if (mayRetry && this.#shouldReconnect) this.#wait(outcome.retryAfter);
    else this.#stop();
    this.dispatchEvent(event);
  }

  #mayRetry({ code, status }: Outcome, event: CloseEvent): boolean {
    const { finalCloseCodes, finalStatuses, maxRetries, shouldReconnectOnClose } = this.#settings;
    if (this.#retryCount >= maxRetries || finalCloseCodes.includes(code)) return false;
    if (status !== undefined && finalStatuses.includes(status)) return false;
    return shouldReconnectOnClose?.(event) ?? true;
  }

  #wait(atLeast: number): void {
    this.#retryCount++;
    // The jitter is added to the delay that the server asks for, so that its clients do not all reconnect at the same time.
    const delay = atLeast + backoff(this.#retryCount, this.#settings, Math.random());
    if (isOffline()) this.#enter('waiting', Infinity);
    else {
      this.#timer = setTimeout(() => this.#connect(), delay);
      this.#enter('waiting', delay);
    }
  }

  /** Ends without another attempt. */
  #stop(): void {
    this.#shouldReconnect = false;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#enter('closed');
  }

  /** Listens to objects that may outlive this one. Returns a function that removes the listeners. */
  #watch(): () => void {
    const { signal } = this.#settings;
    const abort = (): void => {
      this.close();
    };
    signal?.addEventListener('abort', abort);
    const unwatchNetwork = watchNetwork(() => {
      this.#networkChanged();
    });
    return () => {
      signal?.removeEventListener('abort', abort);
      unwatchNetwork();
    };
  }

  /** While offline, an attempt would fail immediately. Once online, there is no reason to wait. */
  #networkChanged(): void {
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#timer);
    if (isOffline()) this.#enter('waiting', Infinity);
    else this.#connect();
  }

  #enter(state: State, delay?: number): void {
    const previous = this.#state;
    this.#state = state;
    this.#log('state', state, delay);
    this.dispatchEvent(new StateChangeEvent('statechange', { state, previous, delay }));
  }

  #getAttribute<K extends AttributeType>(type: K): AttributeListener<K> {
    return (this.#attributes.get(type) as AttributeListener<K> | undefined) ?? null;
  }

  #setAttribute<K extends AttributeType>(type: K, listener: AttributeListener<K>): void {
    if (!this.#attributes.has(type)) {
      // One listener for all functions of the attribute: as in the DOM, a later function keeps the position of the first one.
      this.addEventListener(type, (event) => this.#attributes.get(type)?.call(this, event as never));
    }
    this.#attributes.set(type, typeof listener === 'function' ? listener : null);
  }

  #log(...what: unknown[]): void {
    const { debug, debugLogger } = this.#settings;
    // Only the option `debug` enables this.
    // eslint-disable-next-line no-console
    if (debug) (debugLogger ?? console.log)(...what);
  }
}
