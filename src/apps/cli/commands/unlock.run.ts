// pawl unlock: frees a release that a killed Helm left pending, without a rollback.
import { refuseUnfinishedRun, withOwnership } from '../../../engine/drive.ts'
import { findStuck, unlock, type Stuck } from '../../../steps/release/unlock.ts'
import { flag, type Options } from '../define.ts'
import { confirm, openEngine } from '../engine.ts'
import { renderStuck } from '../render/unlock.ts'
import { installationOf, targetOf, type Session } from '../session.ts'

export async function unlockRelease(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const { release, namespace } = target
  const engine = await openEngine(session, target, await installationOf(target))
  try {
    const found = await findStuck(engine.deps, { release, namespace }, session.stop)
    if (found === undefined || flag(options, 'dryRun')) return tell(session, found, false)
    if (session.global.output === 'text') session.terminal.write(renderStuck(found, false))
    if (!(await confirm(session, `Mark revision ${found.record.revision} as failed?`, 'yes'))) return 1
    await withOwnership(engine.deps, async () => {
      await refuseUnfinishedRun(engine.deps)
      await unlock(engine.deps, found, session.doors.who.name)
    })
    return tell(session, found, true)
  } finally {
    engine.close()
  }
}

function tell(session: Session, found: Stuck | undefined, unlocked: boolean): number {
  const { global, terminal } = session
  if (global.output === 'json') {
    const { record, deployed, applied } = found ?? {}
    const pending = record === undefined ? null : { revision: record.revision, status: record.status }
    terminal.write(`${JSON.stringify({ pending, deployed: deployed ?? null, applied: applied ?? [], unlocked })}\n`)
  } else terminal.write(renderStuck(found, unlocked))
  return 0
}
