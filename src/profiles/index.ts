// The profiles that are built in.
import type { Profile } from '../core/profile/profile.ts'
import { carto } from './carto/profile.ts'
import { tally } from './tally/profile.ts'

export const PROFILES: readonly Profile[] = [carto, tally]
