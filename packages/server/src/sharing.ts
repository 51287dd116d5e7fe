// Servers that share an HTTP server: which of them answers a request, each asked once whether it is for it.

/** The servers of each HTTP server, in the order in which they came. */
const groups = new WeakMap<object, Set<Seat<never>>>();

/** A server's place among those that share an HTTP server. One that shares none has it for itself. */
export class Seat<Request extends object> {
  readonly #shouldHandle: (request: Request) => boolean;
  /** What was answered, until the request is handled: to ask may cost, and an answer may change. */
  readonly #answers = new WeakMap<Request, boolean>();
  #group = new Set<Seat<Request>>([this]);

  /** @param shouldHandle whether a request is for the server */
  constructor(shouldHandle: (request: Request) => boolean) {
    this.#shouldHandle = shouldHandle;
  }

  join(http: object): void {
    this.#group = (groups.get(http) as Set<Seat<Request>> | undefined) ?? new Set();
    groups.set(http, this.#group.add(this));
  }

  leave(): void {
    this.#group.delete(this);
  }

  /** The ones that a request is for answer it; where there is none, the first refuses. */
  hasToAnswer(request: Request): boolean {
    if (this.#group.size === 1 || this.#isFor(request)) return true;
    const seats = [...this.#group];
    return seats[0] === this && !seats.some((seat) => seat.#isFor(request));
  }

  /** Whether a request that is handled now is for the server. */
  takes(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.#shouldHandle(request);
    this.#answers.delete(request);
    return answer;
  }

  #isFor(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.#shouldHandle(request);
    this.#answers.set(request, answer);
    return answer;
  }
}
