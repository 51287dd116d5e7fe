// HAProxy in front of several servers, each of which may end at any time.
import type { Kind } from './program.ts';

/** The plan is the ports of the servers. */
export const haproxyOfSeveral: Kind<readonly number[]> = {
  name: 'haproxy',
  args: (file) => ['-db', '-q', '-f', file],
  configuration: (servers, { plain }) => `
defaults
  mode http
  timeout connect 10s
  timeout check 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s

frontend clients
  bind 127.0.0.1:${plain}
  default_backend ours

backend ours
  balance leastconn
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response 503
  option httpchk GET /ready
  default-server check inter 1s fall 3 rise 1
${servers.map((port) => `  server on-${port} 127.0.0.1:${port}`).join('\n')}
`,
};
