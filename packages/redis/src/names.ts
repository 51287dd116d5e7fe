// The names of topics in Redis, which are bytes.
import { Buffer } from 'node:buffer';

/** A lone surrogate. UTF-8 has no bytes for it, so the client of Redis would send U+FFFD instead. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What precedes the ending of a name. A topic that contains it could be a part of the prefix of another broker. */
const KIND = /(?:messages|positions?|stream)[:=]/;

/** Whether UTF-8 can represent a name. */
export function isWellFormed(name: string): boolean {
  return !LONE_SURROGATE.test(name);
}

/**
 * The end of the names of the channel and the keys of a topic, different for each topic. It is `:` and the topic. If UTF-8 cannot
 * represent the topic, or if it contains {@link KIND}, it is `=` and its UTF-16 code units in hexadecimal, little-endian. So the last
 * {@link KIND} of a name is the end of the prefix, and brokers with different prefixes never use the same name.
 */
export function endingOf(topic: string): string {
  return isWellFormed(topic) && !KIND.test(topic)
    ? `:${topic}`
    : `=${Buffer.from(topic, 'utf16le').toString('hex')}`;
}

/** Returns the topic of an ending that {@link endingOf} made. */
export function topicOf(ending: string): string {
  const rest = ending.slice(1);
  return ending.startsWith('=') ? Buffer.from(rest, 'hex').toString('utf16le') : rest;
}
