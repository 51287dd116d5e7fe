/** The sections of the suite and their themes. */

export const SECTION_THEMES: Readonly<Record<number, string>> = {
  1: 'framing',
  2: 'pings and pongs',
  3: 'reserved bits',
  4: 'opcodes',
  5: 'fragmentation',
  6: 'UTF-8',
  7: 'closing',
  9: 'limits and performance',
  10: 'auto-fragmentation',
  12: 'compression, different payloads',
  13: 'compression, different parameters',
};
