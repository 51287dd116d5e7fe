// Limits the number of connections, in total and for each client. A connection counts from the start of its handshake.
import type { Duplex } from 'node:stream';
import { limitOf } from '@framewire/connection';
import { createRefusal, type Refusal } from '@framewire/handshake';

/** After how many seconds a refused client may try again. */
const RETRY_AFTER = 10;

/** The options that limit the number of connections. */
interface PlacesOptions<Request> {
  readonly maxConnections?: number | undefined;
  readonly connectionsPerClient?:
    { readonly limit: number; readonly client: (request: Request) => string } | null | undefined;
}

/** The places of a server for connections. A request takes a place, and the close of its socket frees it. */
export class Places<Request> {
  readonly #limit: number;
  readonly #perClient: PlacesOptions<Request>['connectionsPerClient'];
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor({ maxConnections, connectionsPerClient }: PlacesOptions<Request>) {
    this.#limit = Math.max(0, limitOf(maxConnections, 0)) || Infinity;
    this.#perClient = connectionsPerClient;
  }

  /** Creates the places for the options. Returns undefined if they set no limit. */
  static of<Request>(options: PlacesOptions<Request>): Places<Request> | undefined {
    return options.maxConnections || options.connectionsPerClient ? new Places(options) : undefined;
  }

  /**
   * Takes a place for a request. Returns a refusal if no place is free.
   *
   * @throws what the application's `client` function throws. No place is taken then.
   */
  take(request: Request, socket: Duplex): Refusal | undefined {
    if (this.#taken >= this.#limit) return createRefusal(503, undefined, { 'Retry-After': RETRY_AFTER });
    const client = this.#perClient?.client(request);
    const ofClient = client === undefined ? 0 : (this.#takenBy.get(client) ?? 0);
    if (this.#perClient && ofClient >= this.#perClient.limit) return createRefusal(429);
    this.#taken++;
    if (client !== undefined) this.#takenBy.set(client, ofClient + 1);
    socket.once('close', () => {
      this.#leave(client);
    });
    return undefined;
  }

  #leave(client: string | undefined): void {
    this.#taken--;
    if (client === undefined) return;
    const left = (this.#takenBy.get(client) ?? 0) - 1;
    if (left > 0) this.#takenBy.set(client, left);
    else this.#takenBy.delete(client);
  }
}
