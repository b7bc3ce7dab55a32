// The profile that an argument names: one that is built in, or a file.
import { PawlError } from '../../core/errors.ts'
import { lintProfile } from '../../core/profile/lint.ts'
import type { Finding, ReadProfile } from '../../core/profile/lint.ts'
import type { Profile } from '../../core/profile/profile.ts'
import { profileNamed, type Session } from './session.ts'

/** A path has a slash or a dot in it, the name of a profile has not. */
function isFile(argument: string): boolean {
  return /[./]/.test(argument)
}

/** With everything that is wrong with it. Throws `product-unknown`, `input-invalid` (a file that cannot be read). */
export async function readNamed(session: Session, argument: string | undefined): Promise<ReadProfile> {
  if (argument === undefined || argument === '')
    throw new PawlError({
      code: 'usage',
      message: 'name a profile, or a file with one',
      unchanged: 'Nothing was changed.',
    })
  if (isFile(argument)) {
    const content = Buffer.from(await session.doors.readFile(argument)).toString('utf8')
    return await session.doors.readProfile(content)
  }
  const profile = profileNamed(session, argument)
  return { profile, findings: lintProfile(profile) }
}

/** Throws `input-invalid` where anything is wrong with it. */
export async function soundProfile(session: Session, argument: string | undefined): Promise<Profile> {
  const { profile, findings } = await readNamed(session, argument)
  if (profile !== undefined && findings.length === 0) return profile
  throw unsound(argument ?? '', findings)
}

export function unsound(argument: string, findings: readonly Finding[]): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `${argument} is no sound profile: ${findings.map(sayFinding).join('; ')}`,
    unchanged: 'Nothing was changed.',
    facts: { file: argument, findings },
    hint: 'Correct what is named; the reference page of profiles says what each field holds.',
  })
}

export function sayFinding({ field, problem }: Finding): string {
  return field === '' ? problem : `${field}: ${problem}`
}
