// What every store across the network says in the same way: an error of its own, made of what the SDK threw.
import { isPawlError, PawlError } from '../../core/errors.ts'

/** What a refusal means; which of them it is, only the store's own room can tell. */
export type Meaning = 'taken' | 'missing' | 'full' | 'locked' | 'service' | 'not ours'

export function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error
    ? (error as Record<string, unknown>)[name]
    : undefined
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError'
}

export interface Refusal {
  meaning: Meaning
  /** Short, without anything secret: a code and a status. */
  why: string
}

/** `name` is given where one object is concerned. */
export function writeError(error: unknown, refusal: Refusal, where: string, name: string): Error {
  if (isPawlError(error) || isAbort(error)) return error
  const { meaning, why } = refusal
  const facts = { object: name }
  switch (meaning) {
    case 'taken':
      return new PawlError({ code: 'cluster-conflict', message: `${name} exists already in ${where}.`, facts })
    case 'full':
      return new PawlError({ code: 'store-full', message: `There is no room left in ${where}.`, cause: error })
    case 'locked':
      return new PawlError({
        code: 'store-locked',
        message: `${where} keeps ${name} under a retention or a lock of its own (${why}).`,
        facts,
        cause: error,
      })
    case 'not ours':
      return error instanceof Error ? error : new Error(String(error))
    case 'missing':
    case 'service':
      return new PawlError({
        code: 'store-unwritable',
        message: `${where} cannot be written (${why}).`,
        cause: error,
      })
  }
}

export function readError(error: unknown, refusal: Refusal, where: string, name?: string): Error {
  if (isPawlError(error) || isAbort(error)) return error
  if (name !== undefined && refusal.meaning === 'missing') {
    const message = `${name} is missing in ${where}.`
    return new PawlError({ code: 'backup-damaged', message, facts: { object: name } })
  }
  const message = `${where} cannot be read (${refusal.why}).`
  return new PawlError({ code: 'store-unreadable', message, cause: error })
}
