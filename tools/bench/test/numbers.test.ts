// Numbers that look random.
import { expect, test } from 'vitest';
import { numbers } from '../src/measured/numbers.mjs';

test('any number can follow any other, and a seed always gives the same numbers', () => {
  const draw = (seed: number): number[] => {
    const next = numbers(seed);
    return Array.from({ length: 5000 }, () => next(12));
  };
  const drawn = draw(1);
  expect(new Set(drawn.slice(1).map((number, i) => `${drawn[i]} ${number}`)).size).toBe(144);
  expect(draw(1)).toEqual(drawn);
  expect(draw(2)).not.toEqual(drawn);
});
