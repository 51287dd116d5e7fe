// Two servers that a broker joins, in processes of their own. This process is their parent. If the broker is a hub, it runs here.
import { fork } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { serveDriver, task } from './control.mjs';

const SERVERS = 2;
const program = fileURLToPath(new URL('joined-server.mjs', import.meta.url));

/** A server's process, which answers one question at a time. */
class Server {
  constructor() {
    // The driver uses the standard streams of this process.
    this.process = fork(program, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    // If a server ends, this process ends too, so that the driver notices.
    this.process.on('exit', () => process.exit(1));
  }

  /** The next message that has this property. */
  next(property) {
    return new Promise((resolve) => {
      const listener = (message) => {
        if (message[property] === undefined) return;
        this.process.off('message', listener);
        resolve(message[property]);
      };
      this.process.on('message', listener);
    });
  }

  cpu() {
    const answer = this.next('cpu');
    this.process.send({ question: 'cpu' });
    return answer;
  }
}

const servers = Array.from({ length: SERVERS }, () => new Server());
const ports = Promise.all(servers.map((server) => server.next('port')));
let ownCpu = () => 0;
if (task.broker === 'hub') {
  const { TopicHub } = await import('@framewire/topics/processes');
  const hub = new TopicHub();
  for (const server of servers) hub.add(server.process);
  ownCpu = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
}
serveDriver(
  { ports: await ports, runtime: `Node ${process.versions.node}` },
  {
    /** CPU microseconds of each server, and of the hub. */
    async cpus() {
      return [...(await Promise.all(servers.map((server) => server.cpu()))), ownCpu()];
    },
  },
);
