// What topics are called in Redis, whose names are bytes.
import { Buffer } from 'node:buffer';

/** Half of a pair. UTF-8 has no bytes for it, so the client of Redis would send those of U+FFFD, for every one of them. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether UTF-8 keeps a name as it is. */
export function isWellFormed(name: string): boolean {
  return !LONE_SURROGATE.test(name);
}

/**
 * How the names of the channel and the keys of a topic end, different for each topic: `:` and the topic, or where UTF-8 does not keep
 * that, `=` and its UTF-16 code units in hexadecimal, little-endian.
 */
export function endingOf(topic: string): string {
  return isWellFormed(topic) ? `:${topic}` : `=${Buffer.from(topic, 'utf16le').toString('hex')}`;
}

/** The topic of which {@link endingOf} has made this. */
export function topicOf(ending: string): string {
  const rest = ending.slice(1);
  return ending.startsWith('=') ? Buffer.from(rest, 'hex').toString('utf16le') : rest;
}
