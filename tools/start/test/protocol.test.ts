/** What the server accepts from a client, row by row. */

import { describe, expect, it } from 'vitest';
import { LIMITS, parseClientMessage } from '../src/protocol.ts';

const parse = (message: unknown) => parseClientMessage(JSON.stringify(message));

describe('A client message is accepted', () => {
  it.each([
    [
      { type: 'join', name: 'Ada' },
      { type: 'join', name: 'Ada' },
    ],
    [
      { type: 'join', name: '  Ada \n Lovelace ' },
      { type: 'join', name: 'Ada Lovelace' },
    ],
    [
      { type: 'join', name: 'Zoe\u0308' },
      { type: 'join', name: 'Zo\u00eb' },
    ],
    [
      { type: 'join', name: '👩‍🚀' },
      { type: 'join', name: '👩‍🚀' },
    ],
    [
      { type: 'join', name: 'x'.repeat(LIMITS.name) },
      { type: 'join', name: 'x'.repeat(LIMITS.name) },
    ],
    [{ type: 'leave' }, { type: 'leave' }],
    [
      { type: 'say', text: ' a\r\nb\tc ' },
      { type: 'say', text: 'a\nb\tc' },
    ],
    [
      { type: 'say', text: '<b>bold</b>' },
      { type: 'say', text: '<b>bold</b>' },
    ],
    [
      { type: 'say', text: 'x'.repeat(LIMITS.text) },
      { type: 'say', text: 'x'.repeat(LIMITS.text) },
    ],
    [
      { type: 'open', room: ' The  Kitchen ' },
      { type: 'open', room: 'the kitchen' },
    ],
    [
      { type: 'open', room: 'lobby', extra: 'dropped' },
      { type: 'open', room: 'lobby' },
    ],
  ])('%j is read as %j', (given, expected) => {
    expect(parse(given)).toEqual({ ok: true, message: expected });
  });
});

describe('A client message is refused', () => {
  it.each([
    ['not JSON', '{', 'not-json', null],
    ['an empty text', '', 'not-json', null],
    ['null', 'null', 'not-json', null],
    ['an array', '[{"type":"leave"}]', 'not-json', null],
    ['no type', '{}', 'unknown-type', null],
    ['a type that is a property of every object', '{"type":"constructor"}', 'unknown-type', null],
    ['a type that is not a string', '{"type":["leave"]}', 'unknown-type', null],
    ['a type of the server', '{"type":"welcome","you":1,"name":"x"}', 'unknown-type', null],
    ['a join without a name', '{"type":"join"}', 'bad-field', 'join'],
    ['a name that is a number', '{"type":"join","name":1}', 'bad-field', 'join'],
    ['an empty name', '{"type":"join","name":""}', 'bad-name', 'join'],
    ['a name of spaces', '{"type":"join","name":" \\t\\u00a0\\u3000"}', 'bad-name', 'join'],
    ['a name of only zero-width joiners', '{"type":"join","name":"\\u200d\\u200d"}', 'bad-name', 'join'],
    ['a name that is too long', `{"type":"join","name":"${'x'.repeat(25)}"}`, 'bad-name', 'join'],
    ['a name with a bidirectional override', '{"type":"join","name":"a\\u202eb"}', 'bad-name', 'join'],
    ['a name with a NUL', '{"type":"join","name":"a\\u0000b"}', 'bad-name', 'join'],
    ['a name with half a surrogate pair', '{"type":"join","name":"a\\ud83d"}', 'bad-name', 'join'],
    ['a say without a text', '{"type":"say"}', 'bad-field', 'say'],
    ['a blank text', '{"type":"say","text":" \\n\\t "}', 'bad-text', 'say'],
    ['a text that is too long', `{"type":"say","text":"${'x'.repeat(501)}"}`, 'bad-text', 'say'],
    ['a text of too many lines', `{"type":"say","text":"${'x\\n'.repeat(20)}x"}`, 'bad-text', 'say'],
    ['a text with an escape character', '{"type":"say","text":"\\u001b[2J"}', 'bad-text', 'say'],
    ['a text with half a surrogate pair', '{"type":"say","text":"\\udc4b"}', 'bad-text', 'say'],
    ['an open without a room', '{"type":"open"}', 'bad-field', 'open'],
    ['an empty room', '{"type":"open","room":""}', 'bad-name', 'open'],
    ['a room with a name that is too long', `{"type":"open","room":"${'x'.repeat(25)}"}`, 'bad-name', 'open'],
  ])('%s', (_title, json, code, of) => {
    const parsed = parseClientMessage(json);
    expect(parsed).toMatchObject({ ok: false, refusal: { type: 'error', code, of } });
  });
});
