// Creates the keys and certificates of the example in the folder `certificates`. The authority signs a certificate for the server, and one
// for a client. In production, keep the key of the authority on another machine.
//
//   node make-certificates.js [folder]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const folder = process.argv[2] ?? 'certificates';
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/** Creates a key and a certificate, signed by the authority, or self-signed without one. */
function make(commonName, extensions, authority) {
  return generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + MONTH_MS),
    extensions,
    ...(authority && { ca: { key: authority.private, cert: authority.cert } }),
  });
}

const authority = await make('Example Authority', [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
]);
const server = await make(
  'localhost',
  [
    { name: 'basicConstraints', cA: false },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
      ],
    },
  ],
  authority,
);
const client = await make(
  'alice',
  [
    { name: 'basicConstraints', cA: false },
    { name: 'extKeyUsage', clientAuth: true },
  ],
  authority,
);

mkdirSync(folder, { recursive: true });
// Only the owner may read a key.
const secret = { mode: 0o600 };
writeFileSync(join(folder, 'authority.pem'), authority.cert);
writeFileSync(join(folder, 'server.pem'), server.cert);
writeFileSync(join(folder, 'server-key.pem'), server.private, secret);
writeFileSync(join(folder, 'client.pem'), client.cert);
writeFileSync(join(folder, 'client-key.pem'), client.private, secret);
console.log(`certificates are in ${folder}`);
