// Whether a subscriber has received what a publisher has published to a topic.

/**
 * What is wrong with the numbers of the messages that have come, in the order in which they have: each message that was confirmed has to
 * come, each at most once, and none after a later one.
 *
 * @param confirmed the numbers whose publication was confirmed, in any order
 */
export function faultsOf(confirmed: readonly number[], received: readonly number[]): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  let highest = 0;
  for (const number of received) {
    if (seen.has(number)) faults.push(`${number} has come twice`);
    else if (number < highest) faults.push(`${number} has come after ${highest}`);
    seen.add(number);
    highest = Math.max(highest, number);
  }
  for (const number of confirmed) if (!seen.has(number)) faults.push(`${number} is missing`);
  return faults;
}
