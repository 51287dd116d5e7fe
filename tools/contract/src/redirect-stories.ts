// Stories about redirects in the opening handshake.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { plainResponse } from './raw.ts';
import type { UntypedOptions } from './pairings.ts';
import type { DialOptions, Stage, Story } from './stage.ts';

/** Answers upgrades by path, like a server that redirects. */
function redirecting(stage: Stage, answers: Record<string, (url: string) => string>): void {
  stage.meeting.host.http.prependListener('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const answer = answers[request.url ?? ''];
    if (answer !== undefined) socket.end(answer(stage.meeting.host.url('/end')));
  });
}

/** A story in which the client is redirected from /start. */
function redirected(
  name: string,
  location: (url: string) => string,
  dial: DialOptions,
  status = 302,
  server: UntypedOptions = {},
): Story {
  return {
    name,
    tcpOnly: true,
    async play(stage) {
      redirecting(stage, {
        '/start': (url) => plainResponse(`${status} Found`, `Location: ${location(url)}`)(),
        '/loop': () => plainResponse(`${status} Found`, 'Location: /loop')(),
      });
      stage.serve({ path: '/end', ...server }).on('connection', (ws) => ws.close(1000));
      const client = stage.dial({ path: '/start', ...dial });
      await stage.closed(client);
      stage.client.note(client.url.replace(/:\d+/, ':PORT'));
    },
  };
}

const following = { followRedirects: true };

/** Options of a client with headers. Only the first server may receive the first two. */
const secrets = {
  ...following,
  headers: { Authorization: 'Basic secret', Cookie: 'secret', 'X-Other': 'for all' },
};

/** A story in which the client is redirected to another server, which logs the headers that it receives. */
function sentElsewhere(name: string, dial: DialOptions): Story {
  return {
    name,
    tcpOnly: true,
    async play(stage) {
      const elsewhere = createServer().listen(0, '127.0.0.1');
      await once(elsewhere, 'listening');
      elsewhere.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        const { authorization, cookie } = request.headers;
        stage.server.note(`elsewhere: ${authorization} ${cookie} ${String(request.headers['x-other'])}`);
        socket.end(plainResponse('404 Not Found')());
      });
      const { port } = elsewhere.address() as AddressInfo;
      redirecting(stage, {
        '/start': () => plainResponse('302 Found', `Location: ws://127.0.0.1:${port}/`)(),
      });
      await stage.closed(stage.dial({ path: '/start', ...dial }));
      elsewhere.close();
    },
  };
}

export const redirectStories: readonly Story[] = [
  redirected('a redirect is not followed by default', (url) => url, {}),
  redirected('a redirect is followed', (url) => url, { client: following }),
  redirected('a relative redirect is followed', () => '/end', { client: following }),
  redirected('a redirect to http: is followed as ws:', (url) => url.replace('ws:', 'http:'), {
    client: following,
  }),
  redirected('a redirect with a listener', (url) => url, { client: following, watch: ['redirect'] }),
  ...[301, 303, 307, 308].map((status) =>
    redirected(`a ${status} is followed`, () => '/end', { client: following }, status),
  ),
  sentElsewhere('a redirect to another port does not send the secrets', { client: secrets }),
  sentElsewhere('a redirect with a listener leaves the secrets to that listener', {
    client: secrets,
    watch: ['redirect'],
  }),
  sentElsewhere('a redirect to another port does not send the credentials', {
    client: { ...following, auth: 'user:secret' },
  }),
  redirected('endless redirects', () => '/loop', { client: following, watch: ['redirect'] }),
  redirected('more redirects than maxRedirects', () => '/loop', {
    client: { ...following, maxRedirects: 2 },
  }),
  redirected('a redirect with maxRedirects 0', () => '/end', { client: { ...following, maxRedirects: 0 } }),
  redirected('a redirect to an invalid URL', () => 'http://[', { client: following }),
  redirected('a redirect to another scheme', () => 'ftp://127.0.0.1/', { client: following }),
  redirected('a redirect to a URL with a fragment', () => '/end#fragment', { client: following }),
  // The HTTP server has another upgrade listener, so framewire waits for this time limit before it refuses the path.
  redirected('a redirect to a path that is refused', () => '/elsewhere', { client: following }, 302, {
    handshakeTimeout: 50,
  }),
];
