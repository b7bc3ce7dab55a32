// Ids that sort by time and that a person can read out: `20261123-171500-k3f9`.
import { randomInt } from 'node:crypto'
import type { Ids } from '../../ports/world.ts'

/** No letters or digits that look alike, and no vowels, so that no words appear. */
const ALPHABET = 'bcdfghjkmnpqrstvwxz23456789'
const SUFFIX_LENGTH = 4

export function systemIds(random: (below: number) => number = (below) => randomInt(below)): Ids {
  return { next: (at) => `${stamp(at)}-${suffix(random)}` }
}

function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-')
}

function suffix(random: (below: number) => number): string {
  return Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET.charAt(random(ALPHABET.length))).join('')
}
