/** The names of report files. */

/** Returns the file name of a case's report without its ending, as in the public suite: `ws_8_18_3_case_6_4_1`. */
export function reportName(agent: string, id: string): string {
  const cleaned = agent
    .toLowerCase()
    .replace(/[^a-z0-9]/g, ' ')
    .trim()
    .replaceAll(' ', '_');
  return `${cleaned}_case_${id.replaceAll('.', '_')}`;
}
