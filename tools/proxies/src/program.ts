/** A proxy as a process of this test: started with a configuration in a folder of its own, ended by its id. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { executable, testCertificate, type PartName } from '@framewire/testing';

/** What a proxy is told. */
export interface Plan {
  /** The port of the server behind it. */
  backend: number;
  /** The port of a server behind it that wants to be told the client's address in the PROXY protocol; where it is spoken. */
  proxyProtocolBackend: number;
  /** Seconds without a byte after which it ends a connection. */
  idleSeconds: number;
}

/** The ports that it listens on. */
export interface Ports {
  plain: number;
  tls: number;
  /** In front of the server that is told of the client in the PROXY protocol. */
  proxyProtocol: number;
}

/** How a kind of proxy is configured and started, for a plan of any shape. */
export interface Kind<P> {
  name: Extract<PartName, 'nginx' | 'haproxy'>;
  /** The configuration; `folder` holds tls.pem, the certificate with its key. */
  configuration(plan: P, ports: Ports, folder: string): string;
  /** How it is told to take it, and to stay in the foreground. */
  args(file: string): readonly string[];
}

/** A kind of proxy in front of one server, and what tests have to know of it. */
export interface GeneralKind extends Kind<Plan> {
  /** The status of its answer where no server is behind it. */
  unavailable: number;
  /** Whether it can tell a server of the client in the PROXY protocol. */
  speaksProxyProtocol: boolean;
}

/** A proxy that runs. */
export interface Proxy extends Ports {
  stop(): Promise<void>;
}

/** Ports were free when they were asked for; somebody else may have been faster. */
const ATTEMPTS = 5;

/** Between two looks at a port: neither proxy tells when it listens. */
const LOOK_AGAIN = 20;

/**
 * Starts a proxy on free ports of 127.0.0.1.
 *
 * @throws {Error} With what it printed, where it does not start.
 */
export async function startProxy<P>(kind: Kind<P>, plan: P): Promise<Proxy> {
  let output = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const started = await start(kind, plan);
    if (typeof started !== 'string') return started;
    output = started;
  }
  throw new Error(`${kind.name} does not start:\n${output}`);
}

/** A running proxy, or what it printed before it ended. */
async function start<P>(kind: Kind<P>, plan: P): Promise<Proxy | string> {
  const [plain, tls, proxyProtocol] = await freePorts();
  const ports = { plain, tls, proxyProtocol };
  const folder = mkdtempSync(join(tmpdir(), `framewire-${kind.name}-`));
  const { key, cert } = await testCertificate();
  writeFileSync(join(folder, 'tls.pem'), `${cert}\n${key}`, { mode: 0o600 });
  const file = join(folder, 'configuration');
  writeFileSync(file, kind.configuration(plan, ports, folder));

  const child = spawn(executable(kind.name), kind.args(file), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').finally(() => rmSync(folder, { recursive: true, force: true }));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  while (isRunning()) {
    if (await accepts(plain)) {
      return {
        ...ports,
        async stop() {
          child.kill('SIGTERM');
          await ended;
        },
      };
    }
    await delay(LOOK_AGAIN);
  }
  await ended;
  return output;
}

/** Three ports that nobody listens on. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports as [number, number, number];
}

/** Whether somebody listens on a port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
