// A NATS server for the tests of a file, brokers on it, and what records their calls.
import { connectToNats, type NatsBrokerOptions } from '@framewire/nats';
import { startNats, type Engine } from '@framewire/testing';
import type { Broker } from '@framewire/topics';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

/** A time limit for answers, in ms, that a busy machine keeps. */
export const PATIENCE = 60_000;

export interface Nats {
  /** The server. Present while tests run. */
  readonly engine: Engine;
  /** The options of a client of the server. */
  servers(): { readonly servers: string };
  connect(options?: NatsBrokerOptions): Promise<Broker>;
  /** Returns a broker that is closed when the test ends. */
  broker(options?: NatsBrokerOptions): Promise<Broker>;
}

/**
 * Starts a server before the tests of a group, and ends it after them.
 *
 * @param configuration the lines of its configuration file
 */
export function natsOfTests(configuration = ''): Nats {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats(configuration);
  });
  afterAll(() => engine.stop());
  const servers: Nats['servers'] = () => ({ servers: `127.0.0.1:${engine.port}` });
  const connect: Nats['connect'] = (options) => connectToNats(servers(), { timeout: PATIENCE, ...options });
  return {
    get engine() {
      return engine;
    },
    servers,
    connect,
    async broker(options) {
      const made = await connect(options);
      onTestFinished(() => made.close());
      return made;
    },
  };
}

/** Returns a listener of a broker, and its calls. */
export function watching() {
  const received: string[] = [];
  const changes: string[] = [];
  let resolve = (): void => {};
  const interrupted = new Promise<void>((resolver) => {
    resolve = resolver;
  });
  const listener = {
    message: (topic: string) => void received.push(topic),
    interrupted: () => {
      changes.push('interrupted');
      resolve();
    },
    restored: () => void changes.push('restored'),
  };
  return { listener, received, changes, interrupted };
}
