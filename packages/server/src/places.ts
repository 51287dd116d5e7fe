// How many connections there may be, in all and for each client, from the start of their handshakes on.
import type { Duplex } from 'node:stream';
import { createRefusal, type Refusal } from '@framewire/handshake';

/** When a client may try again that found no place, in s. */
const RETRY_AFTER = 10;

/** The options that limit how many connections there may be. */
interface PlacesOptions<Request> {
  readonly maxConnections?: number | undefined;
  readonly connectionsPerClient?:
    { readonly limit: number; readonly client: (request: Request) => string } | null | undefined;
}

/** The places of a server for connections. A place is taken by a request, and free again when its socket has closed. */
export class Places<Request> {
  readonly #limit: number;
  readonly #perClient: PlacesOptions<Request>['connectionsPerClient'];
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor({ maxConnections, connectionsPerClient }: PlacesOptions<Request>) {
    this.#limit = maxConnections || Infinity;
    this.#perClient = connectionsPerClient;
  }

  /** The places that options ask for; undefined where they limit nothing. */
  static of<Request>(options: PlacesOptions<Request>): Places<Request> | undefined {
    return options.maxConnections || options.connectionsPerClient ? new Places(options) : undefined;
  }

  /** Takes a place for a request. Returns the refusal if there is none. */
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
