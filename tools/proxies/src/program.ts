// Runs a proxy as a process, with its configuration in a temporary folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable, startListener, testCertificate, type PartName } from '@framewire/testing';

/** The settings of a proxy. */
export interface Plan {
  /** The port of the backend. */
  backend: number;
  /** The port of the backend that receives the address of the client in the PROXY protocol. */
  proxyProtocolBackend: number;
  /** Seconds without data after which the proxy ends a connection. */
  idleSeconds: number;
}

/** The ports that a proxy listens on. */
export interface Ports {
  plain: number;
  tls: number;
  /** For the backend that receives the PROXY protocol. */
  proxyProtocol: number;
}

/** How a kind of proxy is configured and started. */
export interface Kind<P> {
  name: Extract<PartName, 'nginx' | 'haproxy'>;
  /** The configuration; `folder` holds tls.pem, the certificate with its key. */
  configuration(plan: P, ports: Ports, folder: string): string;
  /** The arguments that read the configuration and keep the proxy in the foreground. */
  args(file: string): readonly string[];
}

/** A kind of proxy with one backend, and its properties. */
export interface GeneralKind extends Kind<Plan> {
  /** The status of its response if the backend does not run. */
  unavailable: number;
  /** Whether it can send the PROXY protocol to a backend. */
  speaksProxyProtocol: boolean;
}

/** A running proxy. */
export interface Proxy extends Ports {
  stop(): Promise<void>;
}

/**
 * Starts a proxy on free ports of 127.0.0.1.
 *
 * @throws {Error} With its output, if it does not start.
 */
export async function startProxy<P>(kind: Kind<P>, plan: P): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), `framewire-${kind.name}-`));
  const file = join(folder, 'configuration');
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { key, cert } = await testCertificate();
    writeFileSync(join(folder, 'tls.pem'), `${cert}\n${key}`, { mode: 0o600 });
    const { child, ports } = await startListener(executable(kind.name), 3, (...free) => {
      writeFileSync(file, kind.configuration(plan, named(free), folder));
      return kind.args(file);
    });
    return {
      ...named(ports),
      async stop() {
        await child.stop();
        removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

function named([plain = 0, tls = 0, proxyProtocol = 0]: readonly number[]): Ports {
  return { plain, tls, proxyProtocol };
}
