/**
 * How many times slower than an ordinary, quiet machine this one is at this moment; 1 or more. Neighbours on a shared
 * machine can make it ten times slower for minutes, which says nothing about what is tested.
 */
export function slowness(): number {
  const looks = Array.from({ length: 3 }, countingMs)
  return Math.max(1, ...looks.map((ms) => ms / ordinaryMs))
}

/** A limit of time that a test holds something to: as given on an ordinary machine, longer on one that is slow right now. */
export function within(limitMs: number): number {
  return Math.ceil(limitMs * slowness())
}

/** What counting takes on an ordinary machine, with some of it taken by the tests beside this one. */
const ordinaryMs = 7

function countingMs(): number {
  const startedAt = performance.now()
  let sum = 0
  for (let number = 0; number < 3_000_000; number += 1) sum += number % 7
  if (sum === 0) throw new Error('unreachable: keeps the loop from being left out')
  return performance.now() - startedAt
}
