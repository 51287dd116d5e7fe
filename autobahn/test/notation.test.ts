import { describe, expect, test } from 'vitest';
import { readEnd, readLog, readPayload, readSteps, readWrite } from '../src/notation.ts';

describe('the notation of payloads', () => {
  test.each([
    ['∅', ''],
    ['x00ff', '00ff'],
    ['2a×3', '2a2a2a'],
    ['CB~7', '00fe23faf000fe'],
    ['F1F2', '667261676d656e7431667261676d656e7432'],
    ['`a b`', '612062'],
  ])('reads %s', (text, hex) => {
    expect(readPayload(text).toString('hex')).toBe(hex);
  });

  test.each(['', 'x0', 'nobody', 'F9', '2a*3'])('refuses "%s"', (text) => {
    expect(() => readPayload(text)).toThrow(SyntaxError);
  });

  test('cuts U1 between two characters', () => {
    expect(readPayload('U1aU1b')).toEqual(readPayload('U1'));
  });
});

describe('the notation of steps', () => {
  test('reads frames with their reserved bits', () => {
    expect(readSteps('1.0 F1; 8.1 r7 ∅')).toEqual([
      { do: 'frame', opcode: 1, fin: false, rsv: 0, payload: Buffer.from('fragment1') },
      { do: 'frame', opcode: 8, fin: true, rsv: 7, payload: Buffer.alloc(0) },
    ]);
  });

  test('reads close steps with the octets of their body', () => {
    const bodies = readSteps('close(); close(1000); close(1000, HX); close body x61').map((step) =>
      step.do === 'close' ? step.body.toString('hex') : step.do,
    );
    expect(bodies).toEqual(['', '03e8', '03e848656c6c6f20576f726c6421', '61']);
  });

  test('reads pauses and timers', () => {
    expect(readSteps('wait 1 A; wait 1; kill 0.5; end 2')).toEqual([
      { do: 'wait', seconds: 1, tag: 'A' },
      { do: 'wait', seconds: 1, tag: null },
      { do: 'kill', seconds: 0.5 },
      { do: 'end', seconds: 2 },
    ]);
  });

  test('refuses a text that is not a step', () => {
    expect(() => readSteps('jump 3')).toThrow('not a step: jump 3');
    expect(() => readSteps('close(x)')).toThrow('not a close step: close(x)');
  });
});

test('a log is read event by event', () => {
  expect(readLog('pong PP; text ∅; bin x01; timeout A')).toEqual([
    { kind: 'pong', payload: Buffer.from('ping payload') },
    { kind: 'text', payload: Buffer.alloc(0) },
    { kind: 'binary', payload: Buffer.from([1]) },
    { kind: 'timeout', tag: 'A' },
  ]);
  expect(() => readLog('song HX')).toThrow(SyntaxError);
});

test('an end rule is read with its codes and marks', () => {
  expect(readEnd('F 1000,1001 clean +')).toEqual({
    by: 'F',
    codes: [1000, 1001],
    clean: true,
    wrongEndFails: false,
    wrongCodeFails: true,
  });
  expect(readEnd('P 1007 !')).toMatchObject({ by: 'P', clean: false, wrongEndFails: true });
  expect(() => readEnd('Q 1000')).toThrow(SyntaxError);
});

test('a way of writing is read', () => {
  expect([readWrite('plain'), readWrite('sync'), readWrite('chop 997')]).toEqual([
    'plain',
    'sync',
    { chop: 997 },
  ]);
  expect(() => readWrite('slowly')).toThrow(SyntaxError);
});
