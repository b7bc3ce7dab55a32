// pawl runs accept: an upgrade is good. The copies that its proof has left for a recovery are dropped.
import { refuseUnfinishedRun, withOwnership } from '../../../engine/drive.ts'
import { dropStanding, findStanding } from '../../../steps/staged/accept.ts'
import { flag, type Options } from '../define.ts'
import { confirm, openEngine } from '../engine.ts'
import { renderStanding, type Accepted } from '../render/accept.ts'
import { installationOf, targetOf, type Session } from '../session.ts'
import { progressLines } from './backup-keep.run.ts'

export async function runsAccept(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const engine = await openEngine(session, target, installation)
  const { global, terminal, stop } = session
  const report = progressLines(session, global.output === 'json')
  const deps = { ...engine.deps, report, signal: stop }
  const say = (accepted: Accepted): void => {
    const { standing, dropped } = accepted
    const { copies, others } = standing
    if (global.output === 'json') terminal.write(`${JSON.stringify({ copies, others, dropped })}\n`)
    else terminal.write(renderStanding(accepted, terminal.colour))
  }
  try {
    await refuseUnfinishedRun(engine.deps)
    const standing = await findStanding(deps)
    const nothing = Object.keys(standing.copies).length + standing.noted.length === 0
    if (nothing || flag(options, 'dryRun')) {
      say({ standing, dropped: null })
      return 0
    }
    if (global.output === 'text') terminal.write(renderStanding({ standing, dropped: null }, terminal.colour))
    const question = `Drop these copies? A recovery restores from the store then, which takes longer.`
    if (!(await confirm(session, question, 'yes'))) return 1
    await withOwnership(engine.deps, async () => {
      await refuseUnfinishedRun(engine.deps)
      const now = await findStanding(deps)
      say({ standing: now, dropped: await dropStanding(deps, now) })
    })
    return 0
  } finally {
    engine.close()
  }
}
