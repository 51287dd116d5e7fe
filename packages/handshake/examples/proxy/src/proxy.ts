// A reverse proxy for WebSocket on node:net. It reads and checks the heads of the request and the response, and then forwards bytes. It
// does not parse frames.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  checkUpgradeRequest,
  checkUpgradeResponse,
  createRefusal,
  formatRequestHead,
  formatResponseHead,
  headerRecord,
  parseExtensions,
  refusalOf,
  requestHeadParser,
  responseHeadParser,
  tunnel,
  type HeadLimits,
  type HeadResult,
  type Refusal,
  type RequestHead,
  type ResponseExpectation,
  type ResponseHead,
} from '@framewire/handshake';
import { forwardedRequest, forwardedRefusal } from './forwarded-head.ts';
import { readHead } from './read-head.ts';
import { passBody, refuse } from './refusing.ts';
import { findRoute, type Address, type Route } from './routes.ts';

/** How the proxy works. All times are in milliseconds. */
export interface ProxyOptions {
  /** The backends by path. The longest matching path wins. */
  readonly routes: readonly Route[];
  /** The limits for heads of requests and responses. Default: 16 KiB and 100 fields. */
  readonly limits?: HeadLimits;
  /** How long a client may take to send its head. Default: 10 s. */
  readonly requestTimeout?: number;
  /** How long a backend may take to accept the connection, and then to answer. Default: 10 s. */
  readonly backendTimeout?: number;
  /** How long a peer may take to end its side after the other has, or to receive a refusal. Default: 10 s. */
  readonly closeTimeout?: number;
  /** Called with a line for each request. Default: none. */
  readonly log?: (line: string) => void;
}

type Settings = Required<ProxyOptions>;

const DEFAULTS = {
  limits: {},
  requestTimeout: 10_000,
  backendTimeout: 10_000,
  closeTimeout: 10_000,
  log: () => {},
};

/** More interim responses than any server needs. A backend that sends more is disconnected. */
const MAX_INTERIM_RESPONSES = 8;

/**
 * Creates a proxy. Call `server.listen()` to start it. Closing the server stops new connections. Open ones stay until `destroy()` is called
 * on each of the `sockets`.
 */
export function createProxy(options: ProxyOptions): {
  readonly server: Server;
  readonly sockets: Set<Socket>;
} {
  const settings: Settings = { ...DEFAULTS, ...options };
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    // 'close' follows each error.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    track(client);
    void serve(client, settings, track);
  });
  return { server, sockets };
}

async function serve(client: Socket, settings: Settings, track: (socket: Socket) => void): Promise<void> {
  const { closeTimeout, limits, log, requestTimeout } = settings;
  const read = await readHead(client, requestHeadParser(limits), requestTimeout);
  if (read === 'closed') {
    client.destroy();
    return;
  }
  const request = judgeRequest(read, settings.routes);
  if (!request.ok) {
    log(`${request.refusal.status} ${request.refusal.message}`);
    refuse(client, request.refusal, closeTimeout);
    return;
  }

  const response = await ask(request, client, settings, track);
  if (response === 'gone') {
    log(`499 ${request.head.target}`);
    return;
  }
  log(`${response.status} ${request.head.target} -> ${request.backend.host}:${request.backend.port}`);
  if (!response.backend) refuse(client, createRefusal(response.status), closeTimeout);
  else if (response.opened) {
    client.write(formatResponseHead(response.head));
    tunnel(client, response.backend, { halfCloseTimeout: closeTimeout });
  } else {
    client.write(formatResponseHead(forwardedRefusal(response.head)));
    await passBody(response.head, response.backend, client, closeTimeout);
  }
}

/** A request to forward to a backend. */
interface GoodRequest {
  readonly ok: true;
  readonly head: RequestHead;
  readonly backend: Address;
  /** What the client requested, to check the response with. */
  readonly check: ResponseExpectation;
}

interface BadRequest {
  readonly ok: false;
  readonly refusal: Refusal;
}

/** Decides on a request by its head. */
function judgeRequest(
  read: HeadResult<RequestHead> | 'timeout',
  routes: readonly Route[],
): GoodRequest | BadRequest {
  if (read === 'timeout') return { ok: false, refusal: createRefusal(408) };
  if (!read.ok) return read;
  const { head } = read;
  const { method, httpVersion, target } = head;
  const check = checkUpgradeRequest({ method, httpVersion, headers: headerRecord(head.headers) });
  if (!check.ok) return check;
  if (!isWellFormed(check.extensions)) return { ok: false, refusal: refusalOf('INVALID_EXTENSION_OFFER') };
  const route = findRoute(routes, target);
  if (route === undefined) return { ok: false, refusal: createRefusal(404) };
  return { ok: true, head, backend: route.backend, check };
}

function isWellFormed(extensions: string | undefined): boolean {
  try {
    if (extensions !== undefined) parseExtensions(extensions);
    return true;
  } catch {
    return false;
  }
}

/** The answer of a backend: a response that opens or rejects the connection, or the status for an unusable one. */
type Answer =
  | {
      readonly status: number;
      readonly opened: boolean;
      readonly head: ResponseHead;
      readonly backend: Socket;
    }
  | { readonly status: 502 | 504; readonly backend?: undefined };

/**
 * Forwards a request and reads the answer of the backend. Destroys the socket of the backend unless the answer contains it, even if the
 * client leaves meanwhile.
 */
async function ask(
  request: GoodRequest,
  client: Socket,
  { backendTimeout, limits }: Settings,
  track: (socket: Socket) => void,
): Promise<Answer | 'gone'> {
  const backend = connect({ ...request.backend, allowHalfOpen: true });
  track(backend);
  const hangUp = (): void => {
    // The error ends the wait for the connection.
    backend.destroy(new Error('The client has gone'));
  };
  client.once('close', hangUp);
  if (client.destroyed) hangUp();
  try {
    const answer = await talkTo(backend, request, client.remoteAddress ?? 'unknown', backendTimeout, limits);
    if (client.destroyed) {
      backend.destroy();
      return 'gone';
    }
    if (typeof answer === 'object') return answer;
    backend.destroy();
    return { status: answer };
  } finally {
    // From here on, the tunnel or the refusal handles both sockets.
    client.off('close', hangUp);
  }
}

/** Returns the answer of a backend to a request, or a status for an unusable one. */
async function talkTo(
  backend: Socket,
  request: GoodRequest,
  clientAddress: string,
  timeout: number,
  limits: HeadLimits,
): Promise<Answer | 502 | 504> {
  try {
    await once(backend, 'connect', { signal: AbortSignal.timeout(timeout) });
  } catch (error) {
    return error instanceof Error && error.name === 'AbortError' ? 504 : 502;
  }
  backend.write(formatRequestHead(forwardedRequest(request.head, clientAddress)));

  const deadline = performance.now() + timeout;
  for (let interim = 0; interim <= MAX_INTERIM_RESPONSES; interim++) {
    const read = await readHead(backend, responseHeadParser(limits), deadline - performance.now());
    if (read === 'timeout') return 504;
    if (read === 'closed' || !read.ok) return 502;
    const { head } = read;
    if (head.statusCode >= 200) return { status: head.statusCode, opened: false, head, backend };
    if (head.statusCode === 101) {
      return opens(head, request) ? { status: 101, opened: true, head, backend } : 502;
    }
  }
  return 502;
}

/**
 * Whether a 101 is the answer to the request. Only then does the proxy forward bytes. If it treated any other response as an open
 * connection, the client could send its own requests to the backend.
 */
function opens({ statusCode, headers }: ResponseHead, { check }: GoodRequest): boolean {
  return checkUpgradeResponse({ statusCode, headers: headerRecord(headers) }, check).ok;
}
