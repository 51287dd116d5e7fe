/** The certificate for the TLS servers of tests. */

import { generate } from 'selfsigned';

/** Options for `tls.createServer` and `https.createServer`. A client with `cert` as its `ca` trusts the server. */
export interface TestCertificate {
  /** The private key, as PEM. */
  key: string;
  /** The self-signed certificate, as PEM. */
  cert: string;
}

let made: Promise<TestCertificate> | undefined;

/** A self-signed certificate for localhost, 127.0.0.1 and ::1, valid for a day. Each process makes one. */
export function testCertificate(): Promise<TestCertificate> {
  made ??= make();
  return made;
}

async function make(): Promise<TestCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 24 * 60 * 60 * 1000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key, cert };
}
