// Checks whether a subscriber has received what a publisher has published to a topic.

/**
 * Returns the faults in the numbers of received messages, which are in the order of arrival. Each confirmed message must arrive. No
 * message may arrive twice, or after a later one.
 *
 * @param confirmed the numbers whose publication was confirmed, in any order
 */
export function faultsOf(confirmed: readonly number[], received: readonly number[]): string[] {
  const faults: string[] = [];
  const seen = new Set<number>();
  let highest = 0;
  for (const number of received) {
    if (seen.has(number)) faults.push(`${number} has arrived twice`);
    else if (number < highest) faults.push(`${number} has arrived after ${highest}`);
    seen.add(number);
    highest = Math.max(highest, number);
  }
  for (const number of confirmed) if (!seen.has(number)) faults.push(`${number} is missing`);
  return faults;
}
