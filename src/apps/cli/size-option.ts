// Sizes as people write them: 500G, 20Gi, 1.5T.
import { PawlError } from '../../core/errors.ts'

const UNITS: Record<string, number> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/** Throws `input-invalid`. */
export function bytesOfText(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?$/i.exec(text.trim()) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (number === '' || factor === undefined || Number(number) === 0)
    throw new PawlError({
      code: 'input-invalid',
      message: `expected a size such as 500G or 20Gi, got "${text}"`,
      unchanged: 'Nothing was changed.',
    })
  return Math.floor(Number(number) * factor)
}
