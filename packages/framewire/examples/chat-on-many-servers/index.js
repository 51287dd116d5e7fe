// A chat on three servers behind a load balancer. This program starts NATS, the servers and HAProxy. The page shows which server it is
// connected to. If you kill that server, the page connects to another one and misses no message.
//
//   node index.js          then open the address in several windows
//
// Needs the programs nats-server and haproxy.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const NAMES = ['one', 'two', 'three'];
const RESTART_MS = 1000;

const folder = mkdtempSync(join(tmpdir(), 'chat-'));
const programs = [];
const servers = new Map();
let isStopping = false;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Starts a program, and waits until it listens on a port. */
async function startProgram(command, args, port) {
  // HAProxy and NATS may be in a folder that only the PATH of root contains.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('error', () => {
    console.error(`This example needs the program ${command}.`);
    stop(1);
  });
  child.on('exit', () => {
    if (!isStopping) stop(1);
  });
  programs.push(child);
  while (!isStopping && !(await accepts(port))) await delay(20);
}

/** Starts a server, and restarts it when it ends. Resolves to its port. */
async function startServer(name, natsPort, port = 0) {
  const child = fork(new URL('server.js', import.meta.url), [name, natsPort, port].map(String));
  servers.set(name, child);
  console.log(`server ${name} runs as process ${child.pid}`);
  let listensOn = port;
  child.on('exit', () => {
    servers.delete(name);
    if (isStopping) return;
    if (listensOn === 0) {
      console.error(`Server ${name} has ended before it listened on a port.`);
      stop(1);
      return;
    }
    console.log(`server ${name} has ended, and will restart`);
    setTimeout(() => {
      if (!isStopping) startServer(name, natsPort, listensOn);
    }, RESTART_MS);
  });
  if (port === 0) [{ port: listensOn }] = await once(child, 'message');
  return listensOn;
}

async function stop(code) {
  if (isStopping) return;
  isStopping = true;
  await Promise.all(
    [...servers.values()].map((child) => {
      child.kill('SIGTERM');
      return once(child, 'exit');
    }),
  );
  for (const child of programs) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code;
}

process.once('SIGINT', () => void stop(0));

/** Starts the programs one after the other, unless stop() is called meanwhile. */
async function start() {
  const natsPort = await freePort();
  const jetStream = ['-js', '-sd', folder];
  await startProgram('nats-server', ['-a', '127.0.0.1', '-p', String(natsPort), ...jetStream], natsPort);
  if (isStopping) return;

  const ports = await Promise.all(NAMES.map((name) => startServer(name, natsPort)));
  const port = Number(process.env.PORT ?? 8080) || (await freePort());
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration(port, ports));
  await startProgram('haproxy', ['-db', '-q', '-f', file], port);
  if (!isStopping) console.log(`http://127.0.0.1:${port}`);
}

function configuration(port, ports) {
  return `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h

frontend chat
  bind 127.0.0.1:${port}
  default_backend servers

backend servers
  balance leastconn
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
${ports.map((each, index) => `  server ${NAMES[index]} 127.0.0.1:${each}`).join('\n')}
`;
}

start().catch((error) => {
  console.error(error);
  void stop(1);
});
