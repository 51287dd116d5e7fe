// The names of topics in NATS, whose subjects have separators, wildcards and a limit to their length.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

/** The longest name, in characters. A line of the protocol has at most 4096 bytes, and contains more than the subject. */
const MAX_LENGTH = 1000;

/** The name of no topic. Messages that only check whether something works are published to it. */
export const CHECK = '==check';

/**
 * Returns the name of a topic as one token of a subject, different for each topic. ASCII letters, digits, `-` and `_` stay. Other UTF-16
 * code units become `=` and four hexadecimal digits. A name that is too long becomes `==` and its SHA-256.
 */
export function subjectOf(topic: string): string {
  if (topic === '') return '=';
  const subject = topic.replaceAll(/[^\w-]/g, (unit) => {
    return `=${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  if (subject.length <= MAX_LENGTH) return subject;
  return `==${createHash('sha256').update(Buffer.from(topic, 'utf16le')).digest('hex')}`;
}
