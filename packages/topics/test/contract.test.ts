// Runs the broker contract for the brokers of the hub, and for one that can be interrupted.
import { describe, test } from 'vitest';
import { brokerContract } from '@framewire/topics/contract';
import { TopicHub } from '@framewire/topics/processes';
import { BreakableEngine } from './support/breakable-broker.ts';
import { connect, WAYS } from './support/hubs.ts';

const HISTORY = { messages: 50 };

describe.each(WAYS)('A broker that reaches the hub %s', (way) => {
  describe.each([
    ['without history', false],
    ['with history', HISTORY],
    ['with a history that does not expire', { ...HISTORY, milliseconds: Infinity }],
  ])('%s', (_how, history) => {
    const hub = new TopicHub({ history });
    const { hasHistory } = hub;
    const harness = { connect: () => connect(hub, way), hasHistory, overflow: 2 * HISTORY.messages };
    for (const { title, run } of brokerContract(harness)) test(title, run);
  });
});

describe('A broker that can be interrupted', () => {
  const hub = new TopicHub({ history: true });
  const engine = new BreakableEngine(() => connect(hub, 'through a port'));
  const harness = {
    connect: () => engine.connect(),
    interrupt: () => engine.interrupt(),
    restore: () => engine.restore(),
    hasHistory: true,
  };
  for (const { title, run } of brokerContract(harness)) test(title, run);
});
