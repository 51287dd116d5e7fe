/** HAProxy in front of our server, configured as users configure it for WebSockets. */

import type { GeneralKind } from './program.ts';

export const haproxy: GeneralKind = {
  name: 'haproxy',
  unavailable: 503,
  speaksProxyProtocol: true,
  args: (file) => ['-db', '-q', '-f', file],
  configuration: (plan, { plain, tls, proxyProtocol }, folder) => `
defaults
  mode http
  option forwardfor
  retries 0
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel ${plan.idleSeconds}s

frontend clients
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${tls} ssl crt ${folder}/tls.pem alpn http/1.1
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  default_backend ours

frontend proxy_protocol
  bind 127.0.0.1:${proxyProtocol}
  default_backend proxy_protocol

backend ours
  server one 127.0.0.1:${plan.backend}

backend proxy_protocol
  server one 127.0.0.1:${plan.proxyProtocolBackend} send-proxy
`,
};
