// The course of a run: the peers of a scenario take turns within each round, each in a new process that reports its cost.
import { Child, type Command } from './child.ts';
import type { Peer } from './peers.ts';
import { findCores, type Cores } from './pinning.ts';
import type { LoadReport, Scenario } from './plan.ts';
import { profileFlags } from './profile.ts';
import type { Sample, ScenarioResult, Skipped } from './results.ts';
import { loadCommand } from './scripts.ts';

/** The length and number of turns. */
export interface Settings {
  readonly rounds: number;
  /** How long a turn is measured, in ms. */
  readonly milliseconds: number;
  /** How long each warm-up takes, in ms. There are at least two before a turn is measured. */
  readonly warmUp: number;
  /** The Node that servers and clients run on. Default: this one. */
  readonly node?: string | undefined;
  /** The folder for the profiles of servers and clients on Node. Default: there are none. */
  readonly profile?: string | undefined;
}

/** The progress: which scenario, round and peer. */
export type Progress = (scenario: Scenario, round: number, peer: string) => void;

/** A peer's process, for one turn. */
interface Runner {
  readonly command: Command;
  readonly child: Child;
  readonly port: number;
  readonly runtime: string;
}

/** What has been measured of a peer in a scenario so far. */
interface Measured {
  readonly samples: Sample[];
  runtime: string;
}

/** What has been measured in a scenario so far. */
interface Course {
  readonly scenario: Scenario;
  /** The peers that take part, without those that have failed. */
  readonly participants: Map<Peer, Measured>;
  readonly skipped: Skipped[];
}

/** How many collections of garbage there were: of the young generation, and of the whole heap. */
interface Collections {
  readonly minor: number;
  readonly major: number;
}

/** The memory of a server, in bytes after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
}

/** The largest number of warm-ups. */
const MOST_WARM_UPS = 6;
/** The CPU time that a process must have used before it is measured, as a fraction of the length of one warm-up. */
const WARM = 0.8;
/** If a message still costs this fraction of its cost in the warm-up before, more warm-ups do not make it cheaper. */
const STEADY = 0.9;
/** How many intervals of the heartbeat pass before the measurement, and during it. */
const FIRST_BEATS = 3;
const BEATS = 5;
/** How many connections open and close before the memory of a server without connections is measured. */
const FIRST_CONNECTIONS = 200;

/** Measures groups of scenarios, one after the other, with one load generator. */
export class Bench {
  readonly #load: Child;
  readonly #cores: Cores;
  readonly #settings: Settings;
  readonly #progress: Progress;

  /** Starts the load generator. */
  static async start(settings: Settings, progress: Progress = () => undefined): Promise<Bench> {
    const cores = findCores();
    const { child } = await Child.start(loadCommand(cores.load));
    return new Bench(child, cores, settings, progress);
  }

  private constructor(load: Child, cores: Cores, settings: Settings, progress: Progress) {
    this.#load = load;
    this.#cores = cores;
    this.#settings = settings;
    this.#progress = progress;
  }

  /** Ends the load generator. */
  stop(): Promise<void> {
    return this.#load.stop();
  }

  /**
   * Measures a group of scenarios: all rounds of all peers that take part. A peer runs the scenarios one after the other, so that its
   * figures can be compared although the speed of the machine changes.
   *
   * @returns a result for each scenario
   */
  async measure(group: readonly Scenario[], peers: readonly Peer[]): Promise<ScenarioResult[]> {
    const courses = group.map((scenario): Course => {
      const participants = new Map(
        peers.map((peer): [Peer, Measured] => [peer, { samples: [], runtime: '' }]),
      );
      return { scenario, participants, skipped: [] };
    });
    for (let round = 0; round < this.#settings.rounds; round++) {
      // The order changes, so that no peer is always first.
      for (const peer of rotated(peers, round)) {
        for (const course of courses) await this.#tryTurn(course, peer, round);
      }
    }
    return courses.map(({ scenario, participants, skipped }) => ({
      scenario: scenario.name,
      results: [...participants].map(([{ name }, { runtime, samples }]) => ({
        peer: name,
        runtime,
        samples,
      })),
      skipped,
    }));
  }

  /** Gives a peer its turn if it takes part in the scenario and has not failed. */
  async #tryTurn({ scenario, participants, skipped }: Course, peer: Peer, round: number): Promise<void> {
    const measured = participants.get(peer);
    if (!measured) return;
    this.#progress(scenario, round + 1, peer.title);
    try {
      if (!(await this.#takeTurn(scenario, peer, measured))) participants.delete(peer);
    } catch (error) {
      // Without the load generator, no peer can be measured.
      if (this.#load.gone) throw this.#load.gone;
      skipped.push({ peer: peer.name, reason: (error as Error).message });
      participants.delete(peer);
    }
  }

  /**
   * Measures in a process of its own, because processes of the same program differ more than turns of one process.
   *
   * @returns false if the peer does not take part in the scenario
   */
  async #takeTurn(scenario: Scenario, peer: Peer, measured: Measured): Promise<boolean> {
    const sinkPort = scenario.kind === 'client' ? await this.#load.call('listen', scenario) : undefined;
    try {
      const command = await peer.command(scenario, await taskOf(scenario, sinkPort));
      if (!command) return false;
      const runner = await this.#start(this.#observed(command, scenario, peer));
      try {
        measured.samples.push(await this.#turn(scenario, runner));
        measured.runtime = runner.runtime;
      } finally {
        await this.#end(runner);
      }
    } finally {
      if (sinkPort !== undefined) await this.#load.call('unlisten');
    }
    return true;
  }

  /** The command, on Node with the flags for a profile if there is a folder for it. */
  #observed(command: Command, scenario: Scenario, peer: Peer): Command {
    const { profile } = this.#settings;
    if (profile === undefined || command.onNode !== true) return command;
    return { ...command, args: [...profileFlags(profile, scenario.name, peer.name), ...command.args] };
  }

  /** Ends a process. Node writes a profile only if the process ends by itself. */
  #end({ child }: Runner): Promise<void> {
    return this.#settings.profile === undefined ? child.stop() : child.finish();
  }

  async #start(command: Command): Promise<Runner> {
    const { node = process.execPath } = this.#settings;
    const program = command.onNode ? node : command.program;
    const { child, ready } = await Child.start({ ...command, program, core: this.#cores.measured });
    return { command, child, ...(ready as Pick<Runner, 'port' | 'runtime'>) };
  }

  #turn(scenario: Scenario, runner: Runner): Promise<Sample> {
    if (scenario.kind === 'idle') return this.#idleTurn(scenario, runner);
    if (scenario.kind === 'client')
      return this.#busyTurn(scenario, runner, (ms) => runner.child.call('run', ms));
    return this.#serverTurn(scenario, runner);
  }

  async #serverTurn(scenario: Scenario, runner: Runner): Promise<Sample> {
    await this.#load.call('open', { scenario, port: runner.port });
    try {
      return await this.#busyTurn(scenario, runner, (ms) => this.#load.call('run', ms));
    } finally {
      await this.#load.call('close');
    }
  }

  /** Reads the CPU time before the first message and after the last reply, with nothing else in between. */
  async #busyTurn(
    scenario: Scenario,
    runner: Runner,
    run: (milliseconds: number) => Promise<unknown>,
  ): Promise<Sample> {
    // The counts of other engines have another meaning.
    const onNode = runner.command.onNode === true;
    const watched = scenario.watchLoop === true && onNode;
    await this.#warmUp(scenario, runner, run);
    if (watched) await runner.child.call('watch');
    const before = await cpuOf(runner);
    const report = (await run(this.#settings.milliseconds)) as LoadReport;
    const cpu = (await cpuOf(runner)) - before;
    const { messages, seconds, ...ofReplies } = report;
    const held = watched ? { held: (await runner.child.call('held')) as number } : {};
    const collections = onNode ? await this.#countCollections(runner, run) : {};
    return { cpu: cpu / messages, rate: messages / seconds, ...held, ...collections, ...ofReplies };
  }

  /** Counts collections of garbage in a second run, because counting slows short messages down. */
  async #countCollections(
    runner: Runner,
    run: (milliseconds: number) => Promise<unknown>,
  ): Promise<Collections> {
    await runner.child.call('countCollections');
    const { messages } = (await run(this.#settings.milliseconds / 2)) as LoadReport;
    const { minor, major } = (await runner.child.call('collections')) as Collections;
    const perMillion = (count: number): number => (count * 1e6) / messages;
    return { minor: perMillion(minor), major: perMillion(major) };
  }

  /**
   * A process is warm when it has worked for long enough and its messages do not become cheaper. Next to other programs, it may get only a
   * part of the CPU time. Then code that is not compiled yet would be measured.
   */
  async #warmUp(
    { warmUps = 1 }: Scenario,
    runner: Runner,
    run: (milliseconds: number) => Promise<unknown>,
  ): Promise<void> {
    const warmUp = this.#settings.warmUp * warmUps;
    let worked = 0;
    let cost = Infinity;
    for (let i = 0; i < MOST_WARM_UPS; i++) {
      const before = await cpuOf(runner);
      const { messages } = (await run(warmUp)) as LoadReport;
      const cpu = (await cpuOf(runner)) - before;
      worked += cpu / 1000;
      const isSteady = cpu / messages > cost * STEADY;
      cost = cpu / messages;
      if (isSteady && worked >= warmUp * WARM) return;
    }
  }

  /** The memory that connections add to a server that has had some before. Each has exchanged one message. */
  async #idleTurn(scenario: Scenario, runner: Runner): Promise<Sample> {
    const first = { ...scenario, connections: Math.min(FIRST_CONNECTIONS, scenario.connections) };
    const memory = async (): Promise<Memory> => (await runner.child.call('memory')) as Memory;
    await this.#exchangeOne(first, runner, () => undefined);
    const before = await memory();
    const { after, beats } = await this.#exchangeOne(scenario, runner, async () => ({
      after: await memory(),
      beats: await this.#beats(scenario, runner),
    }));
    const each = (name: keyof Memory): number => (after[name] - before[name]) / scenario.connections / 1024;
    // Other engines count their heap in other ways, but resident memory can be compared.
    if (runner.command.onNode !== true) return { rss: each('rss') };
    return { ...beats, heap: each('heap'), rss: each('rss'), external: each('external') };
  }

  /** The cost of a ping with its pong. */
  async #beats({ heartbeat }: Scenario, runner: Runner): Promise<Sample> {
    if (heartbeat === undefined) return {};
    const beat = async (times: number): Promise<LoadReport> =>
      (await this.#load.call('answer', heartbeat * times)) as LoadReport;
    await beat(FIRST_BEATS);
    const before = await cpuOf(runner);
    const { messages } = await beat(BEATS);
    return { cpu: ((await cpuOf(runner)) - before) / messages };
  }

  /** Opens connections that exchange one message each, and calls `look` before they close. */
  async #exchangeOne<T>(scenario: Scenario, { port }: Runner, look: () => T): Promise<Awaited<T>> {
    await this.#load.call('open', { scenario, port });
    try {
      await this.#load.call('run', 0);
      return await look();
    } finally {
      await this.#load.call('close');
    }
  }
}

/** The task for a peer's process. */
async function taskOf(scenario: Scenario, sinkPort: unknown): Promise<Record<string, unknown>> {
  const { kind, size, burst, compression, guarded, heartbeat, prepared, topics } = scenario;
  if (kind === 'client') return { url: `ws://127.0.0.1:${String(sinkPort)}`, size, count: burst };
  return {
    behaviour: kind === 'push' || kind === 'broadcast' ? kind : 'echo',
    upgrades: kind === 'upgrade',
    size,
    count: burst,
    compression,
    guarded,
    heartbeat,
    prepared,
    topics,
    tls: scenario.tls ? await (await import('@framewire/testing')).testCertificate() : undefined,
  };
}

async function cpuOf({ child }: Runner): Promise<number> {
  return (await child.call('cpu')) as number;
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
