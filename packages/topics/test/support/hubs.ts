// Brokers of a hub in this process: called directly, and through the ports of channels, as in threads.
import { MessageChannel } from 'node:worker_threads';
import type { Broker } from '@framewire/topics';
import { connectToHub, type TopicHub } from '@framewire/topics/processes';

/** How a broker reaches a hub. */
export type Way = 'directly' | 'through a port';
export const WAYS: readonly Way[] = ['directly', 'through a port'];

export function connect(hub: TopicHub, way: Way): Promise<Broker> {
  if (way === 'directly') return Promise.resolve(hub.broker());
  const { port1, port2 } = new MessageChannel();
  hub.add(port1);
  // The broker's end keeps the process alive.
  port1.unref();
  return connectToHub({ port: port2 });
}
