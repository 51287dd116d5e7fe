// The data: scenarios, peers and targets match each other.
import { expect, test } from 'vitest';
import { writesOf } from '../src/load/exchange.ts';
import { prepareMessages } from '../src/load/frames.ts';
import { decodeMessage, frameLength, MessageCounter, pongTo } from '../src/load/replies.ts';
import { peers } from '../src/peers.ts';
import type { RunResult } from '../src/results.ts';
import { scenarios } from '../src/scenarios.ts';
import { groupsOf, judge, targets } from '../src/targets.ts';

const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);

test('no two scenarios and no two peers have the same name', () => {
  for (const list of [names(scenarios), names(peers)]) expect(new Set(list).size).toBe(list.length);
});

test('every target refers to a scenario and a peer that exist', () => {
  for (const { scenario, other = scenario, peer = 'framewire' } of targets) {
    expect(names(scenarios)).toEqual(expect.arrayContaining([scenario, other]));
    expect(names(peers)).toContain(peer);
  }
});

test('a scenario whose target is the longest time that the event loop is held measures it', () => {
  const held = targets.filter(({ metric }) => metric === 'held').map(({ scenario }) => scenario);
  expect(new Set(held)).toEqual(new Set(['deflate-64k', 'deflate-1m']));
  for (const { name, watchLoop } of scenarios) if (held.includes(name)) expect(watchLoop).toBe(true);
});

test('the first prepared message of each smaller scenario decodes to its payload, which has the size of the scenario', () => {
  for (const scenario of scenarios.filter(({ size }) => size > 0 && size <= 16 * 1024)) {
    const [first] = prepareMessages(scenario);
    expect(first?.payload.length).toBe(scenario.size);
    expect(decodeMessage(first!.wire).equals(first!.payload)).toBe(true);
  }
});

test('messages are counted wherever the stream is cut', () => {
  const fragmented = scenarios.find(({ name }) => name === 'echo-fragmented')!;
  const wire = Buffer.concat(
    prepareMessages(fragmented)
      .slice(0, 3)
      .map((message) => message.wire),
  );
  for (const step of [1, 2, 7, 500, wire.length]) {
    const counter = new MessageCounter();
    let messages = 0;
    for (let at = 0; at < wire.length; at += step) messages += counter.push(wire.subarray(at, at + step));
    expect(messages).toBe(3);
  }
});

test('empty messages are counted, control frames are not', () => {
  // A ping with 2 bytes, an empty text, a masked empty binary.
  expect(new MessageCounter().push(Buffer.from('890268698100828000000000', 'hex'))).toBe(2);
});

test('a pong has the payload of its ping, and other frames have no pong', () => {
  const bytes = Buffer.from('81016189026869', 'hex');
  expect(frameLength(bytes)).toBe(3);
  expect(pongTo(bytes.subarray(0, 3))).toBeUndefined();
  expect(frameLength(bytes.subarray(3))).toBe(4);
  expect(pongTo(bytes.subarray(3))?.toString('hex')).toBe('8a82000000006869');
  expect(frameLength(Buffer.from('81', 'hex'))).toBe(Infinity);
  expect(frameLength(Buffer.from('817e01', 'hex'))).toBe(Infinity);
});

/** A run of the scenario `echo-64x1` with these figures. */
function runWith(cpu: Record<string, number[]>): RunResult {
  const results = Object.entries(cpu).map(([peer, values]) => ({
    ...{ peer, runtime: '' },
    samples: values.map((value) => ({ cpu: value })),
  }));
  return {
    machine: {},
    rounds: 3,
    quick: true,
    scenarios: [{ scenario: 'echo-64x1', results, skipped: [] }],
  };
}

test('the median of the rounds decides whether a target is met or missed', () => {
  const list = [
    { scenario: 'echo-64x1', metric: 'cpu', peer: 'ws', bound: { gain: 1.12 } },
    { scenario: 'echo-64x1', metric: 'cpu', peer: 'net', bound: { share: 1 } },
    { scenario: 'echo-64x1', metric: 'cpu', peer: 'net', bound: { excess: 2 } },
    { scenario: 'echo-64x1', metric: 'cpu', bound: { value: 10 } },
    { scenario: 'upgrade', metric: 'cpu', peer: 'ws', bound: { gain: 1 } },
  ] as const;
  const run = runWith({ framewire: [9, 18, 10], ws: [11, 22, 12], net: [8, 16, 8] });
  expect(judge(run, list).map(({ measured, verdict }) => [measured?.median.toFixed(2), verdict])).toEqual([
    ['1.22', 'met'],
    ['1.13', 'missed'],
    ['2.00', 'met'],
    ['10.00', 'met'],
  ]);
});

test.each([
  [{ gain: 2 }, [20, 30, 40], 'met', false],
  [{ gain: 2 }, [19, 30, 40], 'met', true],
  [{ gain: 2 }, [10, 10, 20], 'missed', true],
  [{ gain: 2 }, [10, 10, 19], 'missed', false],
  [{ share: 0.5 }, [19, 30, 40], 'met', true],
  [{ excess: -10 }, [19, 30, 40], 'met', true],
  [{ excess: -9 }, [19, 30, 40], 'met', false],
  [{ value: 10 }, [1, 1, 1], 'met', false],
] as const)(
  'compared with 10, 10 and 10, %j of %j is %s, within the noise: %s',
  (bound, ws, verdict, withinNoise) => {
    const list = [{ scenario: 'echo-64x1', metric: 'cpu', peer: 'ws', bound }] as const;
    const run = runWith({ framewire: [10, 10, 10], ws: [...ws] });
    expect(judge(run, list)).toEqual([expect.objectContaining({ verdict, withinNoise })]);
  },
);

test('a verdict on one round is marked as such, even on a difference between two scenarios', () => {
  const list = [
    { scenario: 'echo-64x1', metric: 'cpu', peer: 'ws', bound: { gain: 1.5 } },
    { scenario: 'echo-64x1', metric: 'cpu', peer: 'ws', bound: { excess: -10 } },
  ] as const;
  const judged = (ours: number[], theirs: number[]): unknown[] =>
    judge(runWith({ framewire: ours, ws: theirs }), list).map(({ verdict, withinNoise, ofOneRound }) => [
      ...[verdict, withinNoise, ofOneRound],
    ]);
  expect(judged([10], [20])).toEqual([
    ['met', false, true],
    ['met', false, true],
  ]);
  expect(judged([10, 10], [20, 20])).toEqual([
    ['met', false, false],
    ['met', false, false],
  ]);
});

test('scenarios that a target compares are measured together, the one that others are compared with first', () => {
  const names = groupsOf(scenarios).map((group) => group.map(({ name }) => name));
  expect(names.filter(({ length }) => length > 1)).toEqual([
    ['echo-64x16', 'echo-64x16-guarded'],
    ['echo-1m', 'deflate-1m'],
    ['scale-1k', 'scale-10k', 'scale-19k'],
    ['broadcast-x10', 'broadcast-x10-guarded'],
    ['broadcast-16k', 'broadcast-deaf'],
    ['idle', 'idle-deflate', 'heartbeat'],
  ]);
  expect(names.flat()).toHaveLength(scenarios.length);
});

test('a scenario that is selected without its group is measured alone, or first in the order of the selection', () => {
  const named = (...names: string[]) => names.map((name) => scenarios.find((each) => each.name === name)!);
  expect(groupsOf(named('deflate-1m'))).toEqual([named('deflate-1m')]);
  expect(groupsOf(named('broadcast-deaf', 'broadcast-16k'))).toEqual([
    named('broadcast-deaf', 'broadcast-16k'),
  ]);
});

test('a target is not measured if the scenario that it compares with was not run', () => {
  const results = [{ peer: 'framewire', runtime: '', samples: [{ cpu: 1, held: 1, heap: 1 }] }];
  for (const { scenario, other } of targets) {
    if (other === undefined) continue;
    const run = { ...runWith({}), scenarios: [{ scenario, results, skipped: [] }] };
    const verdicts = judge(run).filter(({ target }) => target.other !== undefined);
    expect(verdicts.length).toBeGreaterThan(0);
    for (const { verdict } of verdicts) expect(verdict).toBe('not measured');
  }
});

test('a target whose peer is missing is not measured', () => {
  const verdicts = judge(runWith({ framewire: [10] }));
  expect(verdicts.length).toBeGreaterThan(0);
  expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
});

test('writes of several messages contain all messages in order, and repeat none before all were sent', () => {
  const wires = ['a', 'b', 'c', 'd', 'e'].map((text) => Buffer.from(text));
  expect(writesOf(wires, 2).map(String)).toEqual(['ab', 'cd', 'ea']);
  expect(writesOf(wires, 1).map(String)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(writesOf(wires.slice(0, 1), 3).map(String)).toEqual(['aaa']);
});
