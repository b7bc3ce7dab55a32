// Calendar versions `YYYY.M.D`, with `-rc.N` before and `-N`, `-patchN` or `.N` after the release of that day.
import { daysInMonth } from '../lifecycle/dates.ts'
import type { Stage, Version } from './version.ts'

/** Months and days may be zero-padded; CARTO did so until 2022.05.23, and wrote `2022.03.30.1` for a later `-1`. */
const CALVER = /^(20\d{2})\.(\d{1,2})\.(\d{1,2})(?:-rc\.(\d{1,6}(?:\.\d{1,6})*)|(?:-patch|-|\.)(\d{1,6}))?$/

export function readCalver(text: string): Version | undefined {
  const match = CALVER.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  const [candidate, patch] = [match[4], match[5]]
  const stage: Stage = candidate !== undefined ? 'rc' : patch !== undefined ? 'patch' : 'release'
  const stageNumbers = (candidate ?? patch)?.split('.').map(Number) ?? []
  return { scheme: 'calver', text, numbers: [year, month, day], stage, stageNumbers }
}
