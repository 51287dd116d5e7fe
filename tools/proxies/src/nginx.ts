/** nginx in front of a server of ours, configured as its users do for WebSockets. */

import type { Kind } from './program.ts';

/** Started as root it would give its workers to a user who cannot read the folder. */
const USER = process.getuid?.() === 0 ? 'user root;' : '';

export const nginx: Kind = {
  name: 'nginx',
  unavailable: 502,
  speaksProxyProtocol: false,
  args: (file) => ['-c', file, '-e', 'stderr'],
  configuration: ({ backend, idleSeconds }, { plain, tls }, folder) => `
${USER}
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr error;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${plain};
    listen 127.0.0.1:${tls} ssl;
    ssl_certificate ${folder}/tls.pem;
    ssl_certificate_key ${folder}/tls.pem;
    location / {
      proxy_pass http://127.0.0.1:${backend};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout ${idleSeconds}s;
      proxy_send_timeout ${idleSeconds}s;
    }
  }
}
`,
};
