// Makes what the example needs, in the folder `certificates`: an authority of our own, and what it vouches for, a certificate
// of the server and one of a client. For trying out: in earnest the authority's key lies on another machine.
//
//   node make-certificates.js [folder]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const folder = process.argv[2] ?? 'certificates';
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/** A key and a certificate, signed by an authority, or by itself where none is given. */
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
// Keys are for their owner alone.
const secret = { mode: 0o600 };
writeFileSync(join(folder, 'authority.pem'), authority.cert);
writeFileSync(join(folder, 'server.pem'), server.cert);
writeFileSync(join(folder, 'server-key.pem'), server.private, secret);
writeFileSync(join(folder, 'client.pem'), client.cert);
writeFileSync(join(folder, 'client-key.pem'), client.private, secret);
console.log(`certificates are in ${folder}`);
