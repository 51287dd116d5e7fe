// The results of the codec for a few hundred frames, texts, keys and errors, as one line that is the same in every engine.
/* global TextEncoder */
import * as codec from '@framewire/codec';

const { Opcode } = codec;

// A hash of everything that is recorded, and its length. It only has to show differences between engines.
let noted = 0;
let high = 0x811c9dc5;
let low = 0x1b873593;

function noteByte(byte) {
  noted++;
  high = Math.imul(high ^ byte, 0x01000193);
  low = Math.imul((low << 5) ^ (low >>> 27) ^ byte, 0x85ebca6b);
}

function note(...values) {
  for (const value of values) {
    if (value instanceof Uint8Array) for (const byte of value) noteByte(byte);
    else for (const character of String(value)) noteByte(character.codePointAt(0) & 0xff);
    noteByte(0x2c);
  }
}

let state = 12345;

/** The next number of a sequence that is the same in every engine, at least 0 and below `limit`. */
function next(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

const someBytes = (length) => Uint8Array.from({ length }, () => next(256));
const hex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function same(one, other, what) {
  if (one.length !== other.length || one.some((byte, i) => byte !== other[i]))
    throw new Error(`not the same: ${what}`);
}

function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function cut(bytes, longest) {
  const chunks = [];
  for (let start = 0, end; start < bytes.length; start = end) {
    end = start + 1 + next(longest);
    chunks.push(bytes.slice(start, end));
  }
  return chunks;
}

/** The frames and messages of the chunks, or the error, as a list to record. */
function read(role, chunks, limits = {}) {
  const decoder = new codec.FrameDecoder({ role, allowRsv1: true, ...limits });
  const assembler = new codec.MessageAssembler(limits);
  const found = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let frame; (frame = decoder.next());) {
        if (codec.isControl(frame.opcode)) found.push(frame.opcode, frame.payload.slice());
        else {
          const message = assembler.add(frame);
          if (message) found.push(message.opcode, message.compressed, message.data.slice());
        }
      }
      if (decoder.partial) assembler.preview(decoder.partial);
    }
  } catch (error) {
    if (!codec.isProtocolError(error)) throw error;
    found.push(error.name, error.code, error.closeCode, error.message);
  }
  return found;
}

function readWholeAndCut(role, bytes, limits) {
  const whole = read(role, [bytes.slice()], limits);
  for (const longest of [1, 7, 100_000]) {
    const found = read(role, cut(bytes, longest), limits);
    if (found.join() !== whole.join())
      throw new Error(`not the same when cut: ${found.join()} ${whole.join()}`);
  }
  note(...whole);
}

const LENGTHS = [
  0, 1, 2, 3, 20, 31, 32, 33, 95, 96, 97, 125, 126, 127, 300, 1023, 1024, 1025, 4096, 65535, 65536, 65537,
];

function tryFrames() {
  for (const role of ['server', 'client']) {
    for (let round = 0; round < 12; round++) {
      const frames = LENGTHS.filter((length) => round === 0 || length < 2000).flatMap((length) => {
        const maskingKey = role === 'server' ? next(2 ** 32) | 0 : undefined;
        const message = {
          opcode: Opcode.BINARY,
          rsv1: next(4) === 0,
          payload: someBytes(length),
          maskingKey,
        };
        const ping = { opcode: Opcode.PING, payload: someBytes(next(126)), maskingKey };
        if (next(2) === 0) return [message];
        const rest = { opcode: Opcode.CONTINUATION, payload: someBytes(next(50)), maskingKey };
        return [{ ...message, fin: false }, ping, rest];
      });
      const bytes = concat(frames.map((frame) => codec.encodeFrame(frame)));
      note(bytes);
      readWholeAndCut(role, bytes);
    }
  }
}

function tryTexts() {
  const alphabet = ['a', 'é', '€', '😀', '\u{10ffff}', '\ud83d', '\ude00', '\u0000', 'plain text '];
  for (let length = 0; length < 140; length++) {
    const text = Array.from({ length }, () => alphabet[next(length % 3 === 0 ? 1 : alphabet.length)]).join(
      '',
    );
    const maskingKey = next(2) === 0 ? undefined : next(2 ** 32) | 0;
    const offset = next(9);
    const target = new Uint8Array(offset + codec.maxTextFrameSize(text.length));
    const end = codec.writeTextFrame(
      target,
      offset,
      codec.firstByte(Opcode.TEXT, true, false),
      text,
      maskingKey,
    );
    const payload = new TextEncoder().encode(text);
    const frame = target.subarray(offset, end);
    same(frame, codec.encodeFrame({ opcode: Opcode.TEXT, payload, maskingKey }), text);
    note(frame);
    readWholeAndCut(maskingKey === undefined ? 'client' : 'server', frame);
  }
}

function tryMasks() {
  for (let length = 0; length <= 300; length += 3) {
    for (let offset = 0; offset < 9; offset++) {
      const key = next(2 ** 32) | 0;
      const bytes = someBytes(offset + length + 3);
      const octets = new Uint8Array(4);
      codec.writeMaskingKey(octets, 0, key);
      const naive = bytes.map((byte, i) =>
        i < offset || i >= offset + length ? byte : byte ^ octets[(i - offset) & 3],
      );
      const copied = bytes.slice();
      codec.copyMasked(bytes.slice(), offset, offset + length, copied, offset, key);
      codec.applyMask(bytes, offset, offset + length, key);
      same(bytes, naive, `mask of ${length} at ${offset}`);
      same(copied, naive, `copied mask of ${length} at ${offset}`);
      note(bytes);
    }
  }
  const keys = Array.from({ length: 3000 }, () => codec.randomMaskingKey());
  if (new Set(keys).size < 2990 || keys.some((key) => key !== (key | 0)))
    throw new Error('keys are not random');
}

function tryUtf8() {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second += 5) note(codec.isUtf8(Uint8Array.of(first, second)));
  }
  const characters = [
    '61',
    'c3a4',
    'e282ac',
    'f09f9880',
    'ed9fbf',
    'eda080',
    'e0a080',
    'f48fbfbf',
    'f4908080',
    'ff',
    'e2',
  ];
  for (let round = 0; round < 400; round++) {
    const few = next(30) === 0 ? characters.length : 5;
    const bytes = concat(Array.from({ length: next(60) }, () => hex(characters[next(few)])));
    const validator = new codec.Utf8Validator();
    const accepted = cut(bytes, 1 + next(50)).every((chunk) => validator.push(chunk, 0, chunk.length));
    const valid = codec.isUtf8(bytes);
    if (valid !== (accepted && validator.atBoundary)) throw new Error('UTF-8 is not the same when cut');
    note(valid, bytes);
  }
}

function tryErrors() {
  const wires = [
    'a100', '9100', 'c000', 'c900', '8300', '8b00', '0900', '897e007e', '880103', '827f0020000000000000',
    '827f8000000000000000', '827fffffffffffffffff', '8203aabbcc', '8103e282', '8102c328', '0101618101',
    '8000', '010161', '01016100016200016380016480', '8802ffff', '0102e282890080', '827f0000000040000000aa',
  ]; // prettier-ignore
  for (const role of ['server', 'client']) {
    for (const wire of wires) {
      readWholeAndCut(role, hex(wire), { maxPayload: 2, maxFragments: 3 });
      readWholeAndCut(
        role,
        hex(
          wire.replace(
            /^(..)(..)/,
            (_, first, second) => first + (Number.parseInt(second, 16) | 0x80).toString(16),
          ),
        ),
      );
    }
  }
  for (let code = 0; code < 6000; code += 1 + next(30)) note(codec.isValidCloseCode(code));
  for (const reason of ['', 'going', '€'.repeat(41), '\ud83d']) note(codec.formatClosePayload(3000, reason));
  for (const payload of ['', '03', '03e8', '03ed', '03e86f6b', '03e8ff']) {
    try {
      const { code, reason } = codec.parseClosePayload(hex(payload));
      note(code, reason);
    } catch (error) {
      note(error.name, error.code, error.closeCode);
    }
  }
}

tryFrames();
tryTexts();
tryMasks();
tryUtf8();
tryErrors();

const bytes = codec.encodeFrame({ opcode: Opcode.PING });
const digest = [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
// eslint-disable-next-line no-console -- the script prints this line
console.log(`codec ${digest} of ${noted}, bytes as ${bytes.constructor.name}`);
