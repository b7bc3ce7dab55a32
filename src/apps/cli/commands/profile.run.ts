// pawl profile list, show, lint.
import { renderFindings, renderProfile, renderProfileList } from '../render/profile.ts'
import { readNamed, soundProfile, unsound } from '../profile-source.ts'
import type { Session } from '../session.ts'

export function profileList(session: Session): Promise<number> {
  const { doors, global, terminal } = session
  if (global.output === 'json') {
    const rows = doors.profiles.map(({ name, title, chart, databases, traps = [] }) => ({
      name,
      title,
      chart,
      databases: databases.map(({ role }) => role),
      traps: traps.length,
    }))
    terminal.write(`${JSON.stringify(rows)}\n`)
  } else terminal.write(renderProfileList(doors.profiles, terminal.colour))
  return Promise.resolve(0)
}

export async function profileShow(session: Session, args: string[]): Promise<number> {
  const profile = await soundProfile(session, args[0])
  const { global, terminal } = session
  terminal.write(global.output === 'json' ? `${JSON.stringify(profile)}\n` : renderProfile(profile, terminal.colour))
  return 0
}

export async function profileLint(session: Session, args: string[]): Promise<number> {
  const { global, terminal } = session
  const [named = ''] = args
  const { profile, findings } = await readNamed(session, args[0])
  if (global.output === 'json') {
    terminal.write(`${JSON.stringify({ profile: profile?.name ?? null, sound: findings.length === 0, findings })}\n`)
    return findings.length === 0 ? 0 : unsound(named, findings).exitCode
  }
  terminal.write(renderFindings(named, findings, terminal.colour))
  return findings.length === 0 ? 0 : unsound(named, findings).exitCode
}
