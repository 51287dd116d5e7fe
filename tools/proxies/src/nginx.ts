/** nginx in front of our server, configured as users configure it for WebSockets. */

import type { GeneralKind, Kind } from './program.ts';

/** If root starts nginx, its workers run by default as a user that cannot read the folder. */
const USER = process.getuid?.() === 0 ? 'user root;' : '';

/** Returns the arguments that make nginx read the configuration and print errors. */
export const args: Kind<unknown>['args'] = (file) => ['-c', file, '-e', 'stderr'];

/** A whole configuration around the contents of the `http` context. nginx writes only into the folder. */
export function configurationWith(http: string, folder: string): string {
  return `
${USER}
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr error;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${http}
}
`;
}

export const nginx: GeneralKind = {
  name: 'nginx',
  unavailable: 502,
  speaksProxyProtocol: false,
  args,
  configuration: ({ backend, idleSeconds }, { plain, tls }, folder) =>
    configurationWith(
      `server {
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
  }`,
      folder,
    ),
};
