// The example `production`: its server, and the proxies of its configuration files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { args, configurationWith } from '@framewire/proxies/nginx';
import type { Kind } from '@framewire/proxies/program';
import { Example, EXAMPLES } from './example.ts';

/** A server of the example, its URL, and its two ports. */
export interface ProductionServer {
  readonly example: Example;
  readonly url: string;
  readonly port: number;
  readonly adminPort: number;
}

/** Starts a server of the example. */
export async function serveProduction(env: Readonly<Record<string, string>>): Promise<ProductionServer> {
  const [example, url] = await Example.serve('production', { env: { ADMIN_PORT: '0', ...env } });
  const [, adminPort] = await example.printed(/^metrics on port (\d+)$/m);
  return { example, url, port: Number(new URL(url).port), adminPort: Number(adminPort) };
}

/** A file of the example. */
export function productionFile(name: string): string {
  return readFileSync(join(EXAMPLES, 'production', name), 'utf8');
}

/** The two servers behind a proxy of the example. */
type Servers = readonly [ProductionServer, ProductionServer];

/** nginx, as the example configures it. */
export const nginx: Kind<Servers> = {
  name: 'nginx',
  args,
  configuration: ([one, two], { plain, tls }, folder) =>
    configurationWith(
      withReplaced(productionFile('nginx.conf'), {
        'listen 80;': `listen 127.0.0.1:${plain};`,
        'listen 443 ssl;': `listen 127.0.0.1:${tls} ssl;`,
        '10.0.0.1:8443': `127.0.0.1:${one.port}`,
        '10.0.0.2:8443': `127.0.0.1:${two.port}`,
        'chat.internal': 'localhost',
        '/etc/nginx/tls/chat.pem': `${folder}/tls.pem`,
        '/etc/nginx/tls/chat.key': `${folder}/tls.pem`,
        '/etc/nginx/tls/backend-ca.pem': `${folder}/tls.pem`,
      }),
      folder,
    ),
};

/** HAProxy, as the example configures it. */
export const haproxy: Kind<Servers> = {
  name: 'haproxy',
  args: (file) => ['-db', '-q', '-f', file],
  configuration: ([one, two], { plain, tls }, folder) =>
    withReplaced(productionFile('haproxy.cfg'), {
      'bind :80\n': `bind 127.0.0.1:${plain}\n`,
      'bind :443 ': `bind 127.0.0.1:${tls} `,
      '10.0.0.1:8443 check port 9090': `127.0.0.1:${one.port} check port ${one.adminPort}`,
      '10.0.0.2:8443 check port 9090': `127.0.0.1:${two.port} check port ${two.adminPort}`,
      'chat.internal': 'localhost',
      '/etc/haproxy/tls/chat.pem': `${folder}/tls.pem`,
      '/etc/haproxy/tls/backend-ca.pem': `${folder}/tls.pem`,
    }),
};

/** Returns a configuration with texts replaced for this machine. Each text must occur. */
function withReplaced(configuration: string, texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The configuration does not contain ${from}`);
    return text.replaceAll(from, to);
  }, configuration);
}
