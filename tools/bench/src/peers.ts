// The peers that are measured, and the process of each.
import type { Command } from './child.ts';
import type { Scenario } from './plan.ts';
import { nodeCommand, pathOfScript, WITH_BUFFERUTIL, WITHOUT_BUFFERUTIL } from './scripts.ts';

/** One library, or one runtime's own implementation. */
export interface Peer {
  readonly name: string;
  readonly title: string;
  /** Whether it takes part if the command line names no peers. */
  readonly byDefault: boolean;
  /** The process for a task; undefined if the peer does not take part in the scenario. */
  command(
    scenario: Scenario,
    task: Readonly<Record<string, unknown>>,
  ): Command | undefined | Promise<Command | undefined>;
}

/** Finds the other runtimes. Loaded when needed, because the module also loads the drivers of browsers. */
const binaries = () => import('@framewire/testing');

/** A measured script on Node, with access to the garbage collector. */
function measured(name: string, task: object, env?: Readonly<Record<string, string>>): Command {
  return nodeCommand(name, task, { flags: ['--expose-gc'], env });
}

/** A peer that is a library on Node. */
function onNode(
  name: string,
  title: string,
  library: string,
  env?: Readonly<Record<string, string>>,
  byDefault = true,
): Peer {
  const command = ({ kind, compression }: Scenario, task: object): Command | undefined => {
    if (compression && library === 'net') return undefined;
    const file = kind === 'client' ? 'client' : library === 'net' ? 'net' : 'ws-like';
    return measured(file, { ...task, library, bufferutil: env === WITH_BUFFERUTIL }, env);
  };
  return { name, title, byDefault, command };
}

/** A server on Node whose interface is not that of `ws`. It has its own script, and is not measured with compression or TLS. */
function serverOnNode(name: string, title: string, file: string): Peer {
  const command = ({ kind, compression, tls }: Scenario, task: object): Command | undefined => {
    if (kind === 'client' || compression || tls) return undefined;
    return measured(file, { ...task, library: name });
  };
  return { name, title, byDefault: true, command };
}

/** The cost of a connection of Node's HTTP server by itself: the floor for the memory of an idle WebSocket. */
const http: Peer = {
  name: 'http',
  title: 'bare node:http upgrade',
  byDefault: true,
  command: ({ kind, compression }, task) =>
    kind === 'idle' && !compression ? measured('http', task) : undefined,
};

/** An echo without the checks and layers of a library, for many short messages a turn. It shows what JavaScript on Node can reach. */
const bare: Peer = {
  name: 'bare',
  title: 'minimal echo on node:http',
  byDefault: true,
  command({ kind, burst, size, payload, fragments, compression, tls }, task) {
    const isPlain = fragments === undefined && !compression && !tls;
    const canAll = kind === 'echo' && size <= 125 && payload === 'ascii' && isPlain;
    return canAll && burst > 1 ? measured('bare', task) : undefined;
  },
};

/** A peer that is only a client, on Node. */
function clientOnNode(name: string, title: string, library: string): Peer {
  const peer = onNode(name, title, library);
  return {
    ...peer,
    command: (scenario, task) => (scenario.kind === 'client' ? peer.command(scenario, task) : undefined),
  };
}

const bun: Peer = {
  name: 'bun',
  title: 'Bun',
  byDefault: true,
  async command({ kind }, task) {
    const { bunBinary } = await binaries();
    const words = [
      pathOfScript(kind === 'client' ? 'client' : 'bun'),
      JSON.stringify({ ...task, library: 'own' }),
    ];
    return { program: bunBinary(), args: words };
  },
};

/** The same server, which broadcasts as Bun's manual recommends: it publishes to a topic instead of sending to each client. */
const bunPublish: Peer = {
  ...{ name: 'bun-publish', title: 'Bun, published to a topic', byDefault: true },
  command: (scenario, task) =>
    scenario.kind === 'broadcast' ? bun.command(scenario, { ...task, publish: true }) : undefined,
};

const deno: Peer = {
  name: 'deno',
  title: 'Deno',
  byDefault: true,
  async command({ kind, compression }, task) {
    // Deno.upgradeWebSocket() negotiates no compression.
    if (compression) return undefined;
    const { denoBinary } = await binaries();
    const file = pathOfScript(kind === 'client' ? 'client' : 'deno');
    const words = [
      'run',
      '--v8-flags=--expose-gc',
      '-A',
      '--quiet',
      '--no-config',
      file,
      JSON.stringify({ ...task, library: 'own' }),
    ];
    return { program: denoBinary(), args: words, env: { DENO_NO_UPDATE_CHECK: '1' } };
  },
};

/** Leaves a peer out of scenarios with a heartbeat, because it has none, or one that cannot be compared. */
function withoutHeartbeat(peer: Peer): Peer {
  return {
    ...peer,
    command: (scenario, task) =>
      scenario.heartbeat === undefined ? peer.command(scenario, task) : undefined,
  };
}

/** Every peer, ours first. */
export const peers: readonly Peer[] = [
  onNode('framewire', 'framewire', 'framewire', WITHOUT_BUFFERUTIL),
  onNode('framewire-bufferutil', 'framewire with bufferutil', 'framewire', WITH_BUFFERUTIL, false),
  onNode('ws', 'ws with bufferutil', 'ws', WITH_BUFFERUTIL),
  onNode('ws-no-bufferutil', 'ws without bufferutil', 'ws', WITHOUT_BUFFERUTIL),
  ...[
    serverOnNode('websocket', 'websocket', 'older-drivers'),
    serverOnNode('faye-websocket', 'faye-websocket', 'older-drivers'),
    onNode('net', 'raw node:net', 'net'),
    http,
    bare,
    bun,
    bunPublish,
    deno,
    clientOnNode('undici', 'undici', 'undici'),
    clientOnNode('node', "Node's own client", 'own'),
  ].map(withoutHeartbeat),
];
