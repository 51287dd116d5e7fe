// HAProxy in front of two servers that may be restarted, one after the other.
import type { Kind } from '../program.ts';

/** The ports of the servers. */
export type TwoServers = readonly [one: number, two: number];

export const haproxyOfTwo: Kind<TwoServers> = {
  name: 'haproxy',
  args: (file) => ['-db', '-q', '-f', file],
  configuration: ([one, two], { plain }) => `
defaults
  mode http
  timeout connect 10s
  timeout check 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s

frontend everybody
  bind 127.0.0.1:${plain}
  default_backend ours

backend ours
  balance leastconn
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response 503
  option httpchk GET /ready
  default-server check inter 1s fall 3 rise 1
  server one 127.0.0.1:${one}
  server two 127.0.0.1:${two}
`,
};
