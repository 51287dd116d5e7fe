/** All cases, in numeric order. */

import { section1 } from './section-1.ts';
import { section2 } from './section-2.ts';
import { section3 } from './section-3.ts';
import { section4 } from './section-4.ts';
import { section5 } from './section-5.ts';
import { section6 } from './section-6.ts';
import { section7 } from './section-7.ts';
import { section9 } from './section-9.ts';
import { section10 } from './section-10.ts';
import { section12, section13 } from './section-12.ts';
import type { Case } from '../case.ts';

export const ALL_CASES: readonly Case[] = [
  ...section1,
  ...section2,
  ...section3,
  ...section4,
  ...section5,
  ...section6,
  ...section7,
  ...section9,
  ...section10,
  ...section12,
  ...section13,
];
